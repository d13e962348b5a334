"""Estimates give way to what the provider has on record."""

from __future__ import annotations

import asyncio

from bot.core.errors import ProviderUnavailableError
from bot.core.records import Place
from bot.money.ledger import Cost, Entry
from bot.money.settlement import PAUSES_S, SettlingLedger
from tests.fakes import MemoryLedger
from tests.virtual import VirtualClock, run


class Records:
    """Records of generations; each answer is used once, then there is none."""

    def __init__(self, *answers: int | Exception | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def cost(self, _generation_id: str) -> int | None:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def entry(*, estimated: bool = True, generation_id: str | None = "gen-1", reported: int = 0) -> Entry:
    cost = Cost(nano_usd=500 + reported, estimated=estimated, reported_nano_usd=reported)
    return Entry(
        at=int(VirtualClock().time()),
        place=Place(channel_id=1),
        user_id=7,
        model="m",
        state="stopped",
        cost=cost,
        generation_id=generation_id,
    )


def test_the_record_is_asked_for_until_it_is_there():
    """A record takes a moment; failures to ask are no answer; attempts that were reported stay counted."""

    async def main() -> None:
        records, inner = Records(None, ProviderUnavailableError(), 320), MemoryLedger()
        ledger = SettlingLedger(inner, records, VirtualClock())
        await ledger.book(entry(reported=40))
        await asyncio.sleep(sum(PAUSES_S))
        assert inner.entries[0].cost.nano_usd == 360
        assert not inner.entries[0].cost.estimated
        assert records.asked == 3

    run(main())


def test_what_has_no_record_stays_estimated():
    """The asking ends."""

    async def main() -> None:
        records, inner = Records(), MemoryLedger()
        ledger = SettlingLedger(inner, records, VirtualClock())
        await ledger.book(entry())
        await asyncio.sleep(10 * sum(PAUSES_S))
        assert inner.entries[0].cost.estimated
        assert records.asked == len(PAUSES_S)

    run(main())


def test_nothing_else_is_asked_about():
    """Neither what was reported nor what has no name."""

    async def main() -> None:
        records = Records(1, 2)
        ledger = SettlingLedger(MemoryLedger(), records, VirtualClock())
        await ledger.book(entry(estimated=False))
        await ledger.book(entry(generation_id=None))
        await asyncio.sleep(sum(PAUSES_S))
        assert records.asked == 0

    run(main())


def test_a_start_settles_what_the_last_run_left():
    """Closing in between loses nothing."""

    async def main() -> None:
        inner = MemoryLedger()
        first = SettlingLedger(inner, Records(), VirtualClock())
        await first.book(entry())
        await first.aclose()
        second = SettlingLedger(inner, Records(320), VirtualClock())
        await second.catch_up()
        await asyncio.sleep(PAUSES_S[0] + 1)
        assert inner.entries[0].cost.nano_usd == 320

    run(main())
