"""What every `Ledger` promises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.conversation.ports import ClosedReply
from bot.core.records import Place, ReplyState
from bot.money.billing import CallReport
from bot.money.ledger import Cost, Entry, Estimate, Period
from bot.storage.ledger import SqliteLedger

if TYPE_CHECKING:
    from bot.storage.conversations import SqliteConversations
    from bot.storage.engine.database import Database

NOON = 1_795_348_800  # 2026-11-22 12:00 UTC
DAY = 86_400


@pytest.fixture
def ledger(database: Database) -> SqliteLedger:
    return SqliteLedger(database)


def entry(nano_usd: int, *, at: int = NOON, user: int = 7, guild: int | None = 1, channel: int = 2) -> Entry:
    place = Place(channel_id=channel, guild_id=guild)
    return Entry(at=at, place=place, user_id=user, model="a/model", state="complete", cost=Cost(nano_usd=nano_usd))


async def test_totals_are_sums_by_account_and_period(ledger: SqliteLedger) -> None:
    """Exact to the nano-dollar, each account by itself, each day and month by itself."""
    for booked in (
        entry(100),
        entry(23, user=8),
        entry(4000, at=NOON - DAY),
        entry(50_000, at=NOON - 30 * DAY),
        entry(600_000, guild=None, channel=5),
    ):
        await ledger.book(booked)
    assert await ledger.spent(["user:7@1", "user:7", "channel:2", "guild:1", "all", "guild:2"], at=NOON) == {
        ("user:7@1", Period.DAY): 100,
        ("user:7@1", Period.MONTH): 4100,
        ("user:7", Period.DAY): 600_000,
        ("user:7", Period.MONTH): 600_000,
        ("channel:2", Period.DAY): 123,
        ("channel:2", Period.MONTH): 4123,
        ("guild:1", Period.DAY): 123,
        ("guild:1", Period.MONTH): 4123,
        ("all", Period.DAY): 600_123,
        ("all", Period.MONTH): 604_123,
    }


async def test_an_account_that_spent_nothing_is_not_there(ledger: SqliteLedger) -> None:
    """Nothing is made up."""
    assert await ledger.spent(["all"], at=NOON) == {}


async def test_an_estimate_is_corrected_once_in_entry_and_totals(ledger: SqliteLedger) -> None:
    """The difference goes to the day and the month that it was booked in; what was reported stays as it is."""
    yesterday = NOON - DAY
    cost = Cost(nano_usd=500, estimated=True)
    place = Place(channel_id=2, guild_id=1)
    guessed = Entry(
        at=yesterday, place=place, user_id=7, model="m", state="stopped", cost=cost, generation_id="gen-1"
    )
    exact = await ledger.book(entry(100))
    estimated = await ledger.book(guessed)
    assert await ledger.estimates(since=yesterday) == [Estimate(estimated, "gen-1", 0)]
    assert await ledger.estimates(since=NOON) == []
    for entry_id in (estimated, estimated, exact):
        await ledger.correct(entry_id, 320)
    assert await ledger.estimates(since=yesterday) == []
    assert await ledger.spent(["all"], at=yesterday) == {("all", Period.DAY): 320, ("all", Period.MONTH): 420}
    assert (await ledger.spent(["user:7@1"], at=NOON))["user:7@1", Period.DAY] == 100


async def test_a_reply_is_booked_once(ledger: SqliteLedger, store: SqliteConversations) -> None:
    """However often it's tried, and by whom: as it closes, after a crash, by another process."""
    booked = replace(entry(30), reply_id=4)
    closed = ClosedReply(
        reply_id=4, state=ReplyState.COMPLETE, text="so", report=CallReport(model="m"), error="", now=NOON
    )
    assert await ledger.book(booked)
    assert await ledger.book(booked) == 0
    assert await store.close_reply(closed, booked) == 0
    assert await ledger.spent(["all"], at=NOON) == {("all", Period.DAY): 30, ("all", Period.MONTH): 30}
    assert await ledger.book(entry(1)) != await ledger.book(entry(1))


async def test_a_call_without_a_reply_is_booked_once(ledger: SqliteLedger) -> None:
    """A kill between the commit and the end of the file of unbooked entries costs nobody anything twice."""
    trial = replace(entry(100), generation_id="gen-1")
    assert await ledger.book(trial) > 0
    assert await ledger.book(trial) == 0
    assert await ledger.book(replace(trial, generation_id="gen-2")) > 0
    assert await ledger.book(replace(trial, generation_id=None)) > 0
    assert (await ledger.spent(["all"], at=NOON))["all", Period.DAY] == 300
