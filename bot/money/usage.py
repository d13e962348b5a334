"""Usage summed up for people: by person, channel or model."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.core.units import DAY_S, HOUR_S, NANO
from bot.money.ledger import Period, resets_at

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK_S = 7 * DAY_S
COLUMNS = (
    "time",
    "server",
    "channel",
    "person",
    "model",
    "state",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "estimated",
    "first_token_ms",
)


class Span(StrEnum):
    """What a report covers: today or this month (calendar, UTC), or the last seven days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Group(StrEnum):
    """What a report is broken down by."""

    PERSON = "person"
    CHANNEL = "channel"
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The entries of a report: those of one server (None: direct messages), channel or person."""

    since: int  # seconds since the epoch
    guild_id: int | None
    channel_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A sum of entries. `name` is an id or a model; `estimated_nano_usd` is the part that nobody reported."""

    name: str
    answers: int
    failures: int
    prompt_tokens: int
    completion_tokens: int
    nano_usd: int
    estimated_nano_usd: int
    first_token_ms: int | None  # on average

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one model did in one step of time that began at `at`."""

    at: int  # seconds since the epoch
    model: str
    answers: int
    nano_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of the ledger, ready for export."""

    at: int
    guild_id: int | None
    channel_id: int
    user_id: int
    model: str
    state: str
    prompt_tokens: int
    completion_tokens: int
    nano_usd: int
    estimated: bool
    first_token_ms: int | None


class UsageReports(Protocol):
    """Reads the ledger; all of it raises `StorageError`."""

    async def sums(self, selection: Selection, by: Group) -> Sequence[Sum]:
        """Sums by group, the most expensive first."""
        ...

    async def points(self, selection: Selection, *, step_s: int) -> Sequence[Point]:
        """Sums by model and by hour or day, in UTC, without steps that have no entry."""
        ...

    async def records(self, selection: Selection, *, limit: int) -> Sequence[Record]:
        """The entries themselves, newest first."""
        ...


def begin(span: Span, now: int) -> int:
    """The start of a span, in seconds since the epoch."""
    if span is Span.WEEK:
        return now - WEEK_S
    if span is Span.DAY:
        return resets_at(Period.DAY, now) - DAY_S
    return int(
        datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    )


def step_of(span: Span) -> int:
    """The steps of a report's plot, in seconds: hours for a day, days for the others."""
    return HOUR_S if span is Span.DAY else DAY_S


def total(sums: Sequence[Sum]) -> Sum:
    """The sum of all groups."""
    timed = [each for each in sums if each.first_token_ms is not None]
    weight = sum(each.answers for each in timed)
    return Sum(
        name="",
        answers=sum(each.answers for each in sums),
        failures=sum(each.failures for each in sums),
        prompt_tokens=sum(each.prompt_tokens for each in sums),
        completion_tokens=sum(each.completion_tokens for each in sums),
        nano_usd=sum(each.nano_usd for each in sums),
        estimated_nano_usd=sum(each.estimated_nano_usd for each in sums),
        first_token_ms=sum((each.first_token_ms or 0) * each.answers for each in timed) // weight
        if weight
        else None,
    )


def to_csv(records: Sequence[Record]) -> str:
    """Entries for a spreadsheet, with exact costs."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerow(
            (
                datetime.fromtimestamp(record.at, UTC).isoformat(),
                record.guild_id,
                record.channel_id,
                record.user_id,
                record.model,
                record.state,
                record.prompt_tokens,
                record.completion_tokens,
                f"{Decimal(record.nano_usd) / NANO:f}",
                int(record.estimated),
                record.first_token_ms,
            )
        )
    return out.getvalue()
