"""The file's write lock: when another program holds it, everybody knows and nobody waits in turn."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, TypeVar

from bot.core.errors import StorageError
from bot.storage.engine.errors import BUSY, is_busy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")
PAUSE_S = 0.02  # between two tries


class WriteLock:
    """Takes the lock for one writer at a time, and remembers when that failed."""

    def __init__(self, clock: Clock, *, patience_s: float) -> None:
        """`patience_s` is how long a writer waits until somebody's wait fails."""
        self._clock = clock
        self._patience_s = patience_s
        self._held_by_others = False

    async def acquire(self, statement: Callable[[], Awaitable[T]]) -> T:
        """Run the statement that takes the lock. While another program is known to hold it, try just once.

        Raises:
            StorageError: another program holds the lock.
        """
        deadline = self._clock.monotonic() + (0 if self._held_by_others else self._patience_s)
        while True:
            try:
                result = await statement()
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
                if self._clock.monotonic() >= deadline:
                    self._note(held_by_others=True)
                    raise StorageError(BUSY) from error
            else:
                self._note(held_by_others=False)
                return result
            await self._clock.sleep(PAUSE_S)

    def _note(self, *, held_by_others: bool) -> None:
        if held_by_others and not self._held_by_others:
            log.warning("another program has locked the database; nothing can be saved until it lets go")
        elif self._held_by_others and not held_by_others:
            log.info("the database can be written again")
        self._held_by_others = held_by_others
