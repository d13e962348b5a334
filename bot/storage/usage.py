"""The ledger summed up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.money.usage import Group, Point, Record, Sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.money.usage import Selection
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row

COLUMN = {Group.PERSON: "user_id", Group.CHANNEL: "channel_id", Group.MODEL: "model"}
# A call whose request was sent again (`REPEATED` in `bot.money.billing`) is no answer by itself.
SUMS = """
    SELECT {column}, COUNT(CASE WHEN state <> 'repeated' THEN 1 END),
        SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), SUM(prompt_tokens), SUM(completion_tokens),
        SUM(cost_nano_usd), SUM(cost_nano_usd * estimated), AVG(first_token_ms)
    FROM ledger WHERE {selected}
    GROUP BY {column} ORDER BY SUM(cost_nano_usd) DESC, COUNT(*) DESC, {column}
"""
POINTS = """
    SELECT booked_at - booked_at % ?1, model, COUNT(CASE WHEN state <> 'repeated' THEN 1 END), SUM(cost_nano_usd)
    FROM ledger WHERE {selected}
    GROUP BY 1, 2 ORDER BY 1, 2
"""
RECORDS = """
    SELECT booked_at, guild_id, channel_id, user_id, model, state, prompt_tokens, completion_tokens, cost_nano_usd,
        estimated, first_token_ms
    FROM ledger WHERE {selected}
    ORDER BY booked_at DESC, id DESC LIMIT ?1
"""


class SqliteUsage:
    """The `UsageReports` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(self, selection: Selection, by: Group) -> Sequence[Sum]:
        selected, values = _selected(selection, first=1)
        async with self._database.report() as session:
            rows = await session.fetch(SUMS.format(column=COLUMN[by], selected=selected), *values)
        return [
            Sum(
                name=str(name),
                answers=answers,
                failures=failures,
                prompt_tokens=read,
                completion_tokens=written,
                nano_usd=nano_usd,
                estimated_nano_usd=estimated,
                first_token_ms=None if first_token_ms is None else round(first_token_ms),
            )
            for name, answers, failures, read, written, nano_usd, estimated, first_token_ms in rows
        ]

    async def points(self, selection: Selection, *, step_s: int) -> Sequence[Point]:
        selected, values = _selected(selection, first=2)
        async with self._database.report() as session:
            rows = await session.fetch(POINTS.format(selected=selected), step_s, *values)
        return [
            Point(at=at, model=model, answers=answers, nano_usd=nano_usd) for at, model, answers, nano_usd in rows
        ]

    async def records(self, selection: Selection, *, limit: int) -> Sequence[Record]:
        selected, values = _selected(selection, first=2)
        async with self._database.report() as session:
            rows = await session.fetch(RECORDS.format(selected=selected), limit, *values)
        # Tens of thousands: making them here would hold up every stream of the process.
        return await asyncio.to_thread(lambda: [_record(row) for row in rows])


def _record(row: Row) -> Record:
    return Record(
        at=row[0],
        guild_id=row[1],
        channel_id=row[2],
        user_id=row[3],
        model=row[4],
        state=row[5],
        prompt_tokens=row[6],
        completion_tokens=row[7],
        nano_usd=row[8],
        estimated=bool(row[9]),
        first_token_ms=row[10],
    )


def _selected(selection: Selection, *, first: int) -> tuple[str, tuple[int, ...]]:
    """A condition for each part of a selection, with its values from `?{first}` on.

    Each combination has an index: what is not selected by must not stand in the statement.
    """
    chosen = {
        "guild_id": selection.guild_id,
        "channel_id": selection.channel_id,
        "user_id": selection.user_id,
    }
    values = {column: value for column, value in chosen.items() if value is not None}
    terms = [f"{column} = ?{number}" for number, column in enumerate(values, start=first + 1)]
    if selection.guild_id is None:  # direct messages
        terms.append("guild_id IS NULL")
    return " AND ".join([f"booked_at >= ?{first}", *terms]), (selection.since, *values.values())
