"""Settles estimates: asks the provider what an answer cost that ended before the provider could say."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import HeadwaterError
from bot.core.units import DAY_S

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.money.ledger import Ledger

log = logging.getLogger(__name__)

PAUSES_S = (2.0, 5.0, 15.0, 45.0, 120.0)  # a record is written some seconds after the generation's end
LOOK_BACK_S = DAY_S  # how far back a start looks for unsettled entries
AT_ONCE = 4  # requests for records at once, however many wait


class Generations(Protocol):
    """The provider's records of generations."""

    async def cost(self, generation_id: str) -> int | None:
        """What a generation cost in nano-dollars; None if there is no record, or not yet.

        Raises:
            ModelError: the provider can't be asked.
        """
        ...


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    """An entry to settle, next tried at `at` (monotonic). `tries` counts those before."""

    at: float
    number: int  # breaks ties
    entry_id: int
    generation_id: str
    reported_nano_usd: int
    tries: int = 0


class Settlement:
    """Replaces estimates in the ledger with the provider's records, in the background."""

    def __init__(self, ledger: Ledger, generations: Generations, clock: Clock) -> None:
        self._ledger = ledger
        self._generations = generations
        self._clock = clock
        self._waiting: list[_Due] = []  # a heap
        self._numbers = itertools.count()
        self._added = asyncio.Event()
        self._has_resumed = False

    def add(self, entry_id: int, generation_id: str, *, reported_nano_usd: int) -> None:
        """Settle an estimated entry. `reported_nano_usd` is the part of it that isn't estimated."""
        self._push(_Due(0.0, 0, entry_id, generation_id, reported_nano_usd))

    async def run(self) -> None:
        """Settle what the last run left and what is added, until cancelled."""
        if not self._has_resumed:
            since = int(self._clock.time()) - LOOK_BACK_S
            for estimate in await self._ledger.estimates(since=since):
                self.add(estimate.entry_id, estimate.generation_id, reported_nano_usd=estimate.reported_nano_usd)
            self._has_resumed = True
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            due = await self._next()
            try:
                await self._settle(due)
            except HeadwaterError as error:
                log.debug("entry %d is not settled yet: %s", due.entry_id, error)
                self._try_later(due)

    async def _next(self) -> _Due:
        """Wait for the next entry that is due."""
        while True:
            now = self._clock.monotonic()
            if self._waiting and self._waiting[0].at <= now:
                return heapq.heappop(self._waiting)
            self._added.clear()
            waits: list[asyncio.Future[object]] = [asyncio.ensure_future(self._added.wait())]
            if self._waiting:
                waits.append(asyncio.ensure_future(self._clock.sleep(self._waiting[0].at - now)))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    async def _settle(self, due: _Due) -> None:
        cost = await self._generations.cost(due.generation_id)
        if cost is None:
            self._try_later(due)
        else:
            await self._ledger.correct(due.entry_id, cost + due.reported_nano_usd)

    def _try_later(self, due: _Due) -> None:
        if due.tries + 1 < len(PAUSES_S):
            self._push(_Due(0.0, 0, due.entry_id, due.generation_id, due.reported_nano_usd, due.tries + 1))
        else:
            log.info("entry %d stays estimated: the provider has no record of it", due.entry_id)

    def _push(self, due: _Due) -> None:
        at = self._clock.monotonic() + PAUSES_S[due.tries]
        placed = _Due(at, next(self._numbers), due.entry_id, due.generation_id, due.reported_nano_usd, due.tries)
        heapq.heappush(self._waiting, placed)
        self._added.set()
