"""PostgreSQL as a `Database`."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.background import Background
from bot.core.clock import SystemClock
from bot.core.errors import StorageError
from bot.storage.engine import database as engine
from bot.storage.engine.postgres.address import name_of
from bot.storage.engine.postgres.announcements import RUNNING, Announcements
from bot.storage.engine.postgres.errors import plain_errors
from bot.storage.engine.postgres.pool import Pool, connect
from bot.storage.engine.postgres.schema import migrate
from bot.storage.engine.postgres.session import (
    SingleSession,
    TransactionSession,
    begin,
    commit,
    roll_back,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.core.ports import Announcer, Clock
    from bot.storage.engine.session import Session


class PostgresDatabase:
    """The `Database` on a server, which several processes may share."""

    engine = "postgresql"

    def __init__(self, url: str, *, clock: Clock) -> None:
        self.name = name_of(url)
        self._url = url
        self._clock = clock
        self._pool = Pool(url, clock)
        self._writing, self._reporting = asyncio.Lock(), asyncio.Lock()
        self._closed = False

    async def open(self) -> None:
        """Bring the schema up to date; before anything else, and once."""
        with plain_errors():
            connection = await connect(self._url)
        try:
            await migrate(connection)
        finally:
            connection.terminate()
        await self._pool.open()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        self._check_open()
        yield SingleSession(self._pool)

    @asynccontextmanager
    async def report(self) -> AsyncIterator[Session]:
        self._check_open()
        try:
            async with asyncio.timeout(engine.REPORT_S), self._reporting, self._pool.use() as connection:
                yield TransactionSession(connection)
        except TimeoutError as error:
            raise StorageError(engine.TOO_LONG) from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        self._check_open()
        async with self._writing, self._pool.use() as connection:
            try:
                await begin(connection)
                yield TransactionSession(connection)
                await commit(connection)
            except BaseException:
                await roll_back(connection)
                raise

    @asynccontextmanager
    async def single(self) -> AsyncIterator[Session]:
        self._check_open()
        yield SingleSession(self._pool)

    async def scrub(self) -> None:
        """Nothing: PostgreSQL overwrites what was deleted when it vacuums, by itself."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Announcer]:
        await engine.check_complete(self)
        announcements = Announcements(self._url, self._pool, self._clock)
        connection = await announcements.listen()
        hearing = Background(
            "hearing other processes", lambda: announcements.keep_listening(connection), self._clock
        )
        hearing.start()
        try:
            yield announcements
        finally:
            await hearing.aclose()
            connection.terminate()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        with plain_errors():
            connection = await connect(self._url)
        try:
            with plain_errors():
                is_free = await connection.fetchval(f"SELECT pg_try_advisory_lock({RUNNING})")
            if not is_free:
                raise StorageError(engine.IN_USE)
            yield
        finally:
            connection.terminate()

    async def size(self) -> int:
        async with self.read() as session:
            row = await session.fetch_one("SELECT pg_database_size(current_database())")
        return int(row[0]) if row else 0

    async def close(self) -> None:
        """Let a running transaction end, then take no more. Repeated calls do nothing."""
        async with self._writing:
            self._closed = True
            await self._pool.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("it's closed")


@asynccontextmanager
async def open_postgres(url: str, *, clock: Clock | None = None) -> AsyncIterator[PostgresDatabase]:
    """Open the database at a server; an empty or old one gets the newest schema.

    Raises:
        StorageError: it can't be used; `reason` says why.
    """
    database = PostgresDatabase(url, clock=clock or SystemClock())
    await database.open()
    try:
        yield database
    finally:
        await database.close()
