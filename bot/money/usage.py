"""What was used, summed up for people: by whom, where, by which model."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    """What a report covers: today and this month by the calendar in UTC, or the last seven days."""

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
    """The entries that a report is about: of one server (None: direct messages), channel or person."""

    since: int  # seconds since the epoch
    guild_id: int | None
    channel_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Entries summed up. `name` is an id, or a model's; `estimated_nano_usd` is the part nobody reported."""

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
    """What one model did in one step of time, which began at `at`."""

    at: int  # seconds since the epoch
    model: str
    answers: int
    nano_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of the ledger, as it is exported."""

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
        """Sums by group, the dearest first."""
        ...

    async def points(self, selection: Selection, *, step_s: int) -> Sequence[Point]:
        """Sums by model and by hour or day, in UTC; steps without an entry are left out."""
        ...

    async def records(self, selection: Selection, *, limit: int) -> Sequence[Record]:
        """The entries themselves, the newest first."""
        ...


def begin(span: Span, now: int) -> int:
    """When a span began, in seconds since the epoch."""
    if span is Span.WEEK:
        return now - WEEK_S
    if span is Span.DAY:
        return resets_at(Period.DAY, now) - int(timedelta(days=1).total_seconds())
    return int(
        datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    )


def step_of(span: Span) -> int:
    """What a report's plot goes by, in seconds: a day's by the hour, the others by the day."""
    return HOUR_S if span is Span.DAY else DAY_S


def total(sums: Sequence[Sum]) -> Sum:
    """All groups together."""
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
    """Entries as a spreadsheet reads them; costs are exact."""
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
