"""Copies of the database: whole, private, and never in place of what isn't a copy."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError
from bot.storage.engine import backup
from bot.storage.engine.backup import copy_database
from bot.storage.engine.database import open_database
from tests.storage.conftest import write

if TYPE_CHECKING:
    from pathlib import Path

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"


async def put(path: Path, key: str) -> None:
    async with open_database(path) as database:
        await write(database, PUT, key, "v", 0)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
async def source(path: Path) -> Path:
    await put(path, "a")
    return path


async def test_a_backup_is_whole_and_private_while_writing_goes_on(path: Path, tmp_path: Path) -> None:
    """The copy is a consistent database of its own, and only its owner can read it."""
    target = tmp_path / "copies" / "backup.db"
    async with open_database(path) as database:

        async def write(number: int) -> None:
            async with database.write() as session:
                await session.execute(PUT, f"{number} left", "v" * 500, 0)
                await session.execute(PUT, f"{number} right", "v" * 500, 0)

        for number in range(50):
            await write(number)
        copying = asyncio.to_thread(copy_database, path, target)
        await asyncio.gather(copying, *(write(number) for number in range(50, 150)))
        assert [entry.name for entry in target.parent.iterdir()] == ["backup.db"]
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    ((left, right),) = rows(target, "SELECT sum(key LIKE '%left'), sum(key LIKE '%right') FROM cache")
    assert left == right >= 50
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]


async def test_only_force_replaces_an_older_backup(source: Path, tmp_path: Path) -> None:
    """Without it, the older backup stays as it is; the newer one opens as a database."""
    target = tmp_path / "backup.db"
    copy_database(source, target)
    await put(source, "b")
    with pytest.raises(StorageError, match="--force"):
        copy_database(source, target)
    assert rows(target, "SELECT key FROM cache") == [("a",)]
    copy_database(source, target, force=True)
    await put(target, "c")
    assert rows(target, "SELECT key FROM cache ORDER BY key") == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("force", [False, True])
async def test_what_is_not_a_backup_is_never_replaced(source: Path, tmp_path: Path, *, force: bool) -> None:
    """Neither a text file, nor an empty one, nor another program's database, nor a folder."""
    text, empty, foreign, folder = (tmp_path / name for name in ("notes.txt", "empty", "foreign.db", "folder"))
    text.write_text("Dear diary")
    empty.touch()
    folder.mkdir()
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = {file: file.read_bytes() for file in (text, empty, foreign)}
    for target in (text, empty, foreign, folder):
        with pytest.raises(StorageError, match="isn't a Headwater backup"):
            copy_database(source, target, force=force)
    assert {file: file.read_bytes() for file in before} == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"data", "notes.txt", "empty", "foreign.db", "folder"}


@pytest.mark.parametrize("force", [False, True])
async def test_a_link_or_a_device_is_never_replaced(source: Path, tmp_path: Path, *, force: bool) -> None:
    """Not even a link to an older backup, or one that leads nowhere."""
    older, link, nowhere, fifo = (tmp_path / name for name in ("older.db", "link.db", "nowhere.db", "fifo"))
    copy_database(source, older)
    link.symlink_to(older)
    nowhere.symlink_to(tmp_path / "missing")
    os.mkfifo(fifo)
    for target in (link, nowhere):
        with pytest.raises(StorageError, match="is a link"):
            copy_database(source, target, force=force)
        assert target.is_symlink()
    with pytest.raises(StorageError, match="isn't a Headwater backup"):
        copy_database(source, fifo, force=force)
    assert stat.S_ISFIFO(fifo.stat().st_mode)
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("name", ["headwater.db", "headwater.db-wal", "headwater.db-journal", "link", "hard"])
async def test_a_backup_onto_the_database_itself_is_refused(source: Path, name: str) -> None:
    """Whatever it's called, and neither are its companions: SQLite would read a copy there as its journal."""
    source.with_name("link").symlink_to(source)
    source.with_name("hard").hardlink_to(source)
    before = {entry.name for entry in source.parent.iterdir()}
    with pytest.raises(StorageError, match="can't replace the database itself"):
        copy_database(source, source.with_name(name), force=True)
    assert {entry.name for entry in source.parent.iterdir()} == before


async def test_a_backup_that_fails_leaves_the_older_one(source: Path, tmp_path: Path) -> None:
    """A copy that can't be made whole leaves nothing behind."""
    target = tmp_path / "backup.db"
    copy_database(source, target)
    source.unlink()
    with pytest.raises(StorageError, match="there is no database to copy"):
        copy_database(source, target, force=True)
    assert rows(target, "SELECT key FROM cache") == [("a",)]
    assert not source.exists()
    assert {entry.name for entry in tmp_path.iterdir()} == {"backup.db", "data"}


async def test_a_file_made_meanwhile_is_not_replaced(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is taken only if it's still free when the copy is done."""
    target = tmp_path / "backup.db"
    copy = backup._copy

    def copy_slowly(original: Path, draft: Path) -> None:
        copy(original, draft)
        target.write_text("somebody was faster")

    monkeypatch.setattr(backup, "_copy", copy_slowly)
    with pytest.raises(StorageError, match="--force"):
        copy_database(source, target)
    assert target.read_text() == "somebody was faster"


async def test_another_programs_database_is_not_copied(tmp_path: Path) -> None:
    """The setting names the wrong file: say so instead of making a useless backup."""
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StorageError, match="belongs to another program"):
        copy_database(foreign, tmp_path / "backup.db")
