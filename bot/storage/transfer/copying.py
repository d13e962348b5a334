"""Copying a database's contents into another, from where an earlier try ended, and checking that all is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.storage.engine.session import marks
from bot.storage.transfer.tables import MARKER, Table, tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row, Value

NOT_EMPTY = "it has contents of its own; name an empty database"
OTHER_SOURCE = "it has the beginning of a copy from elsewhere; name an empty database"
READ_MARKER = f"SELECT value FROM cache WHERE key = '{MARKER}'"  # noqa: S608 - a constant
SET_MARKER = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, 0)"
REMOVE_MARKER = "DELETE FROM cache WHERE key = ?1"
# How each engine knows the newest id that a table ever gave; also that of a row deleted since.
NEWEST = {
    "sqlite": "SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?1",
    "postgresql": "SELECT pg_sequence_last_value(CAST(pg_get_serial_sequence(?1, 'id') AS regclass))",
}
RAISE = {
    "sqlite": (
        "DELETE FROM sqlite_sequence WHERE name = ?1",
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
    ),
    "postgresql": ("SELECT setval(pg_get_serial_sequence(?1, 'id'), ?2)",),
}


async def copy(source: Database, target: Database, progress: Callable[[str, int, int], object]) -> dict[str, int]:
    """Copy everything; returns how many rows each table has.

    `progress` hears a table's name, how many of its rows are there, and how many there will be.

    Raises:
        StorageError: the target isn't empty, or, with all tables that differ, contents aren't the same in the end.
    """
    await _begin(source, target)
    counts = {}
    for table in tables():
        counts[table.name] = await _copy_table(table, source, target, progress)
    for table in tables():
        if table.is_numbered:
            await _copy_newest_id(table.name, source, target)
    if differing := [table.name for table in tables() if await differs(table, source, target)]:
        names = ", ".join(differing)
        raise StorageError(f"these tables differ: {names}. Stop the bot, empty the target and copy again")
    async with target.single() as session:
        await session.execute(REMOVE_MARKER, MARKER)
    return counts


async def differs(table: Table, source: Database, target: Database) -> bool:
    """Whether a table's count of rows, or the sum of any column, isn't the same."""
    return await _row(source, table.sums()) != await _row(target, table.sums())


async def _begin(source: Database, target: Database) -> None:
    marker = await _row(target, READ_MARKER)
    if marker and marker[0] != source.name:
        raise StorageError(OTHER_SOURCE)
    if marker is None:
        for table in tables():
            if table.name != "cache" and await _row(target, f"SELECT 1 FROM {table.name} LIMIT 1"):  # noqa: S608 - ours
                raise StorageError(NOT_EMPTY)
        async with target.write() as session:
            await session.execute("DELETE FROM cache")
            await session.execute(SET_MARKER, MARKER, source.name)


async def _copy_table(
    table: Table, source: Database, target: Database, progress: Callable[[str, int, int], object]
) -> int:
    key, columns = ", ".join(table.key), ", ".join(table.columns)
    total = _number(await _row(source, f"SELECT COUNT(*) FROM {table.rows}"))  # noqa: S608 - names of ours
    done = _number(await _row(target, f"SELECT COUNT(*) FROM {table.rows}"))  # noqa: S608 - names of ours
    backwards = ", ".join(f"{column} DESC" for column in table.key)
    last = await _row(target, f"SELECT {key} FROM {table.rows} ORDER BY {backwards} LIMIT 1")  # noqa: S608 - ours
    while True:
        progress(table.name, done, total)
        after = f"AND ({key}) > ({marks(1, len(last))})" if last else ""
        sql = f"SELECT {columns} FROM {table.rows} {after} ORDER BY {key} LIMIT {table.rows_at_once}"  # noqa: S608 - ours
        async with source.read() as session:
            rows = await session.fetch(sql, *(last or ()))
        if not rows:
            return done
        values: list[Value] = [value for row in rows for value in row]
        width = len(table.columns)
        places = ", ".join(f"({marks(first, width)})" for first in range(1, len(values), width))
        async with target.write() as session:
            await session.execute(f"INSERT INTO {table.name} ({columns}) VALUES {places}", *values)  # noqa: S608 - ours
        done += len(rows)
        names = list(table.columns)
        last = tuple(rows[-1][names.index(column)] for column in table.key)


async def _copy_newest_id(name: str, source: Database, target: Database) -> None:
    newest = _number(await _row(source, NEWEST[source.engine], name))
    if newest:
        async with target.write() as session:
            for sql in RAISE[target.engine]:
                await session.fetch(sql, *((name, newest) if "?2" in sql else (name,)))


async def _row(database: Database, sql: str, *values: Value) -> Row | None:
    async with database.read() as session:
        return await session.fetch_one(sql, *values)


def _number(row: Row | None) -> int:
    return int(row[0]) if row and row[0] is not None else 0
