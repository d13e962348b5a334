"""Whether the database can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.cache import SqliteCache

if TYPE_CHECKING:
    from bot.storage.engine.database import SqliteDatabase

KEY = "health"


async def examine(database: SqliteDatabase, *, now: int) -> int:
    """Write something that nobody needs; return the size of the database's files in bytes.

    Raises:
        StorageError: it can't be written.
    """
    await SqliteCache(database).keep(KEY, "", now=now)
    files = (database.path.with_name(database.path.name + ending) for ending in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
