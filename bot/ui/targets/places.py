"""Discord's channels and messages as the inner rooms know them."""

from __future__ import annotations

from typing import Any, Literal

import discord

from bot.core.records import Place
from bot.settings.resolver import channel_scope, guild_scope
from bot.ui.errors import NoServerError

Scope = Literal["channel", "server"]


def place_of(channel: object, channel_id: int, guild_id: int | None) -> Place:
    """A channel as a place; a thread's parent comes with it."""
    parent_id = channel.parent_id if isinstance(channel, discord.Thread) else None
    return Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id)


def interaction_place(interaction: discord.Interaction[Any]) -> Place:
    """Where somebody used a command."""
    assert interaction.channel_id is not None  # noqa: S101 - Discord: every command comes from a channel
    return place_of(interaction.channel, interaction.channel_id, interaction.guild_id)


def scope_key(interaction: discord.Interaction[Any], scope: Scope) -> str:
    """The settings scope that somebody means where they are.

    Raises:
        NoServerError: a server is meant, and there is none.
    """
    place = interaction_place(interaction)
    if scope == "channel":
        return channel_scope(place.channel_id)
    if place.guild_id is None:
        raise NoServerError
    return guild_scope(place.guild_id)


def message_place(message: discord.Message) -> Place:
    """Where somebody wrote a message."""
    return place_of(message.channel, message.channel.id, message.guild.id if message.guild else None)


def is_direct(message: discord.Message) -> bool:
    """Whether nobody but the bot can read it. A server that isn't in discord.py's cache is still a server."""
    return message.guild is None and isinstance(message.channel, discord.DMChannel)


def names_bot(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether a message mentions the bot, or the role Discord made for it, which looks alike in the picker."""
    return me in message.mentions or ((role := _own_role(message)) is not None and role in message.role_mentions)


def may_answer(message: discord.Message) -> bool:
    """Whether the bot may write where a message was written."""
    if message.guild is None:
        return True
    allowed = message.channel.permissions_for(message.guild.me)
    return (
        allowed.send_messages_in_threads if isinstance(message.channel, discord.Thread) else allowed.send_messages
    )


def _own_role(message: discord.Message) -> discord.Role | None:
    return message.guild.self_role if message.guild else None
