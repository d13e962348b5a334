"""A database as the stores see it, and SQLite as it is one."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import aiosqlite

from bot.core.errors import StorageError
from bot.storage.errors import plain_errors
from bot.storage.files import copy_database, prepare_file
from bot.storage.schema import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

log = logging.getLogger(__name__)

Value = str | int | None
Row = tuple[Any, ...]

BUSY_TIMEOUT_S = 5.0  # how long a statement waits for another process that is writing
# Temporary tables stay in memory: nothing that was said lands in a file that nobody cleans.
COMMON_PRAGMAS = ("foreign_keys = ON", "temp_store = MEMORY")
# NORMAL loses no consistency under WAL, and a commit only with the computer's power (https://sqlite.org/wal.html).
WRITER_PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "secure_delete = ON", *COMMON_PRAGMAS)
READER_PRAGMAS = ("query_only = ON", *COMMON_PRAGMAS)


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


class Database(Protocol):
    """Where the stores keep things. All of it raises `StorageError` for what the owner can mend."""

    def read(self) -> AbstractAsyncContextManager[Session]:
        """Read what has been committed; each statement sees the newest state."""
        ...

    def write(self) -> AbstractAsyncContextManager[Session]:
        """One transaction: committed when the block ends, undone when it raises or is cancelled.

        Writers wait for each other. A task cancelled during the commit itself may find it done.
        """
        ...


class SqliteDatabase:
    """The `Database` in one SQLite file, by one connection that writes and one that reads."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        self._check_open()
        with plain_errors():
            yield _SqliteSession(self._reader)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        async with self._writing:
            self._check_open()
            with plain_errors():
                async with _transaction(self._writer) as session:
                    yield session

    async def backup(self, target: Path) -> None:
        """Copy the database to a file while the bot goes on; an older file gives way to a whole copy only.

        Raises:
            StorageError: the copy could not be made; a file of that name is as it was.
        """
        await asyncio.to_thread(copy_database, self.path, target)

    async def close(self) -> None:
        """Let a transaction under way end, then take no more. Repeated calls do nothing."""
        async with self._writing:
            self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("it is closed")


class _SqliteSession:
    """Statements on one connection. Every call is one trip to the connection's thread."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def execute(self, sql: str, *values: Value) -> int:
        return (await self._connection.execute(sql, storable(values))).rowcount

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        return list(await self._connection.execute_fetchall(sql, storable(values)))  # type: ignore[arg-type]

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


@asynccontextmanager
async def open_database(path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> AsyncIterator[SqliteDatabase]:
    """Open the database of a file, made with its folder where missing and brought to the newest schema.

    Raises:
        StorageError: the file cannot be used; `reason` says why.
    """
    async with AsyncExitStack() as stack:
        with plain_errors():
            prepare_file(path)
            writer = await _connect(stack, path, WRITER_PRAGMAS, busy_timeout_s)
            await migrate(writer)
            reader = await _connect(stack, path, READER_PRAGMAS, busy_timeout_s)
        database = SqliteDatabase(path, writer, reader)
        stack.push_async_callback(database.close)
        yield database


async def _connect(
    stack: AsyncExitStack, path: Path, pragmas: tuple[str, ...], timeout_s: float
) -> aiosqlite.Connection:
    """Open a connection that the stack closes: one left open would keep the process from ending."""
    connection = aiosqlite.connect(path, isolation_level=None, timeout=timeout_s)
    await stack.enter_async_context(connection)
    for pragma in pragmas:
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    return connection


@asynccontextmanager
async def _transaction(connection: aiosqlite.Connection) -> AsyncIterator[Session]:
    """A transaction that cannot be left open.

    The connection's thread takes statements in the order they were sent, also those whose sender was cancelled
    meanwhile: a ROLLBACK sent here runs before anything of the next transaction, and does nothing after a COMMIT.
    """
    session = _SqliteSession(connection)
    try:
        await session.execute("BEGIN IMMEDIATE")
        yield session
        await session.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            await connection.rollback()
        raise


def storable(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Values as both databases take them: text without lone surrogates and NUL, which become U+FFFD."""
    return tuple(_storable_text(value) if isinstance(value, str) else value for value in values)


def _storable_text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, so that two halves of one character which came apart are joined.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
