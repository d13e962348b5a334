"""Keeping memory in step with what channels show: after a restart, and when messages change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from discord.ext import commands

from bot.core.background import Background
from bot.core.errors import StorageError
from bot.core.names import plain_name
from bot.ui.incoming.reading.questions import is_hidden, question_of
from bot.ui.incoming.reading.recent import heard_of
from bot.ui.targets.channels import DiscordChannels

if TYPE_CHECKING:
    from collections.abc import Iterable

    import discord

    from bot.client import ChatBot


log = logging.getLogger(__name__)


class Sync(commands.Cog):
    """Listens to what happens to messages."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.chat = bot.services.conversation.chat
        self.sync = bot.services.conversation.sync
        self.channels = DiscordChannels(bot, requests=bot.requests, target=bot.channel_target)
        recovery = bot.services.conversation.recovery
        self._recovery = Background("recovery", lambda: recovery.run(self.channels), bot.services.clock)
        leftovers = bot.services.conversation.leftovers
        self._cleaning = Background("cleaning", lambda: leftovers.recover(self.channels), bot.services.clock)

    async def cog_load(self) -> None:
        """What a kill cut off counts in the budgets before anybody can ask."""
        try:
            await self.bot.services.conversation.recovery.book()
        except StorageError as error:
            log.warning("calls of an earlier run aren't booked yet: %s", error)

    async def cog_unload(self) -> None:
        await self._recovery.aclose()
        await self._cleaning.aclose()

    @commands.Cog.listener()
    async def on_connect(self) -> None:
        """A session begins, maybe after a gap in events. Its first messages come before `ready`."""
        self.bot.recent.clear()
        self.bot.services.conversation.catch_up.begin(self.channels)
        self._recovery.start()
        self._cleaning.start()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        for guild in self.bot.guilds:
            self._note_empty(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        self._note_empty(guild)

    @commands.Cog.listener()
    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self.bot.recent.begins(channel.id)

    @commands.Cog.listener()
    async def on_thread_create(self, thread: discord.Thread) -> None:
        """Only for new ones."""
        self.bot.recent.begins(thread.id)

    def _note_empty(self, guild: discord.Guild) -> None:
        empty = [channel.id for channel in guild.text_channels if channel.last_message_id is None]
        empty += [channel.id for channel in guild.voice_channels if channel.last_message_id is None]
        for channel_id in empty:
            self.bot.recent.begins(channel_id)

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """What people say may be context for a question; without the intent there's nothing to read."""
        me = self.bot.user
        if not self.bot.intents.message_content or message.guild is None or message.author == me:
            return
        if (heard := heard_of(message)) is not None:
            self.bot.recent.add(message.channel.id, heard)

    @commands.Cog.listener()
    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        """A question that was edited is remembered as it reads now; it is not asked again."""
        message, me = payload.message, self.bot.user
        if (heard := heard_of(message)) is not None:
            self.bot.recent.replace(message.channel.id, heard)
        if me is None or message.author.bot or message.edited_at is None:  # Discord's own: a link's preview
            return
        if is_hidden(message):  # it no longer names the bot, which then may not read it
            return
        question = question_of(message, me)
        if question.text:
            if message.id in self.bot.arrivals.coming:
                self.bot.arrivals.coming.put(message.id, question.text)
            self.chat.runs.edited(message.id, question.text)
            await self.sync.edit_question(message.id, question.text)
        if message.reference is None or message.reference.resolved is not None:  # else its files may be missing
            await self.sync.keep_files(message.id, {plain_name(file.name) for file in question.extras.files})

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """What nobody can read any more is no longer remembered."""
        self.bot.recent.remove(payload.channel_id, [payload.message_id])
        if self.bot.own_deletions.take(payload.message_id):
            await self.sync.drop_message(payload.message_id)
        else:
            await self._deleted([payload.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        self.bot.recent.remove(payload.channel_id, payload.message_ids)
        await self._deleted(payload.message_ids)

    async def _deleted(self, message_ids: Iterable[int]) -> None:
        arrivals = self.bot.arrivals
        # A proxied question goes with its copy, not with the original.
        gone = {message_id for message_id in message_ids if message_id not in arrivals.copies}
        for message_id in gone:
            arrivals.deleted.put(message_id)
        self.chat.runs.deleted(gone)
        await self.sync.delete_messages(gone)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Sync(bot))
