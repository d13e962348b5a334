"""Who may do what. Discord's own settings hide commands; these checks are what holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands

from bot.access.people import Person

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def person_of(interaction: discord.Interaction[Any]) -> Person:
    """Whoever used a command or pressed something."""
    in_guild = interaction.guild_id is not None
    return _person(interaction.user, manages=in_guild and interaction.permissions.manage_guild)


def author_of(message: discord.Message) -> Person:
    """Whoever wrote a message."""
    author = message.author
    return _person(author, manages=isinstance(author, discord.Member) and author.guild_permissions.manage_guild)


def _person(user: discord.User | discord.Member, *, manages: bool) -> Person:
    roles = user.roles if isinstance(user, discord.Member) else []
    return Person(id=user.id, role_ids=frozenset(role.id for role in roles), manages=manages)


async def is_admin(interaction: discord.Interaction[Any]) -> bool:
    """Those with Manage Server or the role named in the settings, and the bot's owners anywhere."""
    access = interaction.client.services.access.people
    admin: bool = await access.is_admin(person_of(interaction), interaction.guild_id)
    return admin


async def may_manage_conversation(interaction: discord.Interaction[Any]) -> bool:
    """Admins in a server; in direct messages, the person themself."""
    return interaction.guild_id is None or await is_admin(interaction)


def may_manage_reply(interaction: discord.Interaction[Any], asker_id: int) -> bool:
    """The person who asked, those who may manage messages there, and the bot's owners."""
    return (
        interaction.user.id == asker_id
        or interaction.client.services.access.people.is_owner(person_of(interaction))
        or (interaction.guild_id is not None and interaction.permissions.manage_messages)
    )


def admins_only() -> Callable[[T], T]:
    """Refuse a command to everybody but admins."""
    return app_commands.check(is_admin)
