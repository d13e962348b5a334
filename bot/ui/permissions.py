"""Who may do what. Discord's own settings hide commands; these checks are what holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def is_admin(interaction: discord.Interaction[Any]) -> bool:
    """Those with Manage Server (the server's owner has every permission), and the bot's owners anywhere."""
    if interaction.user.id in interaction.client.services.owner_ids:
        return True
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def may_manage_conversation(interaction: discord.Interaction[Any]) -> bool:
    """Admins in a server; in direct messages, the person themself."""
    return interaction.guild_id is None or is_admin(interaction)


def may_manage_reply(interaction: discord.Interaction[Any], asker_id: int) -> bool:
    """The person who asked, those who may manage messages there, and the bot's owners."""
    return (
        interaction.user.id == asker_id
        or interaction.user.id in interaction.client.services.owner_ids
        or (interaction.guild_id is not None and interaction.permissions.manage_messages)
    )


def admins_only() -> Callable[[T], T]:
    """Refuse a command to everybody but admins."""
    return app_commands.check(is_admin)
