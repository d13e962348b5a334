"""Asking: by mention, by reply, in direct messages, with `/ask`, and about a message."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.access.refusals import NotAllowedError, Rule
from bot.core.background import Background
from bot.core.errors import HeadwaterError, StorageError
from bot.core.records import Question, ReplyState
from bot.settings import catalog as rules
from bot.ui.incoming.markup import names_known, readable, title
from bot.ui.incoming.missed import MissedQuestions
from bot.ui.incoming.notices import NO, WAIT
from bot.ui.incoming.proxied import ProxiedQuestions
from bot.ui.targets.buttons import Press
from bot.ui.targets.failures import DISCORD_FAILURES, logged_failures
from bot.ui.targets.permissions import Permissions, author_of, may_read, person_of
from bot.ui.targets.places import (
    about_message,
    interaction_place,
    is_direct,
    may_answer,
    message_place,
    names_bot,
    question_of,
)
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


class Chat(commands.Cog):
    """Turns events into questions."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.permissions = Permissions(bot.services.access.people)
        self.chat = bot.services.conversation.chat
        self.gate = bot.services.access.gate
        self.clock = bot.services.clock
        self._proxied = ProxiedQuestions(self.clock)
        self._missed = MissedQuestions(bot, bot.arrivals, self.clock)
        self._looking = Background("looking for missed questions", self._missed.look, self.clock)
        self._menus = (
            app_commands.ContextMenu(name="Ask about this", callback=self.ask_about),
            app_commands.ContextMenu(name="Regenerate", callback=self.regenerate),
        )
        for menu in self._menus:
            bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        await self._looking.aclose()
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A session begins without the events of the time before it."""
        self._looking.start()

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """A mention, a reply with the ping on (which mentions as well), or a direct message asks.

        So does every message where the settings say `always`, as far as Discord lets the bot read it. Bots and
        webhooks don't ask: two bots would talk to each other without end. A proxy bot's copy of a question stands
        for it.
        """
        me = self.bot.user
        if me is None or message.author.id == me.id or message.is_system():
            return
        if message.webhook_id:
            await self._follow_copy(message, question_of(message, me))
        if message.webhook_id or message.author.bot:
            return
        self._missed.note(message)
        meant = is_direct(message) or names_bot(message, me)
        if message.guild is None and not is_direct(message):
            await self._ask_again_later(message, meant=meant)
        elif (meant or await self._is_overheard(message)) and not self.bot.arrivals.asked.repeats(message.id):
            question = question_of(message, me)
            self._proxied.note(message, question)
            await self._answer_message(message, question, meant=meant)

    async def _follow_copy(self, copy: discord.Message, question: Question) -> None:
        """From now on the copy stands for its original, whose author asks; their own message may go."""
        original = self._proxied.original_of(question)
        if original is None:
            return
        self.bot.arrivals.copies.put(original.message.id, copy.id)
        self.bot.arrivals.originals.put(copy.id, original.message.id)
        if original.message.id in self.bot.arrivals.dropped:
            asked = replace(original.question, text=question.text, message_id=copy.id)
            await self._answer_message(original.message, asked, meant=True)

    async def _ask_again_later(self, message: discord.Message, *, meant: bool) -> None:
        """Of this server neither settings nor permissions are known; at a start they come within seconds."""
        if meant and self.bot.is_ready():
            await self._say(message, texts.NOT_READY, sign=WAIT)

    async def _is_overheard(self, message: discord.Message) -> bool:
        """Whether a message that names nobody asks, because the settings say that every message does."""
        if not (self.bot.intents.message_content and message.content):
            return False
        try:
            effective = await self.bot.services.settings.resolver.effective(message_place(message))
        except HeadwaterError:
            return False
        return effective.text(rules.ANSWER) == "always"

    async def _answer_message(self, message: discord.Message, question: Question, *, meant: bool) -> None:
        """Answer a message where it was written, or say why not."""
        if not may_answer(message):
            if meant:
                await self.bot.notices.say_privately(message, texts.may_not_write(message.jump_url))
            return
        try:
            admitted = await self.gate.admit(await author_of(message), question.place)
            if not question.text:
                await self._say(message, _hint(message), sign=NO)
                return
            question, target = await self._where(message, question, admitted)
            if (asked := self._as_it_reads_now(question)) is not None:
                await self._ask(asked, target, admitted)
        except HeadwaterError as refusal:
            await self._refuse(message, refusal, meant=meant)

    async def _say(self, message: discord.Message, sentence: str, *, sign: str) -> None:
        target = self.bot.channel_target(message.channel.id, answer_to=message.id)
        await self.bot.notices.say(message, target, sentence, sign=sign)

    async def _refuse(self, message: discord.Message, refusal: HeadwaterError, *, meant: bool) -> None:
        """Say why not, unless nobody asked to know."""
        if isinstance(refusal, NotAllowedError) and (refusal.rule is Rule.SILENT or not meant):
            return
        await self._say(message, refusal.sentence, sign=NO if isinstance(refusal, NotAllowedError) else WAIT)

    def _as_it_reads_now(self, question: Question) -> Question | None:
        """The question after what was edited since it came; None where it was deleted."""
        assert question.message_id is not None  # noqa: S101 - it is a message
        if question.message_id in self.bot.arrivals.deleted:
            self.bot.arrivals.dropped.put(question.message_id)
            return None
        newest = self.bot.arrivals.edited.get(question.message_id)
        return question if newest is None else replace(question, text=newest)

    async def _where(
        self, message: discord.Message, question: Question, admitted: Admitted
    ) -> tuple[Question, ReplyTarget]:
        """Where a question is answered: under its message, or in a thread of its own where the settings say so."""
        threads = admitted.effective.text(rules.THREADS)
        thread = await self._open_thread(message, question.text) if threads != "off" else None
        if thread is None:
            return question, self.bot.channel_target(message.channel.id, answer_to=question.message_id)
        place = replace(question.place, channel_id=thread.id, parent_id=message.channel.id)
        if threads == "branch":
            await self._branch(question.place, place)
        return replace(question, place=place), self.bot.channel_target(thread.id)

    async def _open_thread(self, message: discord.Message, text: str) -> discord.Thread | None:
        """A thread under a question, named after it; None in a thread, and where none can be opened."""
        if isinstance(message.channel, discord.TextChannel):
            with logged_failures(log, "no thread in channel %d", message.channel.id):
                return await message.create_thread(name=title(text, limit=THREAD_NAME_LIMIT))
        return None

    async def _branch(self, source: Place, thread: Place) -> None:
        """Continue in a thread what was said above it; where that can't be stored, it begins empty."""
        try:
            await self.bot.services.conversation.store.branch(source, thread, limit=BRANCHED_TURNS)
        except StorageError as error:
            log.warning("thread %d begins without memory: %s", thread.channel_id, error)

    async def _ask(self, question: Question, target: ReplyTarget, admitted: Admitted) -> None:
        """Answer, and ping the asker if that took as long as the settings say."""
        began = self.clock.monotonic()
        ending = await self.chat.ask(question, target, admitted)
        seconds, wanted = self.clock.monotonic() - began, admitted.effective.number(rules.PING_AFTER)
        if wanted and seconds >= wanted and ending.state is not ReplyState.STOPPED and not question.private:
            await self._ping(question, seconds)

    async def _ping(self, question: Question, seconds: float) -> None:
        asker = discord.Object(question.author_id)
        channel = self.bot.get_partial_messageable(question.place.channel_id)
        with logged_failures(log, "nobody was pinged in channel %d", question.place.channel_id):
            await channel.send(
                texts.answer_ready(asker.id, seconds), allowed_mentions=discord.AllowedMentions(users=[asker])
            )

    @app_commands.command()
    @app_commands.describe(
        prompt="Your question",
        private="Only you see the answer, and the channel doesn't remember it",
    )
    async def ask(
        self,
        interaction: discord.Interaction[ChatBot],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        private: bool = False,  # noqa: FBT001, FBT002 - the shape of a command's option
    ) -> None:
        """Ask the model a question"""
        text = readable(prompt, names_known(prompt, interaction.guild) if interaction.guild else {})
        await self._answer(interaction, text, private=private)

    async def ask_about(self, interaction: discord.Interaction[ChatBot], message: discord.Message) -> None:
        """The message menu: a form for the question, answered in the channel."""
        if not may_read(interaction):
            await tell(interaction, texts.CANNOT_READ)
            return
        if not message.content:
            await tell(interaction, texts.NOTHING_TO_ASK_ABOUT)
            return

        async def on_question(submitted: discord.Interaction[Any], text: str) -> None:
            if (now := await _as_it_reads_now(message)) is None:
                await tell(submitted, texts.MESSAGE_GONE)
            else:
                await self._answer(submitted, about_message(now, text), private=False, quoted_id=now.author.id)

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
            # A private answer could tell the asker alone what Discord doesn't show them.
            reads_memory=may_read(interaction) or not private,
            quoted_id=quoted_id,
        )
        target = self.bot.interaction_target(interaction, private=private)
        try:
            await self._ask(question, target, admitted)
        except HeadwaterError as refusal:
            await tell(interaction, refusal.sentence)


async def _as_it_reads_now(message: discord.Message) -> discord.Message | None:
    """A message after its form was filled in; None when it was deleted.

    Without the message content intent a command carries the text, but a request for the message doesn't.
    """
    try:
        now = await message.channel.fetch_message(message.id)
    except discord.NotFound:
        return None
    except DISCORD_FAILURES:
        return message
    return now if now.content else message


def _hint(message: discord.Message) -> str:
    """To somebody whose question has no text that the bot could read."""
    return texts.EMPTY_QUESTION if message.content else texts.ROLE_MENTIONED


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Chat(bot))
