"""A bounded number of connections to a server that may be gone for a while."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING

import asyncpg

from bot.core.errors import StorageError
from bot.storage.engine.errors import BUSY
from bot.storage.engine.postgres.address import connectable
from bot.storage.engine.postgres.errors import LOST, SLOW, UNREACHABLE, plain_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

MOST = 5  # connections of a process; small plans allow 20 for everybody
CONNECT_S = 3.0
WAIT_S = 5.0  # for a free connection, when all are in use
RETRY_S = 1.0  # between two tries to reach a server that is gone
# How long a statement by itself waits for a row, before it lets go of those it has and is run again: less than the
# second after which the server looks for deadlocks, so that it never undoes a whole transaction because of one.
LOCK_MS = 500
APPLICATION = "headwater"
BROKEN = frozenset({LOST, SLOW, UNREACHABLE})  # after these a connection may be in any state


async def connect(url: str) -> asyncpg.Connection:
    """A connection of its own. Raises what asyncpg raises."""
    connection = await asyncpg.connect(connectable(url), timeout=CONNECT_S, server_settings=_settings())
    await _set_up(connection)
    return connection


def _settings() -> dict[str, str]:
    """A statement by itself doesn't wait for the server's disk, as with SQLite; see `BEGIN` for transactions."""
    return {"application_name": APPLICATION, "lock_timeout": str(LOCK_MS), "synchronous_commit": "off"}


async def _set_up(connection: asyncpg.Connection) -> None:
    """Sums of BIGINT are numeric; here they are numbers as everywhere else."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")


def _number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


class Pool:
    """The connections of this process. While the server is gone, one caller tries to reach it and others fail."""

    def __init__(self, url: str, clock: Clock, *, most: int = MOST) -> None:
        self._clock = clock
        self._fault: StorageError | None = None
        self._retry_at = 0.0
        self._trying = False
        self._pool = asyncpg.create_pool(
            connectable(url),
            min_size=0,
            max_size=most,
            timeout=CONNECT_S,
            server_settings=_settings(),
            init=_set_up,
            reset=_no_reset,
        )

    async def open(self) -> None:
        """Connect; once, before anything else."""
        with plain_errors():
            await self._pool
            async with self._pool.acquire():
                pass

    @asynccontextmanager
    async def use(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for the block. One that broke, or whose statement took too long, isn't used again.

        Raises:
            StorageError: there is none.
        """
        connection = await self._acquire()
        try:
            yield connection
        except StorageError as error:
            if error.reason in BROKEN:
                with suppress(asyncpg.InterfaceError):  # the pool has noticed, and let go of it
                    connection.terminate()
            raise
        finally:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections, those in use as well after a moment."""
        try:
            await asyncio.wait_for(self._pool.close(), WAIT_S)
        except TimeoutError:
            self._pool.terminate()

    async def _acquire(self) -> asyncpg.Connection:
        if self._fault and (self._trying or self._clock.monotonic() < self._retry_at):
            raise StorageError(self._fault.reason)
        self._trying = self._fault is not None
        try:
            with plain_errors():
                connection = await self._wait()
        except StorageError as error:
            self._note(error)
            raise
        finally:
            self._trying = False
        self._note(None)
        return connection

    async def _wait(self) -> asyncpg.Connection:
        busy = self._pool.get_size() - self._pool.get_idle_size() >= self._pool.get_max_size()
        try:
            return await self._pool.acquire(timeout=WAIT_S)
        except TimeoutError:
            if busy:
                raise StorageError(BUSY) from None
            raise

    def _note(self, fault: StorageError | None) -> None:
        if fault is not None and self._fault is None and fault.reason != BUSY:
            log.critical("%s: nothing is saved or read until it answers", fault.reason)
        elif fault is None and self._fault is not None:
            log.warning("the database server answers again")
        if fault is None or fault.reason != BUSY:
            self._fault = fault
        self._retry_at = self._clock.monotonic() + RETRY_S


async def _no_reset(_connection: object) -> None:
    """Sessions change nothing about a connection, so there's nothing to take back; it would be a round trip."""
