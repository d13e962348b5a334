"""What every `Cache` promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.storage.cache import SqliteCache

if TYPE_CHECKING:
    from bot.storage.engine.database import Database


async def test_what_is_kept_is_loaded_with_its_time(database: Database) -> None:
    """The newest value under a key, and None for a key nothing was kept under."""
    cache = SqliteCache(database)
    assert await cache.load("models") is None
    await cache.keep("models", "[]", now=100)
    await cache.keep("models", "[1]" * 100_000, now=200)
    await cache.keep("key", "{}", now=300)
    assert await cache.load("models") == ("[1]" * 100_000, 200)
