"""What there is to do: `/help`, made from the commands themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui.texts.help import HEAD, MENUS, command_line, menu_line
from bot.ui.views.pages import Pages, paginate_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.client import ChatBot


class Help(commands.Cog):
    """Lists what the caller may do where they ask."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what I can do for you here"""
        found = [command_line(command) for command in self._commands() if await _may_use(command, interaction)]
        menus = [
            command for command in self.bot.tree.get_commands() if isinstance(command, app_commands.ContextMenu)
        ]
        lines = [*found, MENUS, *map(menu_line, menus)]
        await Pages(paginate_lines(lines, head=HEAD)).begin(interaction)

    def _commands(self) -> Iterator[app_commands.Command[Any, ..., Any]]:
        for command in sorted(self.bot.tree.walk_commands(), key=lambda command: command.qualified_name):
            if isinstance(command, app_commands.Command):
                yield command


async def _may_use(command: app_commands.Command[Any, ..., Any], interaction: discord.Interaction[Any]) -> bool:
    """Whether the command's own checks let the caller use it here."""
    root = command.root_parent or command
    if root.guild_only and interaction.guild_id is None:
        return False
    checks = [*command.checks, *([command.binding.interaction_check] if command.binding else [])]
    for check in checks:
        if not await discord.utils.maybe_coroutine(check, interaction):
            return False
    return True


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Help(bot))
