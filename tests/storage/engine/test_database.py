"""What every `Database` promises."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"


async def put(database: Database, key: str, value: str = "v") -> None:
    async with database.write() as session:
        await session.execute(PUT, key, value, 0)


async def keys(database: Database) -> set[str]:
    async with database.read() as session:
        return {row[0] for row in await session.fetch("SELECT key FROM cache")}


async def test_what_was_committed_is_read(database: Database) -> None:
    """A reader sees a transaction as soon as its block has ended."""
    await put(database, "a")
    assert await keys(database) == {"a"}


async def test_a_reader_does_not_see_an_open_transaction(database: Database) -> None:
    """What is not committed is nobody else's, and readers do not wait for it."""
    async with database.write() as session:
        await session.execute(PUT, "a", "v", 0)
        assert await keys(database) == set()


async def test_an_exception_undoes_the_transaction(database: Database) -> None:
    """All of a block or nothing of it."""
    with pytest.raises(LookupError):  # noqa: PT012 - one transaction
        async with database.write() as session:
            await session.execute(PUT, "a", "v", 0)
            raise LookupError
    assert await keys(database) == set()
    await put(database, "b")
    assert await keys(database) == {"b"}


ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n"


async def test_a_report_that_takes_too_long_is_interrupted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile others read and write; afterwards the next report runs."""
    monkeypatch.setattr("bot.storage.engine.database.REPORT_S", 0.2)

    async def report(sql: str) -> list[Row]:
        async with database.report() as session:
            return await session.fetch(sql)

    endless = asyncio.create_task(report(ENDLESS))
    await put(database, "a")
    assert await keys(database) == {"a"}
    assert not endless.done()
    with pytest.raises(StorageError, match="choose a shorter period"):
        await endless
    assert await report("SELECT key FROM cache") == [("a",)]


async def test_a_report_that_nobody_waits_for_stops(database: Database) -> None:
    """A cancelled report frees its connection at once."""

    async def report(sql: str) -> list[Row]:
        async with database.report() as session:
            return await session.fetch(sql)

    endless = asyncio.create_task(report(ENDLESS))
    await put(database, "a")
    endless.cancel()
    await asyncio.gather(endless, return_exceptions=True)
    assert await report("SELECT key FROM cache") == [("a",)]


async def test_writers_wait_for_each_other(database: Database) -> None:
    """Two transactions at once run one after the other, in the order they came."""
    order: list[str] = []

    async def write(name: str) -> None:
        async with database.write() as session:
            order.append(f"{name} begins")
            await session.execute(PUT, name, "v", 0)
            await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(write("a"), write("b"))
    assert order == ["a begins", "a ends", "b begins", "b ends"]


async def test_changes_are_counted_and_rows_returned(database: Database) -> None:
    """`execute` tells how many rows it changed, `fetch_one` tells none from one."""
    async with database.write() as session:
        await session.execute(PUT, "a", "v", 1)
        await session.execute(PUT, "b", "v", 2)
        assert await session.execute("UPDATE cache SET value = ?1", "w") == 2
        assert await session.fetch_one("SELECT kept_at FROM cache WHERE key = ?1", "b") == (2,)
        assert await session.fetch_one("SELECT kept_at FROM cache WHERE key = ?1", "c") is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain", "plain"),
        ("'; DROP TABLE cache; --", "'; DROP TABLE cache; --"),
        ("a\0b", "a\ufffdb"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("halves \ud83d\ude00 joined", "halves \U0001f600 joined"),
        ("👩‍👩‍👧 العربية", "👩‍👩‍👧 العربية"),
    ],
)
async def test_text_comes_back_as_it_went_in(database: Database, given: str, kept: str) -> None:
    """Any text can be stored; only what UTF-8 or PostgreSQL cannot hold is replaced."""
    await put(database, "a", given)
    async with database.read() as session:
        assert await session.fetch_one("SELECT value FROM cache") == (kept,)


async def test_a_write_cancelled_anywhere_leaves_all_or_nothing(database: Database) -> None:
    """Whenever a task is cancelled, its two rows are both there or both not, and the next one can write."""
    rng = random.Random(20240229)

    async def write_pair(number: int) -> None:
        async with database.write() as session:
            await session.execute(PUT, f"{number} left", "v", 0)
            await session.execute(PUT, f"{number} right", "v", 0)

    began = time.perf_counter()
    for number in range(-20, 0):
        await write_pair(number)
    usual_s = (time.perf_counter() - began) / 20
    for number in range(150):
        task = asyncio.create_task(write_pair(number))
        await asyncio.sleep(rng.random() * 1.5 * usual_s)
        task.cancel()
        if rng.random() < 0.5:
            await asyncio.sleep(0)
            task.cancel()  # a second time, perhaps during the clean-up
        await asyncio.gather(task, return_exceptions=True)
    await put(database, "last")
    stored = await keys(database)
    left = {key.split()[0] for key in stored if key.endswith("left")}
    right = {key.split()[0] for key in stored if key.endswith("right")}
    assert left == right
    assert 20 < len(left) < 170  # else the moments were all too early or too late to show anything
    assert "last" in stored
