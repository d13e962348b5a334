"""Erasing what people ask to erase, and what is due by age."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import StorageError
from bot.core.units import DAY_S, HOUR_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

FIRST_SWEEP_S = 60.0  # after the start, when the bot knows its servers
SWEEP_S = float(HOUR_S)  # how often to look for old turns and for servers that the bot left
GUILD_GRACE_DAYS = 7  # a server that invites the bot back within a week still has its conversations


class Reason(StrEnum):
    """Why something was erased."""

    ASKED = "asked"
    RETENTION = "retention"
    CHANNEL_DELETED = "channel deleted"
    DEPARTURE = "departure"


class Erasure(Protocol):
    """Erases turns for good, and records every erasure without its content. Raises `StorageError`.

    When a method returns, no byte of what it erased is in the database's files. Times are epoch seconds.
    """

    async def forget_user(self, user_id: int, *, now: int) -> int:
        """Erase a person's questions, those about their messages, and the answers; returns the number of turns."""
        ...

    async def forget_channel(
        self, channel_id: int, *, threads: bool, reason: Reason, by: int | None, now: int
    ) -> int:
        """Erase a channel's conversation and, with `threads`, those of its threads."""
        ...

    async def forget_guild(self, guild_id: int, *, reason: Reason, by: int | None, now: int) -> int:
        """Erase all conversations of a server."""
        ...

    async def purge(self, before: int, *, now: int) -> int:
        """Erase what was said before a time."""
        ...

    async def purge_thinking(self, before: int) -> int:
        """Erase the thoughts that models had before a time; returns of how many answers."""
        ...

    async def opt_out(self, user_id: int, *, now: int) -> None:
        """Store nothing that somebody says from now on."""
        ...

    async def opt_in(self, user_id: int) -> None: ...

    async def remembers(self, user_id: int) -> bool:
        """True unless the person opted out."""
        ...

    async def note_guild(self, guild_id: int, *, present: bool, now: int) -> None:
        """Record that the bot joined a server, or left it."""
        ...

    async def note_guilds(self, present: Collection[int], *, now: int, here: Callable[[int], bool]) -> None:
        """Record all the servers that the bot is in, of those whose events come `here`, to this process."""
        ...

    async def departed(self, before: int) -> Sequence[int]:
        """The servers that the bot left before a time and hasn't joined again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long turns are stored, and models' thoughts with them.

    `days` None: until somebody erases them; `thinking_days` None: as long as their answers.
    """

    days: int | None = None
    thinking_days: int | None = None
    guild_grace_days: int = GUILD_GRACE_DAYS


class RetentionSweeper:
    """Erases in the background what is due."""

    def __init__(
        self, erasure: Erasure, retention: Retention, clock: Clock, *, here: Callable[[int], bool] = lambda _: True
    ) -> None:
        """`here` says whether a server's events come to this process."""
        self._here = here
        self._erasure = erasure
        self._retention = retention
        self._clock = clock

    async def run(self, guilds: Callable[[], Collection[int] | None]) -> None:
        """Sweep every hour until cancelled. `guilds` returns the bot's servers, None while unknown."""
        await self._clock.sleep(FIRST_SWEEP_S)
        while True:
            try:
                await self.sweep(guilds())
            except StorageError as error:
                log.warning("old turns couldn't be erased: %s", error)
            await self._clock.sleep(SWEEP_S)

    async def sweep(self, guilds: Collection[int] | None) -> None:
        """Erase what is due now."""
        now = int(self._clock.time())
        if self._retention.days is not None:
            turns = await self._erasure.purge(now - self._retention.days * DAY_S, now=now)
            if turns:
                log.info("erased %d turns older than %d days", turns, self._retention.days)
        if self._retention.thinking_days is not None:
            await self._erasure.purge_thinking(now - self._retention.thinking_days * DAY_S)
        if guilds is not None:
            await self._erasure.note_guilds(guilds, now=now, here=self._here)
            for guild_id in await self._erasure.departed(now - self._retention.guild_grace_days * DAY_S):
                turns = await self._erasure.forget_guild(guild_id, reason=Reason.DEPARTURE, by=None, now=now)
                log.info("erased %d turns of server %d, which the bot has left", turns, guild_id)
