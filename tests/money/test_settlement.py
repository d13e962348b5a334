"""Estimates give way to what the provider has on record."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from bot.core.errors import ProviderUnavailableError
from bot.core.records import Place
from bot.money.ledger import Cost, Entry
from bot.money.settlement import AT_ONCE, PAUSES_S, Settlement
from tests.fakes import MemoryLedger
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Records:
    """Records of generations. Each answer is used once, then there is none; an answer takes `takes_s` seconds."""

    def __init__(self, *answers: int | Exception | None, takes_s: float = 0.0) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.at_once = self.most_at_once = 0
        self.takes_s = takes_s

    async def cost(self, _generation_id: str) -> int | None:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes_s)
        self.at_once -= 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def entry(*, reported: int = 0) -> Entry:
    cost = Cost(nano_usd=500 + reported, estimated=True, reported_nano_usd=reported)
    return Entry(
        at=int(VirtualClock().time()),
        place=Place(channel_id=1),
        user_id=7,
        model="m",
        state="stopped",
        cost=cost,
        generation_id="gen-1",
    )


@asynccontextmanager
async def settling(ledger: MemoryLedger, records: Records) -> AsyncIterator[Settlement]:
    settlement = Settlement(ledger, records, VirtualClock())
    task = asyncio.create_task(settlement.run())
    await asyncio.sleep(1)  # it has looked for what an earlier run left
    yield settlement
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def test_the_record_is_asked_for_until_it_is_there():
    """A record takes a moment; failures to ask are no answer; attempts that were reported stay counted."""

    async def main() -> None:
        records, ledger = Records(None, ProviderUnavailableError(), 320), MemoryLedger()
        async with settling(ledger, records) as settlement:
            await ledger.book(entry(reported=40))
            settlement.add(1, "gen-1", reported_nano_usd=40)
            await asyncio.sleep(sum(PAUSES_S))
        assert ledger.entries[0].cost.nano_usd == 360
        assert not ledger.entries[0].cost.estimated
        assert records.asked == 3

    run(main())


def test_what_has_no_record_stays_estimated():
    """The asking ends."""

    async def main() -> None:
        records, ledger = Records(), MemoryLedger()
        async with settling(ledger, records) as settlement:
            await ledger.book(entry())
            settlement.add(1, "gen-1", reported_nano_usd=0)
            await asyncio.sleep(10 * sum(PAUSES_S))
        assert ledger.entries[0].cost.estimated
        assert records.asked == len(PAUSES_S)

    run(main())


def test_a_start_settles_what_the_last_run_left():
    """What was estimated within a day is asked about again, and the part that was reported stays."""

    async def main() -> None:
        records, ledger = Records(700), MemoryLedger()
        await ledger.book(entry(reported=30))
        async with settling(ledger, records):
            await asyncio.sleep(sum(PAUSES_S))
        assert ledger.entries[0].cost.nano_usd == 730

    run(main())


def test_a_start_with_many_estimates_asks_for_a_few_at_a_time():
    """Two thousand estimates are no two thousand requests at once."""

    async def main() -> None:
        records, ledger = Records(*[100] * 2000, takes_s=0.2), MemoryLedger()
        for _ in range(2000):
            await ledger.book(entry())
        async with settling(ledger, records):
            await asyncio.sleep(200)
        assert records.most_at_once == AT_ONCE < 10
        assert all(not each.cost.estimated for each in ledger.entries)

    run(main())
