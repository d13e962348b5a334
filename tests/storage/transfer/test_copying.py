"""Everything moves to another database, either way, and comes back the same."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.copying import copy_urls
from bot.core.errors import StorageError
from bot.storage.engine.opening import SQLITE, open_url
from bot.storage.transfer.copying import copy
from bot.storage.transfer.tables import Table, tables

if TYPE_CHECKING:
    from bot.storage.engine.database import Database
    from tests.servers.postgres import Server

ROWS = 1200  # more than two batches
NUMBER_OF = {"role": "user", "state": "complete"}


@pytest.fixture(params=["sqlite to postgres", "postgres to sqlite"])
async def urls(request: pytest.FixtureRequest, tmp_path: Path, postgres: Server) -> tuple[str, str]:
    """A database with rows in every table, and an empty one of the other engine."""
    file, filled = f"{SQLITE}{tmp_path / 'a.db'}", f"{SQLITE}{tmp_path / 'filled.db'}"
    await fill(filled)
    if request.param == "sqlite to postgres":
        return filled, postgres.create()
    server = postgres.create()
    assert await copy_urls(filled, server) == 0
    return server, file


async def fill(url: str) -> None:
    """Rows of every type, in every table that the migrations make; then some that leave gaps."""
    async with open_url(url):
        pass
    with closing(sqlite3.connect(url.removeprefix(SQLITE))) as connection, connection:
        for table in tables():
            count = 20 if "BYTEA" in table.columns.values() else ROWS
            columns, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
            foreign = {row[3] for row in connection.execute(f"PRAGMA foreign_key_list({table.name})")}
            connection.executemany(
                f"INSERT INTO {table.name} ({columns}) VALUES ({places})",  # noqa: S608 - names of our own tables - names of ours
                [row(table, foreign, number) for number in range(1, count + 1)],
            )
        connection.execute("DELETE FROM ledger WHERE id > ?", (ROWS - 5,))


def row(table: Table, foreign: set[str], number: int) -> list[Any]:
    return [
        value(table, column, kind, number, is_foreign=column in foreign) for column, kind in table.columns.items()
    ]


def value(table: Table, column: str, kind: str, number: int, *, is_foreign: bool) -> Any:
    if column in NUMBER_OF:
        return NUMBER_OF[column]
    if is_foreign and column == "hash":
        return f"hash é{1 + number % 20:05}🎉"
    if kind == "TEXT":
        return f"{column} é{number:05}🎉"
    if kind == "BYTEA":
        return bytes([number]) * 100
    if kind.startswith("DOUBLE"):
        return number + 0.25
    large = (
        0 if kind == "INTEGER" or is_foreign or column in {"id", *table.key} or column.endswith("_id") else 2**40
    )
    return number + large


async def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    async with open_url(url) as database, database.read() as session:
        return {
            table.name: await session.fetch(
                f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608 - names of our own tables
            )
            for table in tables()
        }


class CutError(Exception):
    """The copying process ends."""


async def copy_until(source: Database, target: Database, table: str) -> None:
    """A copy that is cut after some rows of a table."""

    def cut(name: str, done: int, _total: int) -> None:
        if name == table and done:
            raise CutError

    with pytest.raises(CutError):
        await copy(source, target, cut)


async def test_everything_is_there_afterwards(urls: tuple[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """Every row of every table, the same on the other engine; and the log says so."""
    source, target = urls
    caplog.set_level("INFO", "bot")
    before = await contents(source)
    assert all(before.values())
    assert await copy_urls(source, target) == 0
    assert await contents(target) == before == await contents(source)
    assert "counts and sums are the same" in caplog.text


async def test_ids_go_on_where_they_were(urls: tuple[str, str]) -> None:
    """No id is given twice, not even that of a deleted row."""
    source, target = urls
    assert await copy_urls(source, target) == 0
    async with open_url(target) as database, database.single() as session:
        added = await session.fetch_one(
            "INSERT INTO ledger (booked_at, channel_id, user_id, model, state, prompt_tokens, completion_tokens, "
            "cost_nano_usd, estimated) VALUES (1, 1, 1, 'm', 's', 0, 0, 0, 0) RETURNING id"
        )
    assert added == (ROWS + 1,)


async def test_a_copy_that_was_cut_goes_on(urls: tuple[str, str]) -> None:
    """What is there isn't sent again; until all of it is, no bot starts on it."""
    source, target = urls

    async with open_url(source) as one, open_url(target) as other:
        await copy_until(one, other, "replies")
    async with open_url(target) as other:
        with pytest.raises(StorageError, match="isn't complete"):
            async with other.running():
                pass
    begun: dict[str, int] = {}
    async with open_url(source) as one, open_url(target) as other:
        await copy(one, other, lambda table, done, _total: begun.setdefault(table, done))
        async with other.running():
            pass
    assert begun["turns"] == ROWS
    assert 0 < begun["replies"] < ROWS
    assert await contents(target) == await contents(source)


async def test_a_target_with_contents_of_its_own_is_refused(
    urls: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """It's left as it is; so is one that has the beginning of a copy from elsewhere."""
    source, target = urls
    assert await copy_urls(source, target) == 0
    before = await contents(target)
    assert await copy_urls(source, target) == 1
    assert await contents(target) == before
    assert "contents of its own" in caplog.text


async def test_a_target_with_a_running_bot_is_refused(
    urls: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Both would write."""
    source, target = urls
    async with open_url(target) as database, database.running():
        assert await copy_urls(source, target) == 1
    assert "a bot is running on it" in caplog.text
    assert await copy_urls(source, target) == 0


async def test_a_copy_that_differs_is_not_said_to_be_done(urls: tuple[str, str]) -> None:
    """The source changed after its rows were read: the table is named, and no bot starts on the target."""
    source, target = urls

    async with open_url(source) as one, open_url(target) as other:
        await copy_until(one, other, "replies")
        async with one.single() as session:
            await session.execute("UPDATE turns SET text = ?1 WHERE id = 1", "something else")
        with pytest.raises(StorageError, match=r"these tables differ: turns\. "):
            await copy(one, other, lambda *_: None)
        with pytest.raises(StorageError, match="isn't complete"):
            async with other.running():
                pass


@pytest.mark.parametrize("bad", ["data.db", "mysql://h/n", "sqlite:///", "postgresql://user:secret@host"])
def test_an_address_that_is_none_is_told(tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture) -> None:
    """Without its password."""
    good = f"{SQLITE}{tmp_path / 'a.db'}"
    assert asyncio.run(copy_urls(good, bad)) == 1
    assert asyncio.run(copy_urls(good, good)) == 1
    assert "secret" not in caplog.text
    assert not Path(tmp_path / "a.db").exists()
