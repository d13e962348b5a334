"""Asking: by mention, by reply, in direct messages, with `/ask`, and about a message."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.refusals import NotAllowedError, Rule, UserRateLimitError
from bot.access.user_rate_limit import UserRateLimit
from bot.core.errors import HeadwaterError, StorageError
from bot.core.records import Question, ReplyState
from bot.settings import catalog as rules
from bot.ui.targets.buttons import Press
from bot.ui.targets.permissions import Permissions, author_of, may_read, person_of
from bot.ui.targets.places import about_message, interaction_place, may_answer, message_place, question_of
from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as texts
from bot.ui.views.failures import tell, tell_failure
from bot.ui.views.forms import AskForm
from bot.ui.views.history import BRANCHED_TURNS

if TYPE_CHECKING:
    from bot.access.gate import Admitted
    from bot.client import ChatBot
    from bot.conversation.ports import StoredReply
    from bot.core.records import Place
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)

PROMPT_LIMIT = 6000  # Discord: characters of a string option
THREAD_NAME_LIMIT = 100  # Discord: characters
REFUSALS = 3  # told to one person a minute; who is refused must not make the bot fill a channel


class Chat(commands.Cog):
    """Turns events into questions."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.permissions = Permissions(bot.services.access.people)
        self.chat = bot.services.conversation.chat
        self.gate = bot.services.access.gate
        self.clock = bot.services.clock
        self._refusals = UserRateLimit(bot.services.clock)
        self._menus = (
            app_commands.ContextMenu(name="Ask about this", callback=self.ask_about),
            app_commands.ContextMenu(name="Regenerate", callback=self.regenerate),
        )
        for menu in self._menus:
            bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A mention, a reply with the ping on (which mentions as well), or a direct message asks.

        So does any message where the settings say `always`, as far as Discord lets the bot read it.
        """
        me = self.bot.user
        if me is None or message.author.bot or message.webhook_id or message.is_system():
            return
        meant = message.guild is None or me in message.mentions
        if not meant and not await self._is_overheard(message):
            return
        if not may_answer(message):
            if meant:
                with suppress(discord.HTTPException):
                    await message.author.send(texts.may_not_write(message.jump_url))
            return
        target = self.bot.channel_target(message.channel.id, answer_to=message.id)
        question = question_of(message, me)
        try:
            admitted = await self.gate.admit(author_of(message), question.place)
        except HeadwaterError as refusal:
            await self._refuse(message, target, refusal, meant=meant)
            return
        if not question.text:
            await self.chat.tell(target, texts.EMPTY_QUESTION)
            return
        threads = admitted.effective.text(rules.THREADS)
        if threads != "off" and (thread := await self._open_thread(message, question.text)):
            place = replace(question.place, channel_id=thread.id, parent_id=message.channel.id)
            if threads == "branch":
                await self._branch(question.place, place)
            question, target = replace(question, place=place), self.bot.channel_target(thread.id)
        await self._ask(question, target, admitted)

    async def _is_overheard(self, message: discord.Message) -> bool:
        """Whether a message that names nobody asks, because the settings say that every message does."""
        if not (self.bot.intents.message_content and message.content):
            return False
        try:
            effective = await self.bot.services.settings.resolver.effective(message_place(message))
        except HeadwaterError:
            return False
        return effective.text(rules.ANSWER) == "always"

    async def _refuse(
        self, message: discord.Message, target: ReplyTarget, refusal: HeadwaterError, *, meant: bool
    ) -> None:
        """Say why not, unless nobody asked to know, or somebody has been told often enough."""
        if isinstance(refusal, NotAllowedError) and (refusal.rule is Rule.SILENT or not meant):
            return
        with suppress(UserRateLimitError):
            self._refusals.take((message.author.id, message.channel.id), per_minute=REFUSALS)
            await self.chat.tell(target, refusal.sentence)

    async def _open_thread(self, message: discord.Message, text: str) -> discord.Thread | None:
        """A thread under a question, named after it; None in a thread, and where none can be opened."""
        if not isinstance(message.channel, discord.TextChannel):
            return None
        try:
            return await message.create_thread(name=shorten(text, THREAD_NAME_LIMIT, placeholder="…") or "…")
        except discord.HTTPException as error:
            log.warning("no thread in channel %d: %s", message.channel.id, error)
            return None

    async def _branch(self, source: Place, thread: Place) -> None:
        """Let a thread go on from what was said above it; where that cannot be stored, it begins afresh."""
        try:
            await self.bot.services.conversation.store.branch(source, thread, limit=BRANCHED_TURNS)
        except StorageError as error:
            log.warning("thread %d begins without memory: %s", thread.channel_id, error)

    async def _ask(self, question: Question, target: ReplyTarget, admitted: Admitted) -> None:
        """Answer, and tell the asker with a ping when that took as long as the settings say."""
        began = self.clock.monotonic()
        ending = await self.chat.ask(question, target, admitted)
        seconds, wanted = self.clock.monotonic() - began, admitted.effective.number(rules.PING_AFTER)
        if wanted and seconds >= wanted and ending.state is not ReplyState.STOPPED and not question.private:
            asker = discord.Object(question.author_id)
            channel = self.bot.get_partial_messageable(question.place.channel_id)
            try:
                await channel.send(
                    texts.answer_ready(asker.id, seconds), allowed_mentions=discord.AllowedMentions(users=[asker])
                )
            except discord.HTTPException as error:
                log.warning("nobody was told that an answer is there: %s", error)

    @app_commands.command()
    @app_commands.describe(
        prompt="Your question",
        private="Show the answer to you alone, and leave it out of the channel's memory",
    )
    async def ask(
        self,
        interaction: discord.Interaction[ChatBot],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        private: bool = False,  # noqa: FBT001, FBT002 - the shape of a command's option
    ) -> None:
        """Ask the model a question"""
        await self._answer(interaction, prompt, private=private)

    async def ask_about(self, interaction: discord.Interaction[ChatBot], message: discord.Message) -> None:
        """The message menu: a form for the question, answered in the channel."""
        if not may_read(interaction):
            await tell(interaction, texts.CANNOT_READ)
            return
        if not message.content:
            await tell(interaction, texts.NOTHING_TO_ASK_ABOUT)
            return

        async def on_question(submitted: discord.Interaction[Any], text: str) -> None:
            await self._answer(submitted, about_message(message, text), private=False, quoted_id=message.author.id)

        async def still_reads(submitted: discord.Interaction[Any]) -> bool:
            return may_read(submitted)

        form = AskForm(on_question, owner_id=interaction.user.id, check=still_reads)
        await interaction.response.send_modal(form)

    async def regenerate(self, interaction: discord.Interaction[ChatBot], message: discord.Message) -> None:
        """The message menu: another answer to the same question, as it reads now, in the same messages."""
        reply_id = await self.bot.services.conversation.sync.reply_of(message.id)
        record = None if reply_id is None else await self.bot.services.conversation.store.reply(reply_id)
        if record is None:
            await tell(interaction, memory_texts.NOT_AN_ANSWER)
        elif not self.permissions.may_manage_reply(interaction, record.asker_id):
            await tell(interaction, texts.NOT_YOURS)
        else:
            await self._retry(interaction, record, continue_=False)

    @commands.Cog.listener()
    async def on_reply_button(
        self, interaction: discord.Interaction[ChatBot], press: Press, reply_id: int
    ) -> None:
        """A button under a reply: for the asker and those who may manage messages."""
        try:
            await self._press(interaction, press, reply_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the person who pressed hears of it
            await tell_failure(interaction, error)

    async def _press(self, interaction: discord.Interaction[ChatBot], press: Press, reply_id: int) -> None:
        asker_id = self.chat.runs.asker_of(reply_id)  # known without the database while it runs: Stop always works
        record = None
        if asker_id is None or press is not Press.STOP:
            record = await self.bot.services.conversation.store.reply(reply_id)
            asker_id = record.asker_id if record else None
        if asker_id is None or not self.permissions.may_manage_reply(interaction, asker_id):
            await tell(interaction, texts.NOT_YOURS)
        elif press is Press.STOP:
            if self.chat.runs.stop(reply_id, by=interaction.user.display_name):
                await interaction.response.defer()
            else:
                await tell(interaction, texts.ALREADY_ENDED)
        elif record is not None:
            await self._retry(interaction, record, continue_=press is Press.CONTINUE)

    async def _retry(
        self, interaction: discord.Interaction[ChatBot], record: StoredReply, *, continue_: bool
    ) -> None:
        admitted = await self.gate.admit(person_of(interaction), record.place)
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer()
        else:
            await tell(interaction, memory_texts.RETRYING)
        target = self.bot.channel_target(record.place.channel_id)
        await self.chat.retry(record.id, target, admitted, continue_=continue_)

    async def _answer(
        self, interaction: discord.Interaction[Any], text: str, *, private: bool, quoted_id: int | None = None
    ) -> None:
        place = interaction_place(interaction)
        try:
            admitted = await self.gate.admit(person_of(interaction), place)
        except HeadwaterError as refusal:
            await tell(interaction, refusal.sentence)
            return
        await interaction.response.defer(ephemeral=private, thinking=True)
        question = Question(
            place=place,
            author_id=interaction.user.id,
            author_name=interaction.user.display_name,
            text=text,
            private=private,
            quoted_id=quoted_id,
        )
        target = self.bot.interaction_target(interaction, private=private)
        await self._ask(question, target, admitted)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Chat(bot))
