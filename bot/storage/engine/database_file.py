"""The file that is open, and what happens when it disappears or another one takes its place."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.storage.engine.connections import Connections, connect
from bot.storage.engine.errors import GONE, plain_errors
from bot.storage.engine.files import are_there, file_id, remove_log
from bot.storage.engine.schema import skip_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bot.core.ports import Clock
    from bot.storage.engine.files import FileId

log = logging.getLogger(__name__)

REOPEN_S = 1.0  # between two tries to open the file that took the old one's place


class DatabaseFile:
    """Keeps the connections to the file at a path. The file is known by device and inode, not by its handle.

    A file that is gone is waited for, never created again: the connections stay, in case it comes back.
    """

    def __init__(self, path: Path, clock: Clock, *, patience_s: float) -> None:
        self.path = path
        self._clock = clock
        self._patience_s = patience_s
        self._connections: Connections | None = None
        self._stack = AsyncExitStack()
        self._left_behind: Mapping[Path, FileId] = {}  # the log of a file that isn't here any more
        self._is_gone = False
        self._fault: StorageError | None = None
        self._reopen_at = 0.0

    @property
    def connections(self) -> Connections | None:
        """The connections to the file; None when it or its log isn't the one they use, and needs `reopen`.

        Raises:
            StorageError: there is no file, or it can't be looked at.
        """
        try:
            found = file_id(self.path)
        except StorageError as error:
            if error.reason == GONE and not self._is_gone:
                log.critical("the database file %s is gone: nothing is saved or read until it's back", self.path)
                self._is_gone = True
            raise
        if self._connections is None or self._connections.file != found:
            return None
        if not are_there(self._connections.log):  # a crash would lose what is in the deleted one
            return None
        if self._is_gone:
            log.warning("the database file %s is back", self.path)
            self._is_gone = False
        return self._connections

    async def open(self, *, in_place_of_another: bool = False) -> Connections:
        """Connect to the file at the path; ids are left out where it took another one's place."""
        async with AsyncExitStack() as stack:
            connections = await connect(stack, self.path, self._clock, patience_s=self._patience_s)
            if in_place_of_another:
                with plain_errors():
                    await skip_ids(connections.writer)
            self._connections, self._stack = connections, stack.pop_all()
        return connections

    async def reopen(self) -> Connections:
        """Let go of the old file and open the one that took its place, at most once in `REOPEN_S`.

        Raises:
            StorageError: the new file can't be used.
        """
        now = self._clock.monotonic()
        if self._fault and now < self._reopen_at:
            raise StorageError(self._fault.reason)
        self._reopen_at = now + REOPEN_S
        try:
            await self.close()
            connections = await self.open(in_place_of_another=True)
        except StorageError as error:
            if self._fault is None or self._fault.reason != error.reason:
                log.critical("%s was replaced by a file that can't be used: %s", self.path, error.reason)
            self._fault = error
            raise
        log.warning("%s or its log was replaced: what is there now is in use", self.path)
        self._fault, self._is_gone = None, False
        return connections

    async def close(self) -> None:
        """Close the connections; what the file leaves behind goes with it.

        Raises:
            StorageError: it couldn't be removed; the next call tries again.
        """
        connections, self._connections = self._connections, None
        with plain_errors():
            if connections is not None:
                if not _is_at(self.path, connections.file):  # SQLite leaves a moved file's log behind
                    self._left_behind = connections.log
                # Fold the log in while it can be reached.
                with suppress(sqlite3.Error):
                    await connections.writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
            await self._stack.aclose()
        remove_log(self.path, self._left_behind)
        self._left_behind = {}


def _is_at(path: Path, file: FileId) -> bool:
    with suppress(StorageError):
        return file_id(path) == file
    return False
