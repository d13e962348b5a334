"""Statements, and the transactions they run in."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import aiosqlite

T = TypeVar("T")
INTERRUPT_S = 0.01  # between two tries to stop a statement
Value = str | int | float | bytes | None
Row = tuple[Any, ...]


def marks(first: int, count: int) -> str:
    """`?3, ?4, ?5`: the places of `count` values, numbered from `first`, as `IN (...)` takes them."""
    return ", ".join(f"?{number}" for number in range(first, first + count))


class Session(Protocol):
    """Runs one statement at a time, in the SQL that SQLite and PostgreSQL share.

    Values stand as `?1`, `?2` and so on in the statement, which PostgreSQL spells `$1`, `$2`.
    """

    async def execute(self, sql: str, *values: Value) -> int:
        """Run a statement that gives no rows; return how many it changed."""
        ...

    async def fetch(self, sql: str, *values: Value) -> list[Row]: ...

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        """The first row; None where there is none."""
        ...


class Acquire(Protocol):
    """Runs a statement that takes a lock, perhaps more than once."""

    async def __call__(self, statement: Callable[[], Awaitable[T]]) -> T: ...


async def at_once(statement: Callable[[], Awaitable[T]]) -> T:
    """For connections that wait for locks themselves."""
    return await statement()


class SqliteSession:
    """Statements on one connection. Every call is one trip to the connection's thread."""

    def __init__(self, connection: aiosqlite.Connection, acquire: Acquire = at_once) -> None:
        """`acquire` runs each statement: for sessions whose statements each take the lock."""
        self._connection = connection
        self._acquire = acquire

    async def execute(self, sql: str, *values: Value) -> int:
        return (await self._acquire(lambda: self._connection.execute(sql, storable(values)))).rowcount

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        async def run() -> list[Row]:
            rows = await self._connection.execute_fetchall(sql, storable(values))
            return list(rows)  # type: ignore[arg-type] # they are tuples

        return await self._acquire(run)

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


@asynccontextmanager
async def transaction(connection: aiosqlite.Connection, acquire: Acquire = at_once) -> AsyncIterator[Session]:
    """A transaction that can't be left open. `acquire` runs the statement that begins it.

    The connection's thread takes statements in the order they were sent, also those whose sender was cancelled
    meanwhile: a ROLLBACK sent here runs before anything of the next transaction, and does nothing after a COMMIT.
    """
    session = SqliteSession(connection)
    try:
        await acquire(lambda: session.execute("BEGIN IMMEDIATE"))
        yield session
        await session.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error, ValueError):  # ValueError: closed, so undone as well
            await connection.rollback()
        raise


async def stop_statements(connection: aiosqlite.Connection) -> None:
    """Interrupt what runs on a connection, or is queued for its thread, until nothing is left."""
    last = asyncio.ensure_future(connection.execute_fetchall("SELECT 1"))
    while not last.done():
        with suppress(ValueError):  # closed
            await connection.interrupt()  # does nothing to a statement that hasn't begun
        await asyncio.wait({last}, timeout=INTERRUPT_S)
    last.exception()


def storable(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Values as both databases take them: text without lone surrogates and NUL, which become U+FFFD."""
    return tuple(_storable_text(value) if isinstance(value, str) else value for value in values)


def _storable_text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        # Through UTF-16, which joins the two halves of a character where they follow each other.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
