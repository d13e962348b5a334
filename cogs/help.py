"""What people can do: `/help`, made from the commands themselves."""

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


class Help(commands.Cog):
    """Lists what the caller may do where they ask."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
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
