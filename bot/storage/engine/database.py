"""A database as the stores see it, and SQLite as one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.core.clock import SystemClock
from bot.core.errors import StorageError
from bot.storage.engine.database_file import DatabaseFile
from bot.storage.engine.errors import BUSY, REPLACED, plain_errors
from bot.storage.engine.files import leave_wal
from bot.storage.engine.session import SqliteSession, stop_statements, transaction
from bot.storage.engine.write_lock import WriteLock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from bot.core.ports import Announcer, Clock
    from bot.storage.engine.connections import Connections
    from bot.storage.engine.session import Session

log = logging.getLogger(__name__)

PATIENCE_S = 0.8  # how long a write waits for another program: people learn within a second that nothing is saved
REPORT_S = 5.0  # how long a report may read
SCRUB_ATTEMPTS, SCRUB_PAUSE_S = 8, 0.2  # longer than a report of ours, which takes `REPORT_S` at most


IN_USE = "a bot is running on it; stop it first"
TOO_LONG = "that takes too long to read; choose a shorter period"


class Database(Protocol):
    """Where the stores keep things. Everything raises `StorageError` for what the owner can fix.

    Attributes:
        name: what a log may call it; no secrets.
        engine: sqlite or postgresql, for what both spell differently.
    """

    name: str
    engine: str

    def read(self) -> AbstractAsyncContextManager[Session]:
        """Read what has been committed; each statement sees the newest state."""
        ...

    def report(self) -> AbstractAsyncContextManager[Session]:
        """Read so much that nobody else should wait for it. One report runs at a time, for `REPORT_S` at most."""
        ...

    def write(self) -> AbstractAsyncContextManager[Session]:
        """One transaction: committed when the block ends, undone when it raises or is cancelled.

        Writers wait for each other. A task cancelled during the commit itself may find it done.
        """
        ...

    def single(self) -> AbstractAsyncContextManager[Session]:
        """For statements that write, each of them a transaction by itself, without BEGIN and COMMIT."""
        ...

    async def scrub(self) -> None:
        """Overwrite what was deleted, as far as the engine can: in SQLite's files not one byte stays."""
        ...

    async def size(self) -> int:
        """In bytes."""
        ...

    def running(self) -> AbstractAsyncContextManager[Announcer]:
        """For the bot, as long as it runs: keeps `copy` out of the database, and hears other processes.

        Raises:
            StorageError: `copy` is writing to it, or has not come to its end.
        """
        ...

    def alone(self) -> AbstractAsyncContextManager[None]:
        """For `copy`: keeps every bot out.

        Raises:
            StorageError: a bot is running on it.
        """
        ...


async def check_complete(database: Database) -> None:
    """Raises `StorageError` where `copy` has begun to fill a database and not ended."""
    async with database.read() as session:
        if await session.fetch_one("SELECT 1 FROM cache WHERE key = 'copying'"):
            raise StorageError("a copy into it isn't complete; run `python -m bot copy` again")


class Alone:
    """The `Announcer` of a process that shares its database with no other."""

    async def announce(self, topic: str, number: int, text: str = "") -> None:
        """Nobody to tell."""

    def on(self, topic: str, heard: Callable[[int, str], object]) -> None:
        """Nobody to hear."""


class SqliteDatabase:
    """The `Database` in one SQLite file, with a connection that writes, one that reads, and one for reports."""

    engine = "sqlite"

    def __init__(self, path: Path, *, clock: Clock, patience_s: float = PATIENCE_S) -> None:
        self.path = path
        self.name = str(path.absolute())
        self._file = DatabaseFile(path, clock, patience_s=patience_s)
        self._clock = clock
        self._lock = WriteLock(clock, patience_s=patience_s)
        self._writing, self._reporting = asyncio.Lock(), asyncio.Lock()
        self._stopping: asyncio.Task[None] | None = None  # a report that nobody waits for any more
        self._closed = False

    async def open(self) -> None:
        """Open the file; before anything else, and once."""
        await self._file.open()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        connections = await self._for_reading()
        with plain_errors():
            try:
                yield SqliteSession(connections.reader)
            except ValueError as error:  # what aiosqlite raises once a connection is closed
                if self._file.connections is connections:
                    raise
                raise StorageError(REPLACED) from error

    @asynccontextmanager
    async def report(self) -> AsyncIterator[Session]:
        reports = (await self._for_reading()).reports
        try:
            async with asyncio.timeout(REPORT_S), self._reporting:
                if self._stopping:
                    await asyncio.wait({self._stopping})
                try:
                    with plain_errors():
                        yield SqliteSession(reports)
                except asyncio.CancelledError:
                    self._stopping = asyncio.create_task(stop_statements(reports), name="stopping a report")
                    raise
        except TimeoutError as error:
            raise StorageError(TOO_LONG) from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        async with self._writing:
            writer = (await self._for_writing()).writer
            with plain_errors():
                async with transaction(writer, self._lock.acquire) as session:
                    yield session

    @asynccontextmanager
    async def single(self) -> AsyncIterator[Session]:
        async with self._writing:
            writer = (await self._for_writing()).writer
            with plain_errors():
                yield SqliteSession(writer, self._lock.acquire)

    async def scrub(self) -> None:
        """Fold the log into the file and empty it; `secure_delete` has overwritten what was deleted there.

        Raises:
            StorageError: readers held the log for too long, so what was deleted may still be in it.
        """
        for attempt in range(SCRUB_ATTEMPTS):
            await self._clock.sleep(attempt * SCRUB_PAUSE_S)
            async with self._writing:
                writer = (await self._for_writing()).writer
                with plain_errors():
                    ((busy, _, _),) = await writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            if not busy:
                return
        raise StorageError(BUSY)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Announcer]:
        await check_complete(self)
        yield Alone()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Only a file without other connections can be taken out of WAL mode (https://sqlite.org/wal.html)."""
        async with self._writing:
            await self._file.close()
            is_free = await asyncio.to_thread(leave_wal, self.path)
            await self._file.open()
        if not is_free:
            raise StorageError(IN_USE)
        yield

    async def size(self) -> int:
        files = (Path(f"{self.path}{ending}") for ending in ("", "-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    async def close(self) -> None:
        """Let a running transaction end, then take no more. Repeated calls do nothing."""
        async with self._writing:
            self._closed = True
            if self._stopping:
                await asyncio.wait({self._stopping})
            try:
                await self._file.close()
            except StorageError as error:
                log.warning("the database didn't close cleanly: %s", error.reason)

    async def _for_reading(self) -> Connections:
        self._check_open()
        if connections := self._file.connections:
            return connections
        if self._writing.locked():  # perhaps by this very task
            raise StorageError(REPLACED)
        async with self._writing:
            return await self._for_writing()

    async def _for_writing(self) -> Connections:
        """Only for the task that has `_writing`."""
        self._check_open()
        return self._file.connections or await self._file.reopen()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("it's closed")


@asynccontextmanager
async def open_database(
    path: Path, *, clock: Clock | None = None, patience_s: float = PATIENCE_S
) -> AsyncIterator[SqliteDatabase]:
    """Open the database in a file. A missing file is made, with its folder; an old one gets the newest schema.

    Raises:
        StorageError: the file can't be used; `reason` says why.
    """
    database = SqliteDatabase(path, clock=clock or SystemClock(), patience_s=patience_s)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
