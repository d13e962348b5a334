"""What people can do: a hello in new servers, and `/help`, made from the commands themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.targets.permissions import Audience, Permissions, audience_of
from bot.ui.texts import help as texts
from bot.ui.views.failures import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.client import ChatBot

NEW_S = 3600.0  # a server is new for an hour


class Help(commands.Cog):
    """Says hello in new servers, and lists what the caller may do where they ask."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self._greeted: set[int] = set()  # servers, in case the database can't say
        self.permissions = Permissions(bot.services.access.people)

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what I can do for you here"""
        usable: list[app_commands.Command[Any, ..., Any]] = []
        for_admins: list[app_commands.Command[Any, ..., Any]] = []
        for command in self._commands():
            if await self._may_use(command, interaction):
                (for_admins if _is_for_admins(command, interaction) else usable).append(command)
        menus = [
            command for command in self.bot.tree.get_commands() if isinstance(command, app_commands.ContextMenu)
        ]
        await tell(interaction, texts.page(usable, for_admins, menus))

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._greet(guild)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Servers that the bot was added to before it ran are new to it, too."""
        for guild in self.bot.guilds:
            await self._greet(guild)

    async def _greet(self, guild: discord.Guild) -> None:
        """Say hello once in a new server, where Discord announces newcomers and the bot may write."""
        channel, joined_at = guild.system_channel, guild.me.joined_at
        is_new = joined_at and self.bot.services.clock.time() - joined_at.timestamp() < NEW_S
        if not is_new or channel is None or guild.id in self._greeted:
            return
        may = channel.permissions_for(guild.me)
        if may.view_channel and may.send_messages and await self.bot.services.conversation.leases.claim(guild.id):
            self._greeted.add(guild.id)
            self.bot.notices.announce(self.bot.channel_target(channel.id), texts.HELLO)

    def _commands(self) -> Iterator[app_commands.Command[Any, ..., Any]]:
        for command in self.bot.tree.walk_commands():
            if isinstance(command, app_commands.Command):
                yield command

    async def _may_use(
        self, command: app_commands.Command[Any, ..., Any], interaction: discord.Interaction[Any]
    ) -> bool:
        """Whether the caller is among those the command is for."""
        root = command.root_parent or command
        if (root.guild_only or command.guild_only) and interaction.guild_id is None:
            return False
        return await self.permissions.allows(audience_of(command), interaction)


def _is_for_admins(command: app_commands.Command[Any, ..., Any], interaction: discord.Interaction[Any]) -> bool:
    """In direct messages, people manage the conversation themselves."""
    audience = audience_of(command)
    return audience is Audience.ADMINS or (audience is Audience.MANAGERS and interaction.guild_id is not None)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Help(bot))
