"""A database whose time is measured."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.core.telemetry.meter import DATABASE, DATABASE_FAILURES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bot.core.ports import Clock
    from bot.core.telemetry.meter import Meter
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session


class MeteredDatabase:
    """Another `Database`, each use of which is timed, with the wait for others."""

    def __init__(self, database: Database, clock: Clock, meter: Meter) -> None:
        self.name, self.engine = database.name, database.engine
        self._database = database
        self._clock = clock
        self._meter = meter
        self.scrub, self.size = database.scrub, database.size
        self.running, self.alone = database.running, database.alone

    def read(self) -> AbstractAsyncContextManager[Session]:
        return self._timed(self._database.read(), "read")

    def report(self) -> AbstractAsyncContextManager[Session]:
        return self._timed(self._database.report(), "report")

    def write(self) -> AbstractAsyncContextManager[Session]:
        return self._timed(self._database.write(), "write")

    def single(self) -> AbstractAsyncContextManager[Session]:
        return self._timed(self._database.single(), "write")

    @asynccontextmanager
    async def _timed(self, use: AbstractAsyncContextManager[Session], work: str) -> AsyncIterator[Session]:
        began = self._clock.monotonic()
        try:
            async with use as session:
                yield session
        except StorageError:
            self._meter.count(DATABASE_FAILURES, work=work)
            raise
        finally:
            self._meter.observe(DATABASE, self._clock.monotonic() - began, work=work)
