"""The ledger summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.money.usage import Group, Point, Record, Sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.money.usage import Selection
    from bot.storage.engine.database import Database

COLUMN = {Group.PERSON: "user_id", Group.CHANNEL: "channel_id", Group.MODEL: "model"}
# 0 stands for direct messages, which have no server, and for every channel and everybody.
SELECTED = """
    FROM ledger
    WHERE booked_at >= ?1
      AND COALESCE(guild_id, 0) = ?2
      AND (?3 = 0 OR channel_id = ?3)
      AND (?4 = 0 OR user_id = ?4)
"""
SUMS = """
    SELECT {column}, COUNT(*), SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), SUM(prompt_tokens),
        SUM(completion_tokens), SUM(cost_nano_usd), SUM(cost_nano_usd * estimated), AVG(first_token_ms)
    {selected}
    GROUP BY {column} ORDER BY SUM(cost_nano_usd) DESC, COUNT(*) DESC, {column}
"""
POINTS = f"""
    SELECT booked_at - booked_at % ?5, model, COUNT(*), SUM(cost_nano_usd)
    {SELECTED}
    GROUP BY 1, 2 ORDER BY 1, 2
"""
RECORDS = f"""
    SELECT booked_at, guild_id, channel_id, user_id, model, state, prompt_tokens, completion_tokens, cost_nano_usd,
        estimated, first_token_ms
    {SELECTED}
    ORDER BY id DESC LIMIT ?5
"""


class SqliteUsage:
    """The `UsageReports` of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(self, selection: Selection, by: Group) -> Sequence[Sum]:
        sql = SUMS.format(column=COLUMN[by], selected=SELECTED)
        async with self._database.read() as session:
            rows = await session.fetch(sql, *_values(selection))
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
        async with self._database.read() as session:
            rows = await session.fetch(POINTS, *_values(selection), step_s)
        return [
            Point(at=at, model=model, answers=answers, nano_usd=nano_usd) for at, model, answers, nano_usd in rows
        ]

    async def records(self, selection: Selection, *, limit: int) -> Sequence[Record]:
        async with self._database.read() as session:
            rows = await session.fetch(RECORDS, *_values(selection), limit)
        return [
            Record(
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
            for row in rows
        ]


def _values(selection: Selection) -> tuple[int, int, int, int]:
    return (selection.since, selection.guild_id or 0, selection.channel_id or 0, selection.user_id or 0)
