"""Whether the database can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.cache import SqliteCache

if TYPE_CHECKING:
    from bot.storage.engine.database import Database

KEY = "health"


async def examine(database: Database, *, now: int) -> int:
    """Write something that nobody needs; return the database's size in bytes.

    Raises:
        StorageError: it can't be written.
    """
    await SqliteCache(database).keep(KEY, "", now=now)
    return await database.size()
