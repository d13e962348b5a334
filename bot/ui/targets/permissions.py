"""Who may do what. Discord's own settings hide commands; what counts is checked here, at each interaction."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import discord

from bot.access.people import Person
from bot.ui.errors import NotInAudienceError
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from discord import app_commands

    from bot.access.people import Access

# What an invite link asks for: everything the bot does anywhere, and nothing else.
INVITED_WITH = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,  # a private thread branches into another
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    add_reactions=True,
)
INVITED_SCOPES = ("bot", "applications.commands")
CommandT = TypeVar("CommandT", bound="app_commands.Command[Any, ..., Any]")


class Audience(StrEnum):
    """Who may use a command."""

    ANYBODY = "anybody"
    MANAGERS = "managers"  # admins in a server; in direct messages, the person themself
    ADMINS = "admins"  # admins in a server, the bot's owners anywhere
    READERS = "readers"  # those who may read the channel's history


def person_of(interaction: discord.Interaction[Any]) -> Person:
    """The person who used a command or pressed something."""
    in_guild = interaction.guild_id is not None
    return _person(interaction.user, manages=in_guild and interaction.permissions.manage_guild)


async def author_of(message: discord.Message) -> Person:
    """The person who wrote a message.

    What is read from a channel's history, not from an event, lacks the author's roles: they're asked for.
    """
    author = message.author
    if message.guild is not None and not isinstance(author, discord.Member):
        author = await message.guild.fetch_member(author.id)
    return _person(author, manages=isinstance(author, discord.Member) and author.guild_permissions.manage_guild)


def _person(user: discord.User | discord.Member, *, manages: bool) -> Person:
    roles = user.roles if isinstance(user, discord.Member) else []
    return Person(id=user.id, role_ids=frozenset(role.id for role in roles), manages=manages)


def may_read(interaction: discord.Interaction[Any]) -> bool:
    """Whether somebody may see the channel they are in and what was said there before they came."""
    if interaction.guild_id is None:
        return True
    return interaction.permissions.view_channel and interaction.permissions.read_message_history


class Permissions:
    """Judges the person behind an interaction, as things are when it arrives."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def allows(self, audience: Audience, interaction: discord.Interaction[Any]) -> bool:
        """Whether somebody belongs to an audience where they are."""
        if audience is Audience.ADMINS:
            return await self.is_admin(interaction)
        if audience is Audience.MANAGERS:
            return await self.may_manage_conversation(interaction)
        return audience is Audience.ANYBODY or may_read(interaction)

    async def is_admin(self, interaction: discord.Interaction[Any]) -> bool:
        """People with Manage Server or the role named in the settings, and the bot's owners anywhere."""
        return await self._access.is_admin(person_of(interaction), interaction.guild_id)

    async def may_manage_conversation(self, interaction: discord.Interaction[Any]) -> bool:
        """Admins in a server; in direct messages, the person themself."""
        return interaction.guild_id is None or await self.is_admin(interaction)

    def may_manage_reply(self, interaction: discord.Interaction[Any], asker_id: int) -> bool:
        """The person who asked, those who may manage messages there, and the bot's owners."""
        return (
            interaction.user.id == asker_id
            or self._access.is_owner(person_of(interaction))
            or (interaction.guild_id is not None and interaction.permissions.manage_messages)
        )


class _Checked(Protocol):
    """A cog with commands that are not for everybody."""

    permissions: Permissions


def only(audience: Audience) -> Callable[[CommandT], CommandT]:
    """Keep a command to an audience. Its cog has the `permissions` to judge by; `/help` reads the audience."""

    def mark(command: CommandT) -> CommandT:
        command.extras["audience"] = audience
        command.add_check(_belongs)
        return command

    return mark


def audience_of(command: app_commands.Command[Any, ..., Any]) -> Audience:
    """The audience that a command is kept to."""
    audience: Audience = command.extras.get("audience", Audience.ANYBODY)
    return audience


async def _belongs(interaction: discord.Interaction[Any]) -> bool:
    command = cast("app_commands.Command[Any, ..., Any]", interaction.command)
    cog, audience = cast("_Checked", command.binding), audience_of(command)
    if await cog.permissions.allows(audience, interaction):
        return True
    raise NotInAudienceError(texts.CANNOT_READ if audience is Audience.READERS else texts.NOT_ADMIN)
