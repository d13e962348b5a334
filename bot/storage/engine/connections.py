"""The connections to one SQLite file: how each is set up, and what is checked before they are used."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiosqlite

from bot.core.errors import StorageError
from bot.storage.engine.errors import DAMAGED, plain_errors
from bot.storage.engine.files import FileId, close_to_others, file_id, log_ids, prepare_file, uri_of
from bot.storage.engine.schema import claim, migrate
from bot.storage.engine.session import stop_statements
from bot.storage.engine.write_lock import WriteLock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack
    from pathlib import Path

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

OPENING_TIMEOUT_S = 5.0  # another process of ours may be migrating
CHECK_S = 2.0  # how long the page check may delay a start; a file of about 1 GB isn't read to its end
# Temporary tables stay in memory, so that nothing people said ends up in a file that nobody cleans.
COMMON_PRAGMAS = ("foreign_keys = ON", "temp_store = MEMORY")
WRITER_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",  # with WAL, loses commits only when the computer loses power (https://sqlite.org/wal.html)
    # Fold the log into the file every 16 MB. One commit in a few hundred takes 20 ms for that; at the default of
    # 4 MB, one in fifty takes 5 ms.
    "wal_autocheckpoint = 4000",
    "secure_delete = ON",
    *COMMON_PRAGMAS,
)
READER_PRAGMAS = ("query_only = ON", *COMMON_PRAGMAS)


@dataclass(frozen=True, slots=True)
class Connections:
    """All connections to a file. Reports may take seconds, so they have one that nobody else waits for."""

    file: FileId
    log: Mapping[Path, FileId]
    writer: aiosqlite.Connection
    reader: aiosqlite.Connection
    reports: aiosqlite.Connection


async def connect(stack: AsyncExitStack, path: Path, clock: Clock, *, patience_s: float) -> Connections:
    """Open a file for the stack to close, check it, and bring it to the newest schema.

    `patience_s` is how long a read waits for a lock. Writers wait in `WriteLock`, not here.

    Raises:
        StorageError: the file can't be used; `reason` says why.
    """
    # SQLite's own waiting gives up at once where two processes change the journal of a new file.
    lock = WriteLock(clock, patience_s=OPENING_TIMEOUT_S)
    with plain_errors():
        prepare_file(path)
        writer = await _open(stack, path, timeout_s=0)
        await lock.acquire(lambda: claim(writer))
        close_to_others(path)
        await lock.acquire(lambda: _set(writer, WRITER_PRAGMAS))
        await lock.acquire(lambda: _check_pages(writer, path))
        await migrate(writer, lock.acquire)
        reader, reports = [await _open(stack, path, timeout_s=patience_s) for _ in range(2)]
        for connection in (reader, reports):
            await _set(connection, READER_PRAGMAS)
    return Connections(file_id(path), log_ids(path), writer, reader, reports)


async def _open(stack: AsyncExitStack, path: Path, *, timeout_s: float) -> aiosqlite.Connection:
    """Open a connection that the stack closes: one left open would keep the process from ending."""
    return await stack.enter_async_context(
        aiosqlite.connect(uri_of(path), uri=True, isolation_level=None, timeout=timeout_s)
    )


async def _set(connection: aiosqlite.Connection, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        await connection.execute_fetchall(f"PRAGMA {pragma}")


async def _check_pages(connection: aiosqlite.Connection, path: Path) -> None:
    """Look for torn pages, within `CHECK_S`."""
    try:
        async with asyncio.timeout(CHECK_S):
            ((found,),) = await connection.execute_fetchall("PRAGMA quick_check(1)")
    except TimeoutError:
        await stop_statements(connection)
        log.info("%s is too large to check all of it at the start", path)
        return
    if found != "ok":
        log.error("%s failed SQLite's quick_check: %s", path, found)
        raise StorageError(DAMAGED)
