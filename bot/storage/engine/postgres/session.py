"""Statements and transactions on a PostgreSQL server."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from bot.storage.engine.postgres.errors import plain_errors
from bot.storage.engine.session import storable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage.engine.postgres.pool import Pool
    from bot.storage.engine.session import Row, Value

T = TypeVar("T")
WRITERS = 0x48647774_00000001  # the advisory lock of those who write; the first half spells Hdwt
STATEMENT_S = 5.0  # for a statement by itself
IN_TRANSACTION_S = 60.0  # an erasure may delete a million turns
TRIES = 10
LOCK_S = 5  # how long a transaction waits for another
# What another transaction's changes make of a statement. By itself it has done nothing then, so it's run again
# and sees them: a question that was deleted meanwhile gets no answer.
OVERTAKEN = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.UniqueViolationError,
)
# A transaction is on the server's disk when it ends, and with it all statements before. Of those, a crash of the
# server itself may lose what is younger than half a second.
BEGIN = (
    f"BEGIN; SET LOCAL lock_timeout = '{LOCK_S}s'; SET LOCAL synchronous_commit = on; "
    f"SELECT pg_advisory_xact_lock({WRITERS})"
)
_MARK = re.compile(r"\?(\d+)")


@lru_cache(maxsize=1000)
def dollars(sql: str) -> str:
    """A statement with its values as PostgreSQL spells them: `$1` for `?1`."""
    return _MARK.sub(r"$\1", sql)


class TransactionSession:
    """Statements on one connection, in the transaction that is open there."""

    def __init__(self, connection: asyncpg.Connection, *, timeout_s: float = IN_TRANSACTION_S) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    async def execute(self, sql: str, *values: Value) -> int:
        with plain_errors():
            status = await self._connection.execute(dollars(sql), *storable(values), timeout=self._timeout_s)
        return _count(status)

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        with plain_errors():
            rows = await self._connection.fetch(dollars(sql), *storable(values), timeout=self._timeout_s)
        return [tuple(row) for row in rows]

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


class SingleSession:
    """Statements that are each a transaction by themselves, on whatever connection is free."""

    def __init__(self, pool: Pool, *, timeout_s: float = STATEMENT_S) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    async def execute(self, sql: str, *values: Value) -> int:
        return await self._run(lambda session: session.execute(sql, *values))

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        return await self._run(lambda session: session.fetch(sql, *values))

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None

    async def _run(self, statement: Callable[[TransactionSession], Awaitable[T]]) -> T:
        for attempt in range(1, TRIES + 1):
            try:
                async with self._pool.use() as connection:
                    return await statement(TransactionSession(connection, timeout_s=self._timeout_s))
            except Exception as error:
                cause = error if isinstance(error, OVERTAKEN) else error.__cause__
                if attempt == TRIES or not isinstance(cause, OVERTAKEN):
                    raise
        raise AssertionError("unreachable")


async def begin(connection: asyncpg.Connection) -> None:
    """Open a transaction. Writers wait for each other, those of other processes too, as in a file of SQLite's."""
    with plain_errors():
        await connection.execute(BEGIN, timeout=2 * LOCK_S)


async def commit(connection: asyncpg.Connection) -> None:
    with plain_errors():
        await connection.execute("COMMIT", timeout=STATEMENT_S)


async def roll_back(connection: asyncpg.Connection) -> None:
    """Undo the transaction; a connection that broke has done so."""
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
        await connection.execute("ROLLBACK", timeout=STATEMENT_S)


def _count(status: str) -> int:
    """How many rows a statement changed: `INSERT 0 3`, `UPDATE 3`; 0 for what changes none."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0
