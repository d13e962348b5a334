"""Asking with `/ask` and about a message, and the buttons under answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.asides.kept import AsideKind
from bot.core.errors import HeadwaterError
from bot.core.records import Extras, Question
from bot.ui.incoming.asking import Asker
from bot.ui.incoming.markup import names_known, readable
from bot.ui.incoming.reading.contents import sent_file
from bot.ui.incoming.reading.questions import about_message, files_of, is_hidden, links_in
from bot.ui.targets.buttons import Press
from bot.ui.targets.failures import DISCORD_FAILURES, logged_failures
from bot.ui.targets.permissions import Permissions, may_read, person_of
from bot.ui.targets.places import interaction_place
from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as texts
from bot.ui.views.failures import tell, tell_failure
from bot.ui.views.forms import AskForm
from bot.ui.views.pages import show_text

if TYPE_CHECKING:
    from bot.client import ChatBot
    from bot.conversation.ports import StoredReply

log = logging.getLogger(__name__)

PROMPT_LIMIT = 6000  # Discord: characters of a string option
# The buttons that show something kept with an answer, and what they say once it's gone.
ASIDES = {
    Press.THINKING: (AsideKind.THINKING, texts.NO_THOUGHTS),
    Press.SOURCES: (AsideKind.SOURCES, texts.NO_SOURCES),
}


class Chat(commands.Cog):
    """Turns commands, menus and presses into questions."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.permissions = Permissions(bot.services.access.people)
        self.chat = bot.services.conversation.chat
        self.gate = bot.services.access.gate
        self.asker = Asker(self.chat, bot, bot.services.clock)
        self._menus = (
            app_commands.ContextMenu(name="Ask about this", callback=self.ask_about),
            app_commands.ContextMenu(name="Regenerate", callback=self.regenerate),
        )
        for menu in self._menus:
            bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command()
    @app_commands.describe(
        prompt="Your question",
        attachment="A picture, document, recording or text that it's about",
        web="Let the model search the web for this question",
        private="Only you see the answer, and the channel doesn't remember it",
    )
    async def ask(
        self,
        interaction: discord.Interaction[ChatBot],
        prompt: app_commands.Range[str, 1, PROMPT_LIMIT],
        attachment: discord.Attachment | None = None,
        web: bool = False,  # noqa: FBT001, FBT002 - the shape of a command's option
        private: bool = False,  # noqa: FBT001, FBT002 - the same
    ) -> None:
        """Ask the model a question"""
        text = readable(prompt, names_known(prompt, interaction.guild) if interaction.guild else {})
        files = (sent_file(attachment),) if attachment else ()
        extras = Extras(files=files, links=links_in(prompt), web=web)
        await self._answer(interaction, text, extras, private=private)

    async def ask_about(self, interaction: discord.Interaction[ChatBot], message: discord.Message) -> None:
        """The message menu: a form for the question, answered in the channel."""
        if not may_read(interaction):
            await tell(interaction, texts.CANNOT_READ)
            return
        if is_hidden(message):
            await tell(interaction, texts.NOTHING_TO_ASK_ABOUT)
            return

        async def on_question(submitted: discord.Interaction[Any], text: str) -> None:
            if (now := await _as_it_reads_now(message)) is None:
                await tell(submitted, texts.MESSAGE_GONE)
            else:
                about, extras = about_message(now, text), Extras(files=files_of(now), links=links_in(text))
                await self._answer(submitted, about, extras, private=False, quoted_id=now.author.id)

        form = AskForm(on_question, owner_id=interaction.user.id, check=_still_reads)
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
        if press in ASIDES:
            await self._show_aside(interaction, press, reply_id)
            return
        asker_id = self.chat.runs.asker_of(reply_id)  # known without the database while it runs: Stop always works
        record = None
        if asker_id is None or press is not Press.STOP:
            record = await self.bot.services.conversation.store.reply(reply_id)
            asker_id = record.asker_id if record else None
        if asker_id is None or not self.permissions.may_manage_reply(interaction, asker_id):
            await tell(interaction, texts.NOT_YOURS)
        elif press is Press.STOP:
            everywhere = self.bot.services.conversation.everywhere
            if await everywhere.stop(reply_id, record, by=interaction.user.display_name):
                await interaction.response.defer()
            else:
                await tell(interaction, texts.ALREADY_ENDED)
        elif record is not None:
            await self._retry(interaction, record, continue_=press is Press.CONTINUE)

    async def _show_aside(self, interaction: discord.Interaction[ChatBot], press: Press, reply_id: int) -> None:
        """For everybody who may read the answer: what is kept with it, shown to them alone."""
        if not may_read(interaction):
            await tell(interaction, texts.CANNOT_READ)
            return
        await self.chat.runs.wait_until_stored(reply_id)
        kind, gone = ASIDES[press]
        if text := await self.bot.services.conversation.asides.of(reply_id, kind):
            await show_text(interaction, text, check=_still_reads)
        else:
            await tell(interaction, gone)

    async def _retry(
        self, interaction: discord.Interaction[ChatBot], record: StoredReply, *, continue_: bool
    ) -> None:
        admitted = await self.gate.admit(person_of(interaction), record.place)
        if interaction.type is discord.InteractionType.component:
            await interaction.response.defer()
        else:
            # Not `tell`, which goes on where Discord takes no answer: then another process may have answered.
            await interaction.response.send_message(memory_texts.RETRYING, ephemeral=True)
        target = self.bot.channel_target(record.place.channel_id)
        sees_room = _sees_room(interaction)
        await self.chat.retry(record.id, target, admitted, continue_=continue_, sees_room=sees_room)

    async def _answer(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        extras: Extras,
        *,
        private: bool,
        quoted_id: int | None = None,
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
            extras=replace(extras, room_id=place.channel_id if _sees_room(interaction) else None),
        )
        target = self.bot.interaction_target(interaction, private=private)
        try:
            await self.asker.ask(question, target, admitted)
        except HeadwaterError as refusal:
            if not private:  # the first words after a public "thinking…" would be public as well
                with logged_failures(log, "a refused command goes on thinking"):
                    await interaction.delete_original_response()
            await tell(interaction, refusal.sentence)


async def _still_reads(interaction: discord.Interaction[Any]) -> bool:
    return may_read(interaction)


def _sees_room(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody may read what was said in a server's channel before they came."""
    return interaction.guild_id is not None and may_read(interaction)


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
    return message if is_hidden(now) else now


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Chat(bot))
