"""What processes on one PostgreSQL server tell each other."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError
from bot.storage.engine.opening import open_url
from bot.storage.engine.postgres.announcements import RUNNING
from bot.storage.engine.postgres.pool import connect
from tests.storage.conftest import with_the_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.core.ports import Announcer
    from tests.servers.postgres import Server

Heard = list[tuple[int, str]]


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.create(prepare=with_the_schema)


@pytest.fixture
async def processes(url: str) -> AsyncIterator[list[Announcer]]:
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(open_url(url)) for _ in range(2)]
        yield [await stack.enter_async_context(database.running()) for database in databases]


async def until(is_so: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - a server's doing, not ours
            await asyncio.sleep(0.01)


async def test_what_one_announces_the_other_hears_within_a_second(processes: list[Announcer]) -> None:
    """Not the one who says it, and nobody who listens for something else."""
    one, other = processes
    heard: dict[str, Heard] = {"own": [], "stop": [], "forget": []}
    one.on("stop", lambda number, text: heard["own"].append((number, text)))
    for topic in ("stop", "forget"):
        other.on(topic, lambda number, text, topic=topic: heard[topic].append((number, text)))
    await one.announce("stop", 2**62, "Zoë 🎉 'quoted'")
    await until(lambda: bool(heard["stop"]), 1)
    assert heard == {"own": [], "stop": [(2**62, "Zoë 🎉 'quoted'")], "forget": []}


async def test_a_broken_connection_is_made_again(processes: list[Announcer], postgres: Server) -> None:
    """Announcements come through again within seconds."""
    one, other = processes
    heard: Heard = []
    other.on("stop", lambda number, text: heard.append((number, text)))
    postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")

    async def say() -> None:
        while not heard:
            await one.announce("stop", 1)
            await asyncio.sleep(0.1)

    await asyncio.wait_for(say(), 10)


async def test_nonsense_on_the_channel_is_ignored(processes: list[Announcer], postgres: Server, url: str) -> None:
    """Anybody who may connect can send it."""
    heard: Heard = []
    processes[0].on("stop", lambda number, text: heard.append((number, text)))
    for nonsense in ("x", "{}", "[1]", '["a", "stop", "1", ""]', '["a", "stop", 1, null]'):
        postgres.psql(f"NOTIFY headwater, '{nonsense}'", url.rpartition("/")[2])
    await processes[1].announce("stop", 5)
    await until(lambda: bool(heard), 1)
    assert heard == [(5, "")]


async def test_no_bot_starts_while_the_database_is_copied_to(url: str) -> None:
    """It would write into what isn't all there."""
    copying = await connect(url)
    await copying.execute(f"SELECT pg_advisory_lock({RUNNING})")
    async with open_url(url) as database:
        with pytest.raises(StorageError, match="`copy` is writing to it"):
            async with database.running():
                pass
    copying.terminate()
