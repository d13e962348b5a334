"""Who may have a file made now: each takes megabytes of memory for some seconds."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.ui.errors import FileUnderWayError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = 2  # files; the others wait


class FileSlots:
    """One file at a time for each person, a few at once for everybody."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._people: set[int] = set()

    @asynccontextmanager
    async def slot(self, user_id: int) -> AsyncIterator[None]:
        """Wait for a place.

        Raises:
            FileUnderWayError: this person already has a file made.
        """
        if user_id in self._people:
            raise FileUnderWayError
        self._people.add(user_id)
        try:
            async with self._slots:
                yield
        finally:
            self._people.discard(user_id)
