"""How `/help` writes commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from discord import app_commands

HEAD = (
    "**Mention me, reply to me, or send me a direct message, and I answer.** I remember the conversation in each "
    "channel.\nWhat you can do here:"
)
MENUS = "Right-click a message and open Apps for these:"


def command_line(command: app_commands.Command[Any, ..., Any]) -> str:
    """`/ask prompt [private]`: options in brackets can be left out."""
    options = "".join(
        f" {parameter.display_name}" if parameter.required else f" [{parameter.display_name}]"
        for parameter in command.parameters
    )
    return f"`/{command.qualified_name}{options}` {command.description}"


def menu_line(menu: app_commands.ContextMenu) -> str:
    return f"**{menu.name}**"
