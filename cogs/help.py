"""What people can do: `/help`, made from the commands themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.targets.permissions import Permissions, audience_of
from bot.ui.texts.help import HEAD, MENUS, command_line, menu_line
from bot.ui.views.pages import show_lines

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
        found = [
            command_line(command) for command in self._commands() if await self._may_use(command, interaction)
        ]
        menus = [
            command for command in self.bot.tree.get_commands() if isinstance(command, app_commands.ContextMenu)
        ]
        lines = [*found, MENUS, *map(menu_line, menus)]
        await show_lines(interaction, lines, head=HEAD)

    def _commands(self) -> Iterator[app_commands.Command[Any, ..., Any]]:
        for command in sorted(self.bot.tree.walk_commands(), key=lambda command: command.qualified_name):
            if isinstance(command, app_commands.Command):
                yield command

    async def _may_use(
        self, command: app_commands.Command[Any, ..., Any], interaction: discord.Interaction[Any]
    ) -> bool:
        """Whether the caller is among those the command is for."""
        root = command.root_parent or command
        if root.guild_only and interaction.guild_id is None:
            return False
        return await self.permissions.allows(audience_of(command), interaction)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Help(bot))
