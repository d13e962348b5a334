"""Opening the database that `DATABASE_URL` names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.storage.engine.database import open_database
from bot.storage.engine.postgres.address import name_of

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.core.ports import Clock
    from bot.storage.engine.database import Database

SQLITE = "sqlite:///"


def database_name(url: str) -> str:
    """What a log may call it: a path, or an address without user and password."""
    if url.startswith(SQLITE):
        return str(Path(url.removeprefix(SQLITE)).absolute())
    return name_of(url)


def open_url(url: str, *, clock: Clock | None = None) -> AbstractAsyncContextManager[Database]:
    """Open a database with its newest schema: a file for `sqlite:///path`, else a PostgreSQL server's.

    Raises:
        StorageError: on entering; it can't be used, and `reason` says why.
    """
    if url.startswith(SQLITE):
        return open_database(Path(url.removeprefix(SQLITE)), clock=clock)
    # Its driver takes 25 ms to load and 10 MB of memory, which a bot on SQLite doesn't need.
    from bot.storage.engine.postgres.database import open_postgres  # noqa: PLC0415 - asyncpg costs memory

    return open_postgres(url, clock=clock)
