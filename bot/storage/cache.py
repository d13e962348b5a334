"""What is worth keeping over a restart, though it can be fetched again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.storage.engine.database import Database

KEEP = """
    INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, kept_at = excluded.kept_at
"""


class SqliteCache:
    """The `Cache` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, key: str) -> tuple[str, int] | None:
        async with self._database.read() as session:
            row = await session.fetch_one("SELECT value, kept_at FROM cache WHERE key = ?1", key)
        return None if row is None else (str(row[0]), int(row[1]))

    async def keep(self, key: str, value: str, *, now: int) -> None:
        async with self._database.write() as session:
            await session.execute(KEEP, key, value, now)
