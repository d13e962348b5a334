"""What every `SharedReservations` promises, and that budgets hold over several processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.core.clock import SystemClock
from bot.core.records import Place
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.ledger import ALL, Cost, Entry
from bot.money.limits import BudgetSpentError
from bot.money.reservations import HELD_S
from bot.money.unbooked import Unbooked
from bot.settings.resolver import EffectiveSettings
from bot.storage.engine.opening import open_url
from bot.storage.ledger import SqliteLedger
from bot.storage.reservations import SqliteReservations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.storage.engine.database import Database

NOW = 1_700_000_000
PRICE = 50


async def seen(database: Database, process: str, *accounts: str, now: int = NOW) -> dict[str, int]:
    """What the others have set aside, as a process sees it."""
    found: dict[str, int] = {}

    async def look(elsewhere: Mapping[str, int]) -> bool:
        found.update(elsewhere)
        return False

    assert not await SqliteReservations(database, process=process).put(
        dict.fromkeys(accounts, 0), now=now, check=look
    )
    return found


async def test_a_process_sees_what_others_have_set_aside(database: Database) -> None:
    """Their totals by account, not its own; until they give it back, or renew it no more."""
    a, b = (SqliteReservations(database, process=name) for name in "ab")
    assert await a.put({"all": 5, "guild:1": 3}, now=NOW)
    assert await b.put({"all": 7}, now=NOW + 30)
    assert await seen(database, "c", "all", "guild:1", "guild:2") == {"all": 12, "guild:1": 3}
    assert await seen(database, "a", "all") == {"all": 7}
    assert await a.put({"all": 0, "guild:1": 4}, now=NOW + 1)
    assert await seen(database, "c", "all", "guild:1") == {"all": 7, "guild:1": 4}
    assert await seen(database, "c", "all", "guild:1", now=NOW + HELD_S + 10) == {"all": 7}


async def test_a_refused_reservation_leaves_nothing(database: Database) -> None:
    """Neither where it doesn't fit, nor where it raises."""
    store = SqliteReservations(database, process="a")

    async def raises(_elsewhere: Mapping[str, int]) -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        await store.put({"all": 5}, now=NOW, check=raises)
    assert await seen(database, "b", "all") == {}


async def test_a_budget_holds_over_processes(url: str) -> None:
    """Two processes with forty questions at once against a budget for ten: ten are answered, the rest refused."""
    async with open_url(url) as one, open_url(url) as other:
        processes = [Process(database, name) for name, database in (("a", one), ("b", other))]
        working = [asyncio.create_task(process.budgets.run()) for process in processes]
        asked = [process.ask(number) for number in range(20) for process in processes]
        answered = await asyncio.gather(*asked)
        for work in working:
            work.cancel()
        assert sum(answered) == 10
        assert {account: nano for (account, _), nano in (await spent(one)).items()} == {ALL: 10 * PRICE}


async def spent(database: Database) -> Mapping[tuple[str, object], int]:
    return await SqliteLedger(database).spent([ALL], at=int(SystemClock().time()))


class Process:
    """What of a process has to do with budgets."""

    def __init__(self, database: Database, name: str) -> None:
        clock = SystemClock()
        self.ledger = SqliteLedger(database)
        shared = SqliteReservations(database, process=name)
        owner = OwnerBudgets(month=10 * PRICE)
        self.clock = clock
        self.budgets = Budgets(self.ledger, Unbooked(clock), clock, owner=owner, shared=shared)

    async def ask(self, number: int) -> bool:
        """A question that costs what was thought likely; False where the budget refuses it."""
        place = Place(channel_id=number, guild_id=number)
        charge = self.budgets.charge(number, place, EffectiveSettings(), is_exempt=False)
        try:
            reservation = await self.budgets.reserve(charge, PRICE, on_wait=lambda: None)
        except BudgetSpentError:
            return False
        await asyncio.sleep(0.05)
        at = int(self.clock.time())
        await self.ledger.book(
            Entry(at=at, place=place, user_id=number, model="m", state="complete", cost=Cost(nano_usd=PRICE))
        )
        self.budgets.release(reservation)
        return True
