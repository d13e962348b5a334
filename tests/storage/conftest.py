"""The databases that the contract tests run on; another adapter joins by another parameter."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.storage.conversations import SqliteConversations
from bot.storage.engine.opening import open_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Value
    from tests.servers.postgres import Server


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "headwater.db"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, path: Path) -> str:
    """An empty database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{path}"
    server: Server = request.getfixturevalue("postgres")
    return server.create(prepare=with_the_schema)


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with open_url(url) as opened:
        yield opened


def with_the_schema(url: str) -> None:
    """Bring a database up to date."""

    async def open_and_close() -> None:
        async with open_url(url):
            pass

    run_in_thread(open_and_close)


def run_in_thread(work: Callable[[], Coroutine[object, object, None]]) -> None:
    """To its end, from inside a running event loop as well."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(work())).result()


@pytest.fixture
def store(database: Database) -> SqliteConversations:
    return SqliteConversations(database)


async def write(database: Database, sql: str, *values: Value) -> int:
    """Run one statement."""
    async with database.single() as session:
        return await session.execute(sql, *values)
