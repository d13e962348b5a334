"""What processes on one PostgreSQL server tell each other, and that the bot is running there at all."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.storage.engine.postgres.errors import plain_errors
from bot.storage.engine.postgres.pool import RETRY_S, connect
from bot.storage.engine.postgres.session import SingleSession

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from bot.core.ports import Clock
    from bot.storage.engine.postgres.pool import Pool

log = logging.getLogger(__name__)

RUNNING = 0x48647774_00000003  # the advisory lock of running bots, which share it, and of `copy`, which doesn't
CHANNEL = "headwater"
COPYING = "`copy` is writing to it; start the bot when that is done"


class Announcements:
    """The `Announcer` by LISTEN and NOTIFY, on a connection of its own that is made again whenever it breaks."""

    def __init__(self, url: str, pool: Pool, clock: Clock) -> None:
        self._url = url
        self._pool = pool
        self._clock = clock
        self._name = secrets.token_hex(8)
        self._heard: dict[str, Callable[[int, str], object]] = {}
        self._broken = asyncio.Event()

    def on(self, topic: str, heard: Callable[[int, str], object]) -> None:
        self._heard[topic] = heard

    async def announce(self, topic: str, number: int, text: str = "") -> None:
        told = json.dumps([self._name, topic, number, text])
        try:
            await SingleSession(self._pool).fetch("SELECT pg_notify(?1, ?2)", CHANNEL, told)
        except StorageError as error:
            log.warning("other processes weren't told: %s", error)

    async def listen(self) -> asyncpg.Connection:
        """Begin to hear the others, on a connection that the caller ends.

        Raises:
            StorageError: the server can't be reached, or `copy` has the database for itself.
        """
        self._broken.clear()
        with plain_errors():
            connection = await connect(self._url)
            try:
                is_free = await connection.fetchval(f"SELECT pg_try_advisory_lock_shared({RUNNING})")
                connection.add_termination_listener(lambda _: self._broken.set())
                await connection.add_listener(CHANNEL, self._hear)
            except BaseException:
                connection.terminate()
                raise
        if not is_free:
            connection.terminate()
            raise StorageError(COPYING)
        return connection

    async def keep_listening(self, connection: asyncpg.Connection) -> None:
        """Make the connection again whenever it breaks, until cancelled."""
        try:
            while True:
                await self._broken.wait()
                while self._broken.is_set():
                    await self._clock.sleep(RETRY_S)
                    try:
                        connection = await self.listen()
                    except StorageError as error:
                        self._broken.set()
                        log.debug("other processes aren't heard: %s", error)
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, _channel: str, told: str) -> None:
        try:
            name, topic, number, text = json.loads(told)
            heard = self._heard.get(topic)
            if name != self._name and heard and isinstance(number, int) and isinstance(text, str):
                heard(number, text)
        except (ValueError, TypeError):
            log.warning("another process said something that can't be read")
