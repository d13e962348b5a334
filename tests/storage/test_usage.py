"""What every `UsageReports` promises."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from bot.core.records import Place
from bot.money.billing import REPEATED
from bot.money.ledger import Cost, Entry
from bot.money.usage import Group, Point, Selection, Span, Sum, begin, to_csv, total
from bot.storage.ledger import SqliteLedger
from bot.storage.usage import SqliteUsage

if TYPE_CHECKING:
    from bot.storage.engine.database import Database

NOON = 1_795_348_800  # Sunday, 2026-11-22 12:00 UTC
DAY = 86_400
SERVER = Selection(since=NOON - DAY, guild_id=1)


def entry(
    nano_usd: int,
    *,
    user: int = 7,
    channel: int = 2,
    guild: int | None = 1,
    model: str = "a/model",
    state: str = "complete",
    at: int = NOON,
    estimated: bool = False,
    first: int | None = 500,
) -> Entry:
    cost = Cost(prompt_tokens=100, completion_tokens=10, nano_usd=nano_usd, estimated=estimated)
    place = Place(channel_id=channel, guild_id=guild)
    return Entry(at=at, place=place, user_id=user, model=model, state=state, cost=cost, first_token_ms=first)


@pytest.fixture
async def usage(database: Database) -> SqliteUsage:
    ledger = SqliteLedger(database)
    for booked in (
        entry(100),
        entry(300, user=8, channel=3, model="b/model", first=1500),
        entry(50, user=8, state="failed", first=None, estimated=True),
        entry(7777, at=NOON - 2 * DAY),
        entry(8888, guild=2),
        entry(9999, guild=None, channel=5),
    ):
        await ledger.book(booked)
    return SqliteUsage(database)


async def test_sums_by_person_channel_and_model(usage: SqliteUsage) -> None:
    """The most expensive first, of the selection alone, with failures and estimates told apart."""
    by_person = await usage.sums(SERVER, Group.PERSON)
    assert by_person == [
        Sum(
            name="8",
            answers=2,
            failures=1,
            prompt_tokens=200,
            completion_tokens=20,
            nano_usd=350,
            estimated_nano_usd=50,
            first_token_ms=1500,
        ),
        Sum(
            name="7",
            answers=1,
            failures=0,
            prompt_tokens=100,
            completion_tokens=10,
            nano_usd=100,
            estimated_nano_usd=0,
            first_token_ms=500,
        ),
    ]
    assert [each.name for each in await usage.sums(SERVER, Group.CHANNEL)] == ["3", "2"]
    assert [each.name for each in await usage.sums(SERVER, Group.MODEL)] == ["b/model", "a/model"]
    everything = total(by_person)
    assert (everything.answers, everything.nano_usd, everything.first_token_ms) == (3, 450, 1166)


@pytest.mark.parametrize(
    ("selection", "nano_usd"),
    [
        (Selection(since=NOON - DAY, guild_id=1, user_id=8), 350),
        (Selection(since=NOON - DAY, guild_id=1, channel_id=2), 150),
        (Selection(since=NOON - 3 * DAY, guild_id=1), 8227),
        (Selection(since=NOON - DAY, guild_id=None, user_id=7), 9999),
        (Selection(since=NOON + 1, guild_id=1), 0),
    ],
)
async def test_a_selection_sees_nothing_else(usage: SqliteUsage, selection: Selection, nano_usd: int) -> None:
    """Servers and direct messages are apart, and so is what was before."""
    assert total(await usage.sums(selection, Group.MODEL)).nano_usd == nano_usd


async def test_a_plot_goes_by_time_and_model(usage: SqliteUsage) -> None:
    """Sums of each day, in UTC, and of the selection alone."""
    midnight = NOON - DAY // 2
    older = Selection(since=NOON - 2 * DAY, guild_id=1)
    assert await usage.points(older, step_s=DAY) == [
        Point(at=midnight - 2 * DAY, model="a/model", answers=1, nano_usd=7777),
        Point(at=midnight, model="a/model", answers=2, nano_usd=150),
        Point(at=midnight, model="b/model", answers=1, nano_usd=300),
    ]


async def test_a_repeated_call_costs_but_is_no_answer(database: Database) -> None:
    """Its request was sent again, and the answer to that has an entry of its own."""
    ledger, usage = SqliteLedger(database), SqliteUsage(database)
    await ledger.book(entry(5, state=REPEATED, first=None))
    await ledger.book(entry(100))
    everything = total(await usage.sums(SERVER, Group.PERSON))
    assert (everything.answers, everything.failures, everything.nano_usd) == (1, 0, 105)
    assert [(point.answers, point.nano_usd) for point in await usage.points(SERVER, step_s=DAY)] == [(1, 105)]


async def test_reports_keep_nobody_else_waiting(
    usage: SqliteUsage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger may be long, so they leave the connection that everybody reads by alone."""
    monkeypatch.setattr(database, "read", None)
    assert await usage.sums(SERVER, Group.PERSON)
    assert await usage.points(SERVER, step_s=DAY)
    assert await usage.records(SERVER, limit=1)


async def test_the_export_has_every_entry_exactly(usage: SqliteUsage) -> None:
    """The newest first, as a spreadsheet reads it."""
    rows = list(csv.DictReader(to_csv(await usage.records(SERVER, limit=100)).splitlines()))
    assert [row["cost_usd"] for row in rows] == ["0.00000005", "0.0000003", "0.0000001"]
    assert rows[0] | {"time": "2026-11-22T12:00:00+00:00", "state": "failed", "estimated": "1"} == rows[0]
    assert len(await usage.records(SERVER, limit=2)) == 2


@pytest.mark.parametrize(
    ("span", "seconds"), [(Span.DAY, DAY // 2), (Span.WEEK, 7 * DAY), (Span.MONTH, 21 * DAY + DAY // 2)]
)
def test_spans_begin_by_the_calendar(span: Span, seconds: int) -> None:
    """Days and months at midnight UTC, weeks seven days ago."""
    assert begin(span, NOON) == NOON - seconds
