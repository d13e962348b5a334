"""What is kept of people, and how it is erased: `/privacy`, `/forget`, and places that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.conversation.upkeep.erasure import Reason
from bot.ui.targets.permissions import may_manage_conversation
from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as common_texts
from bot.ui.views.confirm import Confirm
from bot.ui.views.privacy import Facts, PrivacyNotice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Scope = Literal["me", "channel", "server"]


class Privacy(commands.Cog):
    """Tells and erases. Channels and servers are for admins to erase; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.chat = bot.services.conversation.chat
        self.erasure = bot.services.privacy.erasure
        self.clock = bot.services.clock

    @app_commands.command()
    async def privacy(self, interaction: discord.Interaction[ChatBot]) -> None:
        """What I keep of you, where, for how long, and who sees it"""
        services = self.bot.services
        facts = Facts(
            retention=services.privacy.retention,
            provider=services.model.provider,
            data_collection=services.privacy.data_collection,
        )
        await PrivacyNotice(self.erasure, facts, self.clock).begin(interaction)

    @app_commands.command()
    @app_commands.describe(scope="What you asked, anywhere; or, for admins, this channel or the whole server")
    async def forget(self, interaction: discord.Interaction[ChatBot], scope: Scope) -> None:
        """Erase what I remember, for good"""
        if scope == "me":
            await self._ask(interaction, self._forget_user(interaction.user.id), memory_texts.CONFIRM_ME)
        elif scope == "server" and interaction.guild_id is None:
            await tell(interaction, memory_texts.NO_SERVER_HERE)
        elif not await may_manage_conversation(interaction):
            await tell(interaction, common_texts.NOT_ADMIN)
        elif scope == "server":
            await self._ask(interaction, self._forget_guild(interaction), memory_texts.CONFIRM_SERVER)
        else:
            await self._ask(interaction, self._forget_channel(interaction), memory_texts.CONFIRM_CHANNEL)

    async def _ask(
        self, interaction: discord.Interaction[ChatBot], erase: Callable[[], Awaitable[int]], question: str
    ) -> None:
        async def act() -> str:
            return memory_texts.erased(await erase())

        await Confirm(act, label="Erase").begin(interaction, question)

    def _forget_user(self, user_id: int) -> Callable[[], Awaitable[int]]:
        async def erase() -> int:
            self.chat.runs.forget(lambda question: user_id in {question.author_id, question.quoted_id})
            return await self.erasure.forget_user(user_id, now=self._now())

        return erase

    def _forget_channel(self, interaction: discord.Interaction[ChatBot]) -> Callable[[], Awaitable[int]]:
        channel_id, by = interaction.channel_id, interaction.user.id
        assert channel_id is not None  # noqa: S101 - Discord: every command comes from a channel

        async def erase() -> int:
            self.chat.runs.forget(lambda question: question.place.channel_id == channel_id)
            return await self.erasure.forget_channel(
                channel_id, threads=False, reason=Reason.ASKED, by=by, now=self._now()
            )

        return erase

    def _forget_guild(self, interaction: discord.Interaction[ChatBot]) -> Callable[[], Awaitable[int]]:
        guild_id, by = interaction.guild_id, interaction.user.id
        assert guild_id is not None  # noqa: S101 - the caller has looked

        async def erase() -> int:
            self.chat.runs.forget(lambda question: question.place.guild_id == guild_id)
            return await self.erasure.forget_guild(guild_id, reason=Reason.ASKED, by=by, now=self._now())

        return erase

    # Places that are gone

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel takes its threads with it."""
        await self._channel_deleted(channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        await self._channel_deleted(payload.thread_id)

    async def _channel_deleted(self, channel_id: int) -> None:
        self.chat.runs.forget(lambda question: channel_id in {question.place.channel_id, question.place.parent_id})
        await self.erasure.forget_channel(
            channel_id, threads=True, reason=Reason.CHANNEL_DELETED, by=None, now=self._now()
        )

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """What is known of a server goes after a while, for the bot may be back."""
        await self.erasure.note_guild(guild.id, present=False, now=self._now())

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.erasure.note_guild(guild.id, present=True, now=self._now())

    def _now(self) -> int:
        return int(self.clock.time())


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Privacy(bot))
