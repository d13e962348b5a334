"""Roles, people and channels by name: what somebody types into a setting, and what to offer while they type.

Everything comes from what discord.py has cached, which is hardly any people. Channels that somebody can't see are
neither found nor offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from bot.core.model_ids import CHOICE_LIMIT_CHARS, CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.settings.specs import Mentions

NAME_LIMIT = 100  # Discord: characters of a role's or a channel's name; people's names are shorter


@dataclass(frozen=True, slots=True)
class Named:
    """Something in a server: its id, and its names, the one people see first."""

    id: int
    names: tuple[str, ...]


class UnknownNameError(ValueError):
    """Nothing that this person can see has that name, or `count` things have it."""

    def __init__(self, name: str, *, count: int = 0) -> None:
        super().__init__(name)
        self.name = name
        self.count = count


def named(guild: discord.Guild, member: discord.User | discord.Member, mark: str) -> list[Named]:
    """What a mention with this mark (`@&`, `@` or `#`) can stand for, in Discord's order."""
    if mark == "@&":
        return [
            Named(role.id, (role.name,)) for role in sorted(guild.roles, reverse=True) if not role.is_default()
        ]
    if mark == "@":
        people = {person.id: person for person in (*guild.members, member) if person != guild.me}
        return [Named(person.id, _names_of(person)) for person in people.values()]
    return [
        Named(channel.id, (channel.name,))
        for channel in sorted(guild.channels, key=lambda channel: channel.position)
        if isinstance(member, discord.Member)
        and not isinstance(channel, discord.CategoryChannel)
        and channel.permissions_for(member).view_channel
    ]


def _names_of(person: discord.User | discord.Member) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (person.display_name, person.global_name, person.name))))


class ServerNames:
    """Finds what a setting takes among what is known of a server."""

    def __init__(self, kind: Mentions, known: Sequence[Named]) -> None:
        self._kind = kind
        self._sign = kind.mark[0]
        self._known = known
        self._by_name: dict[str, list[Named]] = {}
        for each in known:
            for name in {_plain(name) for name in each.names}:
                self._by_name.setdefault(name, []).append(each)

    def parse(self, typed: str) -> str:
        """Turn names, mentions and ids into the form that is stored. Names can have spaces; commas separate them.

        Raises:
            UnknownNameError: something is neither a mention, an id nor the name of exactly one thing.
            ValueError: there are none, or too many.
        """
        return self._kind.parse(" ".join(f"<{self._kind.mark}{id_}>" for id_ in self._ids_in(typed)))

    def _ids_in(self, typed: str) -> list[str]:
        if whole := self._find(typed):
            return [whole]
        return [id_ for part in typed.split(",") for id_ in self._ids(part)]

    def _ids(self, part: str) -> Iterator[str]:
        """The longest names first: `Night Shift` may be one role or two."""
        words = part.replace(">", "> ").split()
        while words:
            for count in range(min(len(words), NAME_LIMIT), 0, -1):
                if found := self._mention(words[0]) if count == 1 else None:
                    break
                if found := self._find(" ".join(words[:count])):
                    break
            else:
                raise UnknownNameError(" ".join(words))
            yield found
            words = words[count:]

    def _mention(self, word: str) -> str | None:
        try:
            return self._kind.parse(word)
        except ValueError:
            return None

    def _find(self, name: str) -> str | None:
        """The id of the one thing with this name. Where only the case differs, the exact name wins."""
        exact = name.strip().removeprefix(self._sign)
        alike = self._by_name.get(_plain(exact), [])
        same = [each for each in alike if exact in each.names] or alike
        if len(same) > 1:
            raise UnknownNameError(exact, count=len(same))
        return str(same[0].id) if same else None

    def offers(self, typed: str) -> list[tuple[str, str]]:
        """What somebody may mean, by name and with ids. What they typed before the last comma stays."""
        before, _, last = typed.rpartition(",")
        try:
            taken = self._ids_in(before)
        except UnknownNameError:
            return []
        if len(taken) >= self._kind.most:
            return []
        names = {str(each.id): f"{self._sign}{each.names[0]}" for each in self._known}
        pairs = (
            (", ".join(names.get(id_, id_) for id_ in ids), " ".join(ids))
            for each in self._ranked(_plain(last.strip().lstrip("<").removeprefix(self._sign)))
            if str(each.id) not in taken
            for ids in [[*taken, str(each.id)]]
        )
        return [pair for pair in pairs if max(map(len, pair)) <= CHOICE_LIMIT_CHARS][:CHOICES]

    def _ranked(self, wanted: str) -> list[Named]:
        """Names that start with what is wanted, then those that contain it."""
        matches = [each for each in self._known if any(wanted in _plain(name) for name in each.names)]
        return sorted(matches, key=lambda each: not any(_plain(name).startswith(wanted) for name in each.names))


def _plain(name: str) -> str:
    return " ".join(name.replace(">", "> ").casefold().split())
