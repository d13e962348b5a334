"""What happens while another program holds the file's write lock."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError
from bot.storage.engine.database import open_database
from tests.storage.conftest import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.storage.engine.database import Database

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"
PATIENCE_S = 0.8


class CountingClock:
    """A clock that only its sleepers move on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of a transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


async def put(database: Database, key: str) -> str:
    """Write; return what became of it."""
    try:
        async with database.write() as session:
            await session.execute(PUT, key, "v", 0)
    except StorageError as error:
        return error.reason
    return "saved"


async def test_writers_do_not_wait_for_a_held_lock_in_turn(path: Path) -> None:
    """The first finds out within a second; the other nine learn it from the first, and readers never wait."""
    clock = CountingClock()
    async with open_database(path, clock=clock, patience_s=PATIENCE_S) as database:
        with held(path):
            outcomes = await asyncio.gather(*(put(database, f"{number}") for number in range(10)))
            assert outcomes == ["another program is using it"] * 10
            assert clock.now == pytest.approx(PATIENCE_S, abs=0.05)
            with pytest.raises(StorageError, match="another program is using it"):
                await write(database, PUT, "alone", "v", 0)
            assert clock.now == pytest.approx(PATIENCE_S, abs=0.05)
            async with database.read() as session:
                assert await session.fetch("SELECT key FROM cache") == []


async def test_writing_goes_on_once_the_lock_is_free(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No restart and no pause; the log says when it began and when it was over, once."""
    caplog.set_level("INFO")
    async with open_database(path, clock=CountingClock(), patience_s=PATIENCE_S) as database:
        with held(path):
            assert [await put(database, "a"), await put(database, "b")] == ["another program is using it"] * 2
        assert [await put(database, "c"), await put(database, "d")] == ["saved"] * 2
    said = [record.getMessage() for record in caplog.records if "database" in record.getMessage()]
    assert [line.split(";")[0] for line in said] == [
        "another program has locked the database",
        "the database can be written again",
    ]


async def test_a_lock_that_is_held_shortly_is_waited_for(path: Path) -> None:
    """Another process of ours writes in between, as in a rolling deploy."""
    clock = CountingClock()
    async with open_database(path, clock=clock, patience_s=PATIENCE_S) as database:
        with held(path) as other:
            writing = asyncio.create_task(put(database, "a"))
            while clock.now < PATIENCE_S / 2:  # noqa: ASYNC110 - its sleeps move the clock
                await asyncio.sleep(0)
            other.execute("COMMIT")
            assert await writing == "saved"


async def test_a_writer_cancelled_while_waiting_leaves_nothing(path: Path) -> None:
    """Its lock among our own writers is free for the next."""
    clock = CountingClock()
    async with open_database(path, clock=clock, patience_s=10 * PATIENCE_S) as database:
        with held(path):
            writing = asyncio.create_task(put(database, "a"))
            while clock.now == 0:  # noqa: ASYNC110 - its sleeps move the clock
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        assert await put(database, "b") == "saved"
        async with database.read() as session:
            assert await session.fetch("SELECT key FROM cache") == [("b",)]
