"""What the SQLite database does beside its contract: files, faults, migrations, backups."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import aiosqlite
import pytest

from bot.core.clock import SystemClock
from bot.core.errors import StorageError
from bot.storage.conversations import SqliteConversations
from bot.storage.engine import schema
from bot.storage.engine.database import SqliteDatabase, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"


async def put(path: Path, key: str) -> None:
    async with open_database(path) as database, database.write() as session:
        await session.execute(PUT, key, "v", 0)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def writer(database: SqliteDatabase) -> aiosqlite.Connection:
    connections = database._file.connections
    assert connections
    return connections.writer


def connection_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """An aiosqlite thread left running would keep the process from ending."""
    before = connection_threads()
    yield
    for thread in connection_threads() - before:
        thread.join(timeout=5)
        assert not thread.is_alive()


# Files


async def test_the_file_and_its_companions_are_the_owners_alone(path: Path) -> None:
    """Nobody else on the machine can read what people said, while the bot runs and after."""
    async with open_database(path) as database, database.write() as session:
        await session.execute(PUT, "a", "v", 0)
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == {"headwater.db": 0o600, "headwater.db-wal": 0o600, "headwater.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_file_open_to_others_is_closed_to_them(path: Path) -> None:
    """A database restored by hand with a wide mode does not stay readable."""
    await put(path, "a")
    path.chmod(0o644)
    await put(path, "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_is_deleted_is_overwritten(path: Path) -> None:
    """No byte of deleted text stays in the file once the log has been folded into it."""
    secret = "the colour of my first bicycle"
    async with open_database(path) as database:
        async with database.write() as session:
            await session.execute(PUT, "a", secret * 300, 0)
        async with database.write() as session:
            await session.execute("DELETE FROM cache")
    assert secret.encode() not in path.read_bytes()


async def test_what_was_kept_is_there_after_a_restart(path: Path) -> None:
    """Closing and opening again loses nothing."""
    await put(path, "a")
    await put(path, "b")
    assert rows(path, "SELECT key FROM cache ORDER BY key") == [("a",), ("b",)]


async def test_connections_are_set_up_as_the_design_has_them(path: Path) -> None:
    """Write-ahead log, foreign keys, secure deletion; the reader cannot write."""
    async with open_database(path) as database:
        async with database.write() as session:
            pragmas = {
                name: await session.fetch_one(f"PRAGMA {name}")
                for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
            }
        assert pragmas == {
            "journal_mode": ("wal",),
            "synchronous": (1,),
            "foreign_keys": (1,),
            "secure_delete": (1,),
            "busy_timeout": (0,),
        }
        with pytest.raises(StorageError, match="read-only"):
            async with database.read() as session:
                await session.execute(PUT, "a", "v", 0)


# Faults


async def reason_of_opening(path: Path) -> str:
    with pytest.raises(StorageError) as caught:
        async with open_database(path, patience_s=0.05):
            pass
    return caught.value.reason


async def test_a_file_that_is_no_database_is_told(path: Path) -> None:
    """Opening something else by mistake neither works nor harms it."""
    path.parent.mkdir()
    path.write_text("Dear diary, " * 100)
    assert await reason_of_opening(path) == "the file isn't a SQLite database"
    assert path.read_text().startswith("Dear diary")


async def test_a_damaged_file_is_told(path: Path) -> None:
    """A database with garbage in its pages raises a plain reason when it is read."""
    async with open_database(path) as database:
        for number in range(400):
            async with database.write() as session:
                await session.execute(PUT, f"{number}", "v" * 500, 0)
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 3 :] = b"\xa5" * (len(damaged) - 4096 * 3)
    path.write_bytes(damaged)
    with pytest.raises(StorageError, match="damaged"):
        async with open_database(path) as database, database.read() as session:
            await session.fetch("SELECT * FROM cache ORDER BY value")


async def test_a_folder_in_place_of_the_file_is_told(path: Path) -> None:
    """A path that is a folder gets a sentence, not a traceback."""
    path.mkdir(parents=True)
    assert await reason_of_opening(path) == "its path is a folder"


@pytest.mark.parametrize("depth", ["x.db", "deeper/x.db"])
async def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path, depth: str) -> None:
    """A folder that cannot be made gets a sentence, not a traceback."""
    (tmp_path / "data").write_text("")
    assert await reason_of_opening(tmp_path / "data" / depth) == "its folder is a file"


async def test_a_full_disk_is_told_and_nothing_is_half_written(path: Path) -> None:
    """A write that does not fit is undone, and smaller ones work again."""
    async with open_database(path) as database:
        await writer(database).execute_fetchall("PRAGMA max_page_count = 60")
        with pytest.raises(StorageError, match="the disk is full"):  # noqa: PT012 - one transaction
            async with database.write() as session:
                await session.execute(PUT, "a", "v", 0)
                await session.execute(PUT, "b", "v" * 1_000_000, 0)
        async with database.read() as session:
            assert await session.fetch("SELECT key FROM cache") == []
        async with database.write() as session:
            await session.execute(PUT, "c", "v", 0)


async def test_a_bug_stays_a_bug(path: Path) -> None:
    """The owner can't fix faulty SQL, so it isn't reported as a fault of the disk."""
    async with open_database(path) as database:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            async with database.read() as session:
                await session.fetch("SELECT 1 FROM nowhere")
        with pytest.raises(sqlite3.IntegrityError):
            async with database.write() as session:
                await session.execute("INSERT INTO turns (channel_id) VALUES (1)")


async def test_a_closed_database_says_so(path: Path) -> None:
    """Latecomers learn that it is closed; a running write is waited for."""
    began, go_on = asyncio.Event(), asyncio.Event()

    async with open_database(path) as database:

        async def write_slowly() -> None:
            async with database.write() as session:
                began.set()
                await go_on.wait()
                await session.execute(PUT, "a", "v", 0)

        writing = asyncio.create_task(write_slowly())
        await began.wait()
        asyncio.get_running_loop().call_soon(go_on.set)
    await writing
    assert rows(path, "SELECT key FROM cache") == [("a",)]
    with pytest.raises(StorageError, match="closed"):
        async with database.read():
            pass
    with pytest.raises(StorageError, match="closed"):
        async with database.write():
            pass


async def test_an_opening_that_fails_or_is_cancelled_leaves_no_thread(path: Path) -> None:
    """However opening ends, the threads it started end too (see the fixture)."""
    for turns in range(12):
        database = SqliteDatabase(path, clock=SystemClock())
        opening = asyncio.create_task(database.open())
        for _ in range(turns):
            await asyncio.sleep(0.0003)
        opening.cancel()
        (outcome,) = await asyncio.gather(opening, return_exceptions=True)
        if not isinstance(outcome, BaseException):  # it was faster: close it as its owner would
            await database.close()


# Migrations

MIGRATION_OF_REASONING = 6


def use_migrations(monkeypatch: pytest.MonkeyPatch, folder: Path, *scripts: str) -> None:
    for number, script in enumerate(scripts, start=1):
        (folder / f"{number:04}_test.sql").write_text(script)
    monkeypatch.setattr(schema, "FOLDER", folder)


def test_the_migrations_are_numbered_without_gaps() -> None:
    """The place in the order is the version, so the numbers must agree with it."""
    numbers = [int(path.name.split("_")[0]) for path in sorted(schema.FOLDER.glob("*.sql"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


async def test_a_new_database_has_the_newest_schema(path: Path) -> None:
    """Opening a file that is not there makes it, complete."""
    async with open_database(path):
        pass
    assert rows(path, "PRAGMA user_version") == [(len(schema.migrations()),)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


async def test_only_missing_steps_are_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older file is brought up to date; a file that is up to date is left alone."""
    use_migrations(monkeypatch, tmp_path, "CREATE TABLE one (x BIGINT);")
    async with open_database(path):
        pass
    use_migrations(
        monkeypatch, tmp_path, "SELECT nonsense;", "-- A note; with a semicolon.\nALTER TABLE one ADD y TEXT;"
    )
    for _ in range(2):
        async with open_database(path):
            pass
    assert rows(path, "PRAGMA user_version") == [(2,)]
    assert [row[1] for row in rows(path, "PRAGMA table_info(one)")] == ["x", "y"]


async def test_a_step_that_fails_changes_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration is all or nothing; the steps before it stay."""
    use_migrations(
        monkeypatch,
        tmp_path,
        "CREATE TABLE one (x BIGINT);",
        "CREATE TABLE two (x BIGINT);\nINSERT INTO two VALUES (1);\nINSERT INTO nowhere VALUES (1);",
    )
    with pytest.raises(sqlite3.OperationalError):
        async with open_database(path):
            pass
    assert rows(path, "PRAGMA user_version") == [(1,)]
    assert rows(path, "SELECT name FROM sqlite_master") == [("one",)]


async def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    """A downgrade does not get to touch what it does not understand."""
    async with open_database(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    newest = len(schema.migrations())
    assert await reason_of_opening(path) == (
        f"a newer Headwater wrote it: it has schema 99, and this version knows {newest}"
    )
    assert rows(path, "PRAGMA user_version") == [(99,)]


@pytest.mark.parametrize("version", range(1, len(schema.migrations())))
async def test_a_database_of_every_older_version_keeps_its_data(path: Path, version: int) -> None:
    """Also one that was killed with everything still in its log."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        for script in schema.migrations()[:version]:
            old.executescript(script)
        old.execute(f"PRAGMA user_version = {version}")
        old.execute("INSERT INTO conversations (channel_id) VALUES (10)")
        old.execute(
            "INSERT INTO replies (channel_id, asker_id, state, model, opened_at)"
            " VALUES (10, 5, 'streaming', 'm', 0)"
        )
        old.execute("INSERT INTO settings VALUES ('guild:1', 'reasoning', 'on', 1, 1)")
        copy_files(path, path.with_name("killed"))
    async with open_database(path.with_name("killed") / path.name) as database:
        (reply,) = await SqliteConversations(database).unfinished_replies()
        assert (reply.place.channel_id, reply.asker_id, reply.leased_by) == (10, 5, "")
        async with database.read() as session:
            assert await session.fetch("PRAGMA foreign_key_check") == []
            # Once a switch; it now says how thoughts are shown.
            values = await session.fetch("SELECT value FROM settings WHERE key = 'reasoning'")
            assert values == [("live" if version < MIGRATION_OF_REASONING else "on",)]


def copy_files(path: Path, target: Path) -> None:
    """The database with its log, as a crash leaves them."""
    target.mkdir()
    for file in (path, path.with_name(f"{path.name}-wal")):
        shutil.copy(file, target)


async def test_two_processes_may_start_at_once(path: Path) -> None:
    """The second one finds the steps done."""

    async def start() -> None:
        async with open_database(path) as database, database.write() as session:
            await session.fetch("SELECT 1 FROM cache")

    await asyncio.gather(*(start() for _ in range(4)))
    assert rows(path, "PRAGMA user_version") == [(len(schema.migrations()),)]


# Crashes

WRITER = """
import asyncio, sys
from pathlib import Path
from bot.storage.engine.database import SqliteDatabase, open_database

async def main():
    async with open_database(Path(sys.argv[1])) as database:
        first = int(sys.argv[2])
        for number in range(first, first + 100_000):
            async with database.write() as session:
                for side in ("left", "right"):
                    await session.execute("INSERT INTO cache VALUES (?1, 'v', 0)", f"{number} {side}")
            print(number, flush=True)

asyncio.run(main())
"""


def test_a_killed_process_loses_nothing_it_committed(path: Path) -> None:
    """After kill -9 every transaction is there that was reported done, each whole, and the file is sound."""
    for kills in range(3):
        command = [sys.executable, "-c", WRITER, str(path), str(kills * 100_000)]
        reported = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
            assert process.stdout
            for line in process.stdout:
                reported.append(line.strip())
                if len(reported) == 20 + kills:
                    process.kill()
        keys = {str(key) for (key,) in rows(path, "SELECT key FROM cache")}
        left = {key.split()[0] for key in keys if key.endswith("left")}
        assert left == {key.split()[0] for key in keys if key.endswith("right")}
        assert len(reported) >= 20 + kills
        assert set(reported) <= left
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
