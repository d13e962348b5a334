"""Discord's channels and messages as the core knows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import discord

from bot.core.records import Place, Question
from bot.settings.resolver import channel_scope, guild_scope
from bot.ui.errors import NoServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

Scope = Literal["channel", "server"]
QUOTE_LIMIT = 4000  # characters of a message that a question is about; Discord's longest has 4,000


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


def may_answer(message: discord.Message) -> bool:
    """Whether the bot may write where a message was written."""
    if message.guild is None:
        return True
    allowed = message.channel.permissions_for(message.guild.me)
    return (
        allowed.send_messages_in_threads if isinstance(message.channel, discord.Thread) else allowed.send_messages
    )


def message_place(message: discord.Message) -> Place:
    """Where somebody wrote a message."""
    return place_of(message.channel, message.channel.id, message.guild.id if message.guild else None)


def question_of(message: discord.Message, me: discord.abc.User) -> Question:
    """A message that asks; its text may be empty."""
    text = readable(message, me)
    about, quoted_id = message.reference.resolved if message.reference else None, None
    if isinstance(about, discord.Message) and about.author.id != me.id and about.content:
        text, quoted_id = about_message(about, text), about.author.id
    return Question(
        place=message_place(message),
        author_id=message.author.id,
        author_name=message.author.display_name,
        text=text,
        message_id=message.id,
        replies_to=message.reference.message_id if message.reference else None,
        quoted_id=quoted_id,
    )


def about_message(message: discord.Message, text: str) -> str:
    """A question about somebody's message, with the message."""
    quoted = message.content[:QUOTE_LIMIT]
    return f'About this message by {message.author.display_name}:\n"""\n{quoted}\n"""\n{text}'.rstrip()


def readable(message: discord.Message, me: discord.abc.User) -> str:
    """A message's text with names for ids, less the mention of the bot itself."""
    names = dict(_names(message))

    def name(match: re.Match[str]) -> str:
        return "" if match[2] == str(me.id) else names.get((match[1], int(match[2])), match[0])

    return re.sub(r"<(@!?|@&|#)(\d+)>", name, message.content).strip()


def _names(message: discord.Message) -> Iterator[tuple[tuple[str, int], str]]:
    for user in message.mentions:
        yield ("@", user.id), f"@{user.display_name}"
        yield ("@!", user.id), f"@{user.display_name}"
    for role in message.role_mentions:
        yield ("@&", role.id), f"@{role.name}"
    for channel in message.channel_mentions:
        yield ("#", channel.id), f"#{channel.name}"
