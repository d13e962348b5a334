"""Discord's channels and messages as the inner rooms know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord

from bot.core.names import plain_name
from bot.core.records import Place, Question
from bot.settings.resolver import channel_scope, guild_scope
from bot.ui.errors import NoServerError
from bot.ui.incoming.markup import names_in, readable

if TYPE_CHECKING:
    from bot.ui.incoming.markup import Mark

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


def question_of(message: discord.Message, me: discord.abc.User) -> Question:
    """A message that asks; its text may be empty."""
    text = words_of(message, me)
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


def words_of(message: discord.Message, me: discord.abc.User) -> str:
    """What a message says, less the marks that address the bot."""
    role = _own_role(message)
    own: set[Mark] = {("@", me.id)} | ({("@&", role.id)} if role else set())
    return readable(message.content, names_in(message), without=own)


def about_message(message: discord.Message, text: str) -> str:
    """A question about somebody's message, with the message."""
    quoted = readable(message.content, names_in(message))[:QUOTE_LIMIT]
    return f'About this message by {plain_name(message.author.display_name)}:\n"""\n{quoted}\n"""\n{text}'.rstrip()


def _own_role(message: discord.Message) -> discord.Role | None:
    return message.guild.self_role if message.guild else None
