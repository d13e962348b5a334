"""A database as the stores see it, and SQLite as it is one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import aiosqlite

from bot.core.errors import StorageError
from bot.storage.engine.errors import plain_errors
from bot.storage.engine.files import copy_database, prepare_file
from bot.storage.engine.schema import migrate
from bot.storage.engine.session import SqliteSession, transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.storage.engine.session import Session

BUSY_TIMEOUT_S = 5.0  # how long a statement waits for another process that is writing
SCRUB_ATTEMPTS, SCRUB_PAUSE_S = 5, 0.2  # a reader of ours is done within milliseconds
# Temporary tables stay in memory: nothing that was said lands in a file that nobody cleans.
COMMON_PRAGMAS = ("foreign_keys = ON", "temp_store = MEMORY")
WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # under WAL, loses commits only with the computer's power (https://sqlite.org/wal.html)
    # The log is folded into the file every 16 MB: one commit in some hundreds takes 20 ms for it, where at the
    # usual 4 MB one in fifty would take 5 ms.
    "wal_autocheckpoint = 4000",
    "secure_delete = ON",
    *COMMON_PRAGMAS,
)
READER_PRAGMAS = ("query_only = ON", *COMMON_PRAGMAS)


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

    async def scrub(self) -> None:
        """See to it that no byte of what has been deleted can be found in the files."""
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
            yield SqliteSession(self._reader)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        async with self._writing:
            self._check_open()
            with plain_errors():
                async with transaction(self._writer) as session:
                    yield session

    async def scrub(self) -> None:
        """Fold the log into the file and empty it; `secure_delete` has overwritten what was deleted there.

        Raises:
            StorageError: readers held the log for too long; what was deleted may still be in it.
        """
        for attempt in range(SCRUB_ATTEMPTS):
            await asyncio.sleep(attempt * SCRUB_PAUSE_S)
            async with self._writing:
                self._check_open()
                with plain_errors():
                    ((busy, _, _),) = await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            if not busy:
                return
        raise StorageError("another program is using it")

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
