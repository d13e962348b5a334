"""What is kept about people, and erasing it: `/privacy`, `/forget`, and places that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.upkeep.erasure import Reason
from bot.ui.targets.permissions import Audience, Permissions
from bot.ui.texts import privacy as texts
from bot.ui.texts import replies as common_texts
from bot.ui.texts.privacy import Facts
from bot.ui.views.confirm import Confirm
from bot.ui.views.failures import tell
from bot.ui.views.privacy import PrivacyNotice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.client import ChatBot

Scope = Literal["me", "channel", "server"]


class Privacy(commands.Cog):
    """Tells and erases. Only admins erase channels and servers; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.permissions = Permissions(bot.services.access.people)
        self.chat = bot.services.conversation.chat
        self.erasure = bot.services.privacy.erasure
        self.clock = bot.services.clock

    @app_commands.command()
    async def privacy(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what I keep about you, where, for how long, and who sees it"""
        services = self.bot.services
        facts = Facts(
            retention=services.privacy.retention,
            provider=services.model.provider,
            data_collection=services.privacy.data_collection,
        )
        notice = PrivacyNotice(self.erasure, facts, self.clock, owner_id=interaction.user.id)
        await notice.begin(interaction)

    @app_commands.command()
    @app_commands.describe(scope="Your questions everywhere, or (admins) this channel or the whole server")
    async def forget(self, interaction: discord.Interaction[ChatBot], scope: Scope) -> None:
        """Permanently erase what I remember"""
        if scope == "me":
            await self._ask(interaction, self._forget_user(interaction.user.id), texts.CONFIRM_ME)
        elif scope == "server" and interaction.guild_id is None:
            await tell(interaction, texts.NO_SERVER_HERE)
        elif not await self.permissions.may_manage_conversation(interaction):
            await tell(interaction, common_texts.NOT_ADMIN)
        elif scope == "server":
            erase = self._forget_guild(interaction)
            await self._ask(interaction, erase, texts.CONFIRM_SERVER, Audience.MANAGERS)
        else:
            erase = self._forget_channel(interaction)
            await self._ask(interaction, erase, texts.CONFIRM_CHANNEL, Audience.MANAGERS)

    async def _ask(
        self,
        interaction: discord.Interaction[ChatBot],
        erase: Callable[[], Awaitable[int]],
        question: str,
        audience: Audience = Audience.ANYBODY,
    ) -> None:
        """Ask once more; only the person who asked may confirm, if they still belong to the audience then."""

        async def act() -> str:
            return texts.erased(await erase())

        async def check(press: discord.Interaction[Any]) -> bool:
            return await self.permissions.allows(audience, press)

        confirm = Confirm(act, label=texts.ERASE, owner_id=interaction.user.id, check=check)
        await confirm.begin(interaction, question)

    def _forget_user(self, user_id: int) -> Callable[[], Awaitable[int]]:
        async def erase() -> int:
            await self.bot.services.conversation.everywhere.forget_person(user_id)
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
        assert guild_id is not None  # noqa: S101 - the caller checked

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
        """A server's conversations go after a while, because the bot may come back."""
        await self.erasure.note_guild(guild.id, present=False, now=self._now())

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self.erasure.note_guild(guild.id, present=True, now=self._now())

    def _now(self) -> int:
        return int(self.clock.time())


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Privacy(bot))
