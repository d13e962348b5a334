"""Discord's markup as a person reads it: names for ids, and titles cut between characters."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.display.text.markdown import is_joined, utf16_length

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import discord

Mark = tuple[str, int]  # as `("@&", id)` for a role

# Users, roles and channels; emoji; slash commands; times; a server's own pages.
# https://discord.com/developers/docs/reference#message-formatting
_MARKUP = re.compile(
    r"<(?P<kind>@[!&]?|#)(?P<id>\d{1,20})>"
    r"|<a?(?P<emoji>:\w{1,32}:)\d{1,20}>"
    r"|<(?P<command>/[-\w ]{1,100}):\d{1,20}>"
    r"|<t:(?P<time>-?\d{1,13})(?::[tTdDfFRsS])?>"
    r"|<id:(?P<page>[a-z-]{1,20})(?::\d{1,20})?>"
)
TITLE_WORD = 30  # how far back a title is cut for the sake of a whole word, in characters


def readable(text: str, names: Mapping[Mark, str], *, without: Collection[Mark] = ()) -> str:
    """A message's text with names for ids, less some marks; what nobody knows a name for stays as it is."""
    for kind, number in without:
        sign = "@!?" if kind == "@" else re.escape(kind)
        text = re.sub(rf"<{sign}{number}> ?", "", text)
    return _MARKUP.sub(lambda match: _name(match, names), text).strip()


def _name(match: re.Match[str], names: Mapping[Mark, str]) -> str:
    if kind := match["kind"]:
        return names.get((kind.replace("!", ""), int(match["id"])), match[0])
    if seconds := match["time"]:
        return _time(int(seconds)) or match[0]
    if page := match["page"]:
        return page.replace("-", " ")
    return match["emoji"] or match["command"]


def _time(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return ""


def names_in(message: discord.Message) -> dict[Mark, str]:
    """What the ids in a message stand for."""
    return dict(_names(message))


def _names(message: discord.Message) -> Iterator[tuple[Mark, str]]:
    for user in message.mentions:
        yield ("@", user.id), f"@{user.display_name}"
    for role in message.role_mentions:
        yield ("@&", role.id), f"@{role.name}"
    for channel in message.channel_mentions:
        yield ("#", channel.id), f"#{channel.name}"


def names_known(text: str, guild: discord.Guild) -> dict[Mark, str]:
    """What the ids in a text stand for, as far as the server's roles and channels are known."""
    names: dict[Mark, str] = {}
    for match in _MARKUP.finditer(text):
        number = int(match["id"] or 0)
        if match["kind"] == "@&" and (role := guild.get_role(number)):
            names["@&", number] = f"@{role.name}"
        elif match["kind"] == "#" and (channel := guild.get_channel_or_thread(number)):
            names["#", number] = f"#{channel.name}"
    return names


def title(text: str, *, limit: int) -> str:
    """Text as a one-line title of at most so many characters, as Discord counts them; never empty."""
    line = " ".join(text.split())
    if utf16_length(line) <= limit:
        return line or "…"
    end = len(line)
    while (excess := utf16_length(line[:end]) + 1 - limit) > 0:
        end -= (excess + 1) // 2  # a character counts for two at most
    while end > 1 and is_joined(line, end):
        end -= 1
    space = line.rfind(" ", max(1, end - TITLE_WORD), end)
    return (line[:space] if space > 0 else line[:end]).rstrip() + "…"
