"""Which of a bot's gateway connections, called shards, a process has, and when each may identify."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.core.ports import Clock

IDENTIFY_S = 5.0  # Discord: from one identify to the next, of all processes together
ASK_S = 1.0  # how often another process's turn is waited for


@dataclass(frozen=True, slots=True)
class Shards:
    """A process's part of a bot.

    `count` is that of all processes together, None: as many as Discord recommends. `ids` are those of this
    process; without any it has them all.
    """

    count: int | None = None
    ids: tuple[int, ...] = ()

    @property
    def are_shared(self) -> bool:
        """Whether other processes have the rest."""
        return bool(self.ids) and len(self.ids) != self.count

    @property
    def name(self) -> str:
        """What tells this process's part from the others'; empty where it's the whole bot."""
        return ",".join(map(str, self.ids)) if self.are_shared else ""

    def part_of(self, limit: int) -> int:
        """This process's part of what all processes may do together; at least 1."""
        return max(1, limit * len(self.ids) // (self.count or 1)) if self.are_shared else limit

    def has(self, guild_id: int) -> bool:
        """Whether a server's events come to this process."""
        return not self.are_shared or (guild_id >> 22) % (self.count or 1) in self.ids


class IdentifyTurns:
    """Lets shards identify one after another."""

    def __init__(self, clock: Clock, claim: Callable[[], Awaitable[bool]] | None = None) -> None:
        """`claim` takes the next turn of all processes, or gives False; None where this is the only one."""
        self._clock = clock
        self._claim = claim
        self._lock = asyncio.Lock()
        self._last = float("-inf")

    async def wait(self, _shard_id: int) -> None:
        """Wait until a shard may identify, which it must do then."""
        async with self._lock:
            await self._clock.sleep(max(0.0, self._last + IDENTIFY_S - self._clock.monotonic()))
            while self._claim is not None and not await self._claim():
                await self._clock.sleep(ASK_S)
            self._last = self._clock.monotonic()
