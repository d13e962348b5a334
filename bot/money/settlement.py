"""Settling what was estimated: the provider is asked what an answer cost that ended before it could say."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import HeadwaterError
from bot.core.units import DAY_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.ports import Clock
    from bot.money.ledger import Entry, Ledger, Period

log = logging.getLogger(__name__)

PAUSES_S = (2.0, 5.0, 15.0, 45.0, 120.0)  # a record is written some seconds after the generation's end
CATCH_UP_S = DAY_S  # how far back a start looks for what the last run left unsettled


class Generations(Protocol):
    """The provider's records of generations."""

    async def cost(self, generation_id: str) -> int | None:
        """What a generation cost in nano-dollars; None where there is no record, or not yet.

        Raises:
            ModelError: the provider cannot be asked.
        """
        ...


class SettlingLedger:
    """A `Ledger` that replaces estimates by what the provider has on record, in its own time."""

    def __init__(self, ledger: Ledger, generations: Generations, clock: Clock) -> None:
        self._ledger = ledger
        self._generations = generations
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    async def book(self, entry: Entry) -> int:
        entry_id = await self._ledger.book(entry)
        if entry.cost.estimated and entry.generation_id:
            self._begin(entry_id, entry.generation_id, entry.cost.reported_nano_usd)
        return entry_id

    async def correct(self, entry_id: int, nano_usd: int) -> None:
        await self._ledger.correct(entry_id, nano_usd)

    async def estimates(self, *, since: int) -> Sequence[tuple[int, str]]:
        return await self._ledger.estimates(since=since)

    async def spent(self, accounts: Sequence[str], *, at: int) -> Mapping[tuple[str, Period], int]:
        return await self._ledger.spent(accounts, at=at)

    async def catch_up(self) -> None:
        """Begin to settle what the last run left."""
        since = int(self._clock.time()) - CATCH_UP_S
        for entry_id, generation_id in await self._ledger.estimates(since=since):
            self._begin(entry_id, generation_id, 0)

    async def aclose(self) -> None:
        """Leave the rest as estimated, for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, entry_id: int, generation_id: str, reported_nano_usd: int) -> None:
        task = asyncio.create_task(self._settle(entry_id, generation_id, reported_nano_usd), name="settlement")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(self, entry_id: int, generation_id: str, reported_nano_usd: int) -> None:
        for pause in PAUSES_S:
            await self._clock.sleep(pause)
            try:
                cost = await self._generations.cost(generation_id)
                if cost is not None:
                    await self._ledger.correct(entry_id, cost + reported_nano_usd)
                    return
            except HeadwaterError as error:
                log.debug("entry %d is not settled yet: %s", entry_id, error)
        log.info("entry %d stays estimated: the provider has no record of it", entry_id)
