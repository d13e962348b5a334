"""Forgetting: what people ask to be erased, and what goes by itself after a while."""

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
SWEEP_S = float(HOUR_S)  # how often old turns and servers that were left are looked for
GUILD_GRACE_DAYS = 7  # a server that takes the bot back within a week finds its conversations again


class Reason(StrEnum):
    """Why something was erased."""

    ASKED = "asked"
    RETENTION = "retention"
    CHANNEL_DELETED = "channel deleted"
    DEPARTURE = "departure"


class Erasure(Protocol):
    """Erases turns for good; every erasure is recorded without content. Raises `StorageError`.

    When a method returns, no byte of what it erased is in the database's files. Times are epoch seconds.
    """

    async def forget_user(self, user_id: int, *, now: int) -> int:
        """Erase what somebody asked, what was asked about messages of theirs, and the answers; how many turns."""
        ...

    async def forget_channel(
        self, channel_id: int, *, threads: bool, reason: Reason, by: int | None, now: int
    ) -> int:
        """Erase a channel's conversation, with `threads` those of its threads as well."""
        ...

    async def forget_guild(self, guild_id: int, *, reason: Reason, by: int | None, now: int) -> int:
        """Erase all conversations of a server."""
        ...

    async def purge(self, before: int, *, now: int) -> int:
        """Erase what was said before a time."""
        ...

    async def opt_out(self, user_id: int, *, now: int) -> None:
        """Keep nothing of what somebody says from now on."""
        ...

    async def opt_in(self, user_id: int) -> None: ...

    async def remembers(self, user_id: int) -> bool:
        """False for those who opted out."""
        ...

    async def note_guild(self, guild_id: int, *, present: bool, now: int) -> None:
        """The bot joined a server, or was taken out of it."""
        ...

    async def note_guilds(self, present: Collection[int], *, now: int) -> None:
        """These are all the servers that the bot is in."""
        ...

    async def departed(self, before: int) -> Sequence[int]:
        """The servers that the bot was found to be out of before a time, and is still."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept. `days` None: until somebody erases them."""

    days: int | None = None
    guild_grace_days: int = GUILD_GRACE_DAYS


class RetentionSweeper:
    """Erases in the background what is kept no longer."""

    def __init__(self, erasure: Erasure, retention: Retention, clock: Clock) -> None:
        self._erasure = erasure
        self._retention = retention
        self._clock = clock

    async def run(self, guilds: Callable[[], Collection[int] | None]) -> None:
        """Sweep every hour, until cancelled. `guilds` gives the servers the bot is in, None while unknown."""
        await self._clock.sleep(FIRST_SWEEP_S)
        while True:
            try:
                await self.sweep(guilds())
            except StorageError as error:
                log.warning("what is kept too long could not be erased: %s", error)
            except Exception:
                log.exception("erasing what is kept too long failed by a bug")
            await self._clock.sleep(SWEEP_S)

    async def sweep(self, guilds: Collection[int] | None) -> None:
        """Erase what is due now."""
        now = int(self._clock.time())
        if self._retention.days is not None:
            turns = await self._erasure.purge(now - self._retention.days * DAY_S, now=now)
            if turns:
                log.info("erased %d turns older than %d days", turns, self._retention.days)
        if guilds is not None:
            await self._erasure.note_guilds(guilds, now=now)
            for guild_id in await self._erasure.departed(now - self._retention.guild_grace_days * DAY_S):
                turns = await self._erasure.forget_guild(guild_id, reason=Reason.DEPARTURE, by=None, now=now)
                log.info("erased %d turns of server %d, which the bot has left", turns, guild_id)
