"""Costs and periods."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.core.events import Usage
from bot.core.records import ModelInfo, Place
from bot.money.ledger import Cost, Period, accounts, cost_of, period_name, resets_at

PRICED = ModelInfo(id="a/model", name="A", context_length=1000, prompt_price=100, completion_price=400)
FREE = ModelInfo(id="a/free", name="A", context_length=1000, prompt_price=0, completion_price=0)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("now", "day", "month", "next_day", "next_month"),
    [
        ("2026-11-22T10:00", "2026-11-22", "2026-11", "2026-11-23", "2026-12-01"),
        ("2026-12-31T23:59:59", "2026-12-31", "2026-12", "2027-01-01", "2027-01-01"),
        ("2028-02-29T00:00", "2028-02-29", "2028-02", "2028-03-01", "2028-03-01"),
        ("2026-01-31T12:00", "2026-01-31", "2026-01", "2026-02-01", "2026-02-01"),
    ],
)
def test_periods_go_by_the_calendar(now: str, day: str, month: str, next_day: str, next_month: str):
    """In UTC, whatever the length of the month."""
    assert period_name(Period.DAY, at(now)) == day
    assert period_name(Period.MONTH, at(now)) == month
    assert resets_at(Period.DAY, at(now)) == at(next_day)
    assert resets_at(Period.MONTH, at(now)) == at(next_month)


def test_a_thread_spends_its_channels_money():
    """And in direct messages there is no server to pay."""
    thread = Place(channel_id=3, parent_id=2, guild_id=1)
    assert accounts(7, thread) == ("user:7@1", "person:7", "channel:2", "guild:1", "all")
    assert accounts(7, Place(channel_id=5)) == ("user:7", "person:7", "channel:5", "all")


@pytest.mark.parametrize(
    ("usage", "guess", "info", "cost"),
    [
        (None, None, PRICED, Cost()),
        (
            Usage(prompt_tokens=10, completion_tokens=5, cost_nano_usd=2999),
            None,
            PRICED,
            Cost(prompt_tokens=10, completion_tokens=5, nano_usd=2999),
        ),
        (
            Usage(prompt_tokens=10, completion_tokens=5),
            None,
            PRICED,
            Cost(prompt_tokens=10, completion_tokens=5, nano_usd=3000, estimated=True),
        ),
        (None, (10, 5), PRICED, Cost(prompt_tokens=10, completion_tokens=5, nano_usd=3000, estimated=True)),
        (None, (10, 5), FREE, Cost(prompt_tokens=10, completion_tokens=5)),
        (None, (10, 5), None, Cost(prompt_tokens=10, completion_tokens=5, estimated=True)),
        (
            Usage(prompt_tokens=10, completion_tokens=0, cost_nano_usd=1000),
            (10, 5),
            PRICED,
            Cost(prompt_tokens=20, completion_tokens=5, nano_usd=4000, estimated=True, reported_nano_usd=1000),
        ),
    ],
)
def test_what_is_reported_counts_and_what_is_not_is_estimated(
    usage: Usage | None, guess: tuple[int, int] | None, info: ModelInfo | None, cost: Cost
):
    """Estimates say that they are; failed attempts that were charged count besides."""
    assert cost_of(usage, info, guess=guess) == cost
