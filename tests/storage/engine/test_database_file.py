"""Whose file is opened, and what happens when it disappears or is replaced under the running bot."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError
from bot.storage.engine.backup import copy_database
from bot.storage.engine.database import open_database
from bot.storage.engine.ownership import APPLICATION_ID
from bot.storage.health import examine
from tests.storage.conftest import write
from tests.storage.engine.test_write_lock import CountingClock

if TYPE_CHECKING:
    from pathlib import Path

    from bot.storage.engine.database import Database

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"


async def make(path: Path, *keys: str) -> None:
    """A database of ours with these keys."""
    async with open_database(path) as database:
        for key in keys:
            await write(database, PUT, key, "v", 0)


async def keys(database: Database) -> list[str]:
    async with database.read() as session:
        return [key for (key,) in await session.fetch("SELECT key FROM cache ORDER BY key")]


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The files of a folder with their modes."""
    return {entry.name: (entry.read_bytes(), entry.stat().st_mode) for entry in folder.iterdir()}


# Whose file it is


def make_foreign(path: Path, *statements: str) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    path.chmod(0o644)


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE bookmarks (url TEXT)",),
        ("PRAGMA journal_mode = WAL", "CREATE TABLE bookmarks (url TEXT)"),
        ("CREATE TABLE settings (key TEXT)", "PRAGMA user_version = 1"),
        ("PRAGMA application_id = 252006673",),  # Fossil's
        ("PRAGMA application_id = 252006673", "CREATE TABLE conversations (x)", "CREATE TABLE turns (x)"),
    ],
)
async def test_another_programs_database_is_left_alone(path: Path, statements: tuple[str, ...]) -> None:
    """It's refused before anything about it changes: content, mode, journal."""
    make_foreign(path, *statements)
    before = content(path.parent)
    with pytest.raises(StorageError, match="belongs to another program"):
        async with open_database(path):
            pass
    assert content(path.parent) == before


async def test_another_programs_tables_may_stand_in_its_log_alone(path: Path) -> None:
    """A program that is running has not yet written them to the file itself."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        path.chmod(0o644)
        with pytest.raises(StorageError, match="belongs to another program"):
            async with open_database(path):
                pass
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


@pytest.mark.parametrize("name", ["notes.txt", "picture.png", "short"])
async def test_a_file_that_is_no_database_keeps_its_mode(tmp_path: Path, name: str) -> None:
    """A slip in DATABASE_URL closes nobody's notes to others."""
    path = tmp_path / name
    path.write_bytes({"notes.txt": b"Dear diary, " * 100, "picture.png": b"\x89PNG" * 999, "short": b"x"}[name])
    path.chmod(0o644)
    before = content(tmp_path)
    with pytest.raises(StorageError, match="isn't a SQLite database"):
        async with open_database(path):
            pass
    assert content(tmp_path) == before


async def test_a_pipe_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    """Opening it would wait forever."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="isn't a regular file"):
        async with open_database(tmp_path / "pipe"):
            pass


async def test_a_companion_that_is_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Its target belongs to somebody else."""
    await make(path)
    target = tmp_path / "target"
    target.touch(mode=0o644)
    path.with_name("headwater.db-journal").symlink_to(target)
    async with open_database(path):
        assert stat.S_IMODE(target.stat().st_mode) == 0o644


async def test_a_file_says_that_it_is_ours_from_the_first_moment(path: Path) -> None:
    """In the file itself, not only in its log, so that a start after a crash knows it."""
    async with open_database(path):
        assert int.from_bytes(path.read_bytes()[68:72]) == APPLICATION_ID  # https://sqlite.org/fileformat.html


async def test_a_database_of_an_older_version_is_taken_over(path: Path) -> None:
    """Those had no mark; their tables say whose they are, also with everything still in the log."""
    await make(path, "a")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 0")
    async with open_database(path) as database:
        assert await keys(database) == ["a"]
    assert int.from_bytes(path.read_bytes()[68:72]) == APPLICATION_ID


# A file that disappears


async def test_a_file_that_is_gone_is_noticed_and_used_again(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every use says so, the doctor as well; nothing is made in its place, and nothing is lost."""
    caplog.set_level("WARNING")
    async with open_database(path) as database:
        await write(database, PUT, "a", "v", 0)
        away = path.rename(path.with_name("away.db"))
        for _ in range(2):
            with pytest.raises(StorageError, match="the file is gone"):
                await keys(database)
            with pytest.raises(StorageError, match="the file is gone"):
                await write(database, PUT, "b", "v", 0)
            with pytest.raises(StorageError, match="the file is gone"):
                await examine(database, now=0)
        assert not path.exists()
        away.rename(path)
        await write(database, PUT, "c", "v", 0)
        assert await keys(database) == ["a", "c"]
    said = [record.getMessage() for record in caplog.records]
    assert [("is gone" in line, "is back" in line) for line in said] == [(True, False), (False, True)]


async def test_a_folder_that_is_gone_is_noticed(path: Path) -> None:
    """As when a disk is unmounted."""
    async with open_database(path) as database:
        away = path.parent.rename(path.parent.with_name("away"))
        with pytest.raises(StorageError, match="the file is gone"):
            await keys(database)
        away.rename(path.parent)
        assert await keys(database) == []


async def test_a_deleted_file_that_is_restored_is_opened(path: Path, tmp_path: Path) -> None:
    """From a backup: the bot uses it at once, and its log of the deleted one harms nothing."""
    backup = tmp_path / "backup.db"
    async with open_database(path, clock=CountingClock()) as database:
        await write(database, PUT, "a", "v", 0)
        await asyncio.to_thread(copy_database, path, backup)
        await write(database, PUT, "lost", "v" * 50_000, 0)
        path.unlink()
        with pytest.raises(StorageError, match="the file is gone"):
            await keys(database)
        backup.rename(path)
        assert await keys(database) == ["a"]
        await write(database, PUT, "b", "v", 0)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT key FROM cache ORDER BY key").fetchall() == [("a",), ("b",)]


async def test_a_replaced_file_is_opened_at_its_first_use(path: Path, tmp_path: Path) -> None:
    """By a reader or a writer; the old file gets nothing more."""
    for use in ("read", "write"):
        other = tmp_path / f"{use}.db"
        await make(other, use)
        async with open_database(path) as database:
            other.replace(path)
            if use == "write":
                await write(database, PUT, "z", "v", 0)
            assert await keys(database) == ([use, "z"] if use == "write" else [use])


async def test_ids_of_the_old_file_are_not_given_again(path: Path, tmp_path: Path) -> None:
    """A reply that began in the old file may still write by its id: it must not meet somebody else's."""
    other = tmp_path / "other.db"
    open_reply = (
        "INSERT INTO replies (channel_id, asker_id, state, model, opened_at) VALUES (1, 1, 'streaming', 'm', 0)"
    )
    async with open_database(path) as database:
        await write(database, open_reply)
        copy_database(path, other)
        for _ in range(3):
            await write(database, open_reply)
        other.replace(path)
        await write(database, open_reply)
        async with database.read() as session:
            ids = [row[0] for row in await session.fetch("SELECT id FROM replies ORDER BY id")]
    assert ids[0] == 1
    assert ids[1] > 1000


async def test_ids_of_the_old_file_are_not_given_again_by_an_empty_one(path: Path, tmp_path: Path) -> None:
    """Nor by one whose tables never had a row."""
    other = tmp_path / "other.db"
    other.touch()
    open_reply = (
        "INSERT INTO replies (channel_id, asker_id, state, model, opened_at) VALUES (1, 1, 'streaming', 'm', 0)"
    )
    async with open_database(path) as database:
        await write(database, open_reply)
        other.replace(path)
        await write(database, open_reply)
        async with database.read() as session:
            ((reply_id,),) = await session.fetch("SELECT id FROM replies")
    assert reply_id > 1000


@pytest.mark.parametrize("suffixes", [("-wal",), ("-shm",), ("-wal", "-shm")])
async def test_a_log_that_was_removed_loses_nothing(path: Path, suffixes: tuple[str, ...]) -> None:
    """What is in it is folded into the file, which a crash from then on doesn't change."""
    async with open_database(path) as database:
        await write(database, PUT, "a", "v", 0)
        for suffix in suffixes:
            path.with_name(path.name + suffix).unlink()
        await write(database, PUT, "b", "v", 0)
        assert await keys(database) == ["a", "b"]
        for suffix in ("", "-wal"):  # as after a kill
            copy = path.with_name(f"copy{suffix}")
            copy.write_bytes(path.with_name(path.name + suffix).read_bytes())
    with closing(sqlite3.connect(path.with_name("copy"))) as connection:
        assert connection.execute("SELECT key FROM cache ORDER BY key").fetchall() == [("a",), ("b",)]


async def test_a_file_that_cannot_be_used_is_refused_until_a_better_one_comes(path: Path, tmp_path: Path) -> None:
    """Not tried at each use, and not harmed."""
    clock = CountingClock()
    async with open_database(path, clock=clock) as database:
        path.unlink()
        path.write_text("Dear diary, " * 100)
        for _ in range(2):
            with pytest.raises(StorageError, match="isn't a SQLite database"):
                await keys(database)
        assert path.read_text().startswith("Dear diary")
        other = tmp_path / "other.db"
        await make(other, "a")
        other.replace(path)
        with pytest.raises(StorageError, match="isn't a SQLite database"):
            await keys(database)
        await clock.sleep(1)
        assert await keys(database) == ["a"]


async def test_a_writer_in_the_middle_does_not_wait_for_itself(path: Path, tmp_path: Path) -> None:
    """It reads while the file is replaced: the read fails and the transaction ends, instead of both waiting."""
    other = tmp_path / "other.db"
    await make(other, "a")
    async with open_database(path) as database:
        with pytest.raises(StorageError, match="was replaced"):  # noqa: PT012 - one transaction
            async with database.write():
                other.replace(path)
                await keys(database)
        assert await keys(database) == ["a"]


async def test_a_log_that_cannot_be_removed_keeps_the_next_file_closed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite would play it back into that file. Once it can be removed, the file is opened."""
    other, clock = tmp_path / "other.db", CountingClock()
    await make(other, "b")
    async with open_database(path, clock=clock) as database:
        await write(database, PUT, "a", "v" * 50_000, 0)
        other.replace(path)
        with monkeypatch.context() as patched:
            patched.setattr("pathlib.Path.unlink", refuse)
            for _ in range(2):
                with pytest.raises(StorageError, match="no permission"):
                    await keys(database)
                await clock.sleep(1)
        assert await keys(database) == ["b"]


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "no")


# Torn pages


async def test_a_torn_page_is_found_at_the_start(path: Path) -> None:
    """A page that a crash wrote by half is told before it's read or written to, and left as it is."""
    async with open_database(path) as database:
        for number in range(200):
            await write(database, PUT, f"{number}", "v" * 500, 0)
    torn = bytearray(path.read_bytes())
    half = len(torn) // 4096 // 2 * 4096
    torn[half : half + 2048] = bytes(2048)
    path.write_bytes(torn)
    with pytest.raises(StorageError, match="damaged"):
        async with open_database(path):
            pass
    assert path.read_bytes() == torn


async def test_a_log_that_was_folded_in_halfway_is_no_damage(path: Path) -> None:
    """A kill or a full disk left the first page alone in the file: the log has all the others."""
    log = path.with_name(f"{path.name}-wal")
    async with open_database(path) as database:
        await write(database, PUT, "a", "v" * 100_000, 0)
        written = log.read_bytes()
    path.write_bytes(path.read_bytes()[:4096])
    log.write_bytes(written)
    async with open_database(path) as database:
        assert await keys(database) == ["a"]


async def test_the_check_of_a_large_file_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes too long to read whole is used all the same."""
    await make(path, "a")
    monkeypatch.setattr("bot.storage.engine.connections.CHECK_S", 0.0)
    async with open_database(path) as database:
        assert await keys(database) == ["a"]
