"""The database's file: whose it is, who may read it, and whether it's still the one that was opened."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.storage.engine.errors import NO_DATABASE, READ_ONLY, plain_errors, plain_file_errors
from bot.storage.engine.ownership import APPLICATION_ID, TABLES, check_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700
SMALLEST = 512  # a database of one page; bytes (https://sqlite.org/fileformat.html)
COMPANIONS = ("", "-wal", "-shm", "-journal")  # https://sqlite.org/tempfiles.html

FileId = tuple[int, int]  # device and inode


def uri_of(path: Path, *, mode: str = "rw") -> str:
    """The file as SQLite opens it; in these modes it never makes one (https://sqlite.org/uri.html)."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def file_id(path: Path) -> FileId:
    """What identifies the file at a path, whatever its name.

    Raises:
        StorageError: there is no file, or it can't be looked at.
    """
    with plain_file_errors():
        found = path.stat()
    return found.st_dev, found.st_ino


def log_ids(path: Path) -> dict[Path, FileId]:
    """The write-ahead log of a database that is in use, and the log's index."""
    return {log: file_id(log) for suffix in ("-wal", "-shm") if (log := Path(f"{path}{suffix}")).exists()}


def are_there(ids: Mapping[Path, FileId]) -> bool:
    """Whether files are still the ones at their paths."""
    try:
        return all(file_id(path) == id_ for path, id_ in ids.items())
    except StorageError:
        return False


def remove_log(path: Path, ids: Mapping[Path, FileId]) -> None:
    """Remove the log of a database that has left this path: SQLite would play it back into the next one here."""
    with plain_file_errors():
        for log, id_ in log_ids(path).items():
            if id_ == ids.get(log):  # else it belongs to the next one
                log.unlink(missing_ok=True)


def prepare_file(path: Path) -> None:
    """Make the file and its folder when there is none; otherwise check that the file is ours to use.

    Changes nothing about a file that exists.

    Raises:
        StorageError: the file can't be made, can't be written, or isn't a database of ours.
    """
    with plain_file_errors():
        if not path.exists():
            path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        check_file(path)
        if not os.access(path, os.W_OK):
            raise StorageError(READ_ONLY)


def check_file(path: Path) -> None:
    """Read a file's owner without locking or changing anything.

    Tables that are still in the write-ahead log aren't seen: `schema.claim` looks again through SQLite.

    Raises:
        StorageError: it isn't a regular file, isn't a database, or belongs to another program.
    """
    with plain_errors(), plain_file_errors():
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise StorageError("its path is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise StorageError("its path isn't a regular file")
        if not found.st_size:
            return
        if found.st_size < SMALLEST:  # SQLite takes it for an empty database, and would write over it
            raise StorageError(NO_DATABASE)
        # Never open the file but through SQLite: closing it would drop the locks of this process's connections
        # (https://sqlite.org/howtocorrupt.html, 2.2).
        with closing(sqlite3.connect(f"{uri_of(path, mode='ro')}&immutable=1", uri=True)) as connection:
            # A kill or a full disk may have left the log folded in halfway. Without its log, SQLite then takes the
            # file for damaged, except in this mode, which writes nothing here.
            connection.execute("PRAGMA writable_schema = ON")
            ((application_id,),) = connection.execute("PRAGMA application_id").fetchall()
            is_marked = application_id == APPLICATION_ID
            tables = [] if is_marked else [name for (name,) in connection.execute(TABLES)]
    check_owner(application_id, tables)


def close_to_others(path: Path) -> None:
    """Take everybody else's access to a database of ours and its companions.

    SQLite gives the companions it makes the mode of the database.
    """
    with plain_file_errors():
        for companion in (Path(f"{path}{suffix}") for suffix in COMPANIONS):
            is_ours = companion == path or not companion.is_symlink()
            if is_ours and companion.is_file() and stat.S_IMODE(companion.stat().st_mode) & ~OWNER_ONLY:
                companion.chmod(OWNER_ONLY)


def leave_wal(path: Path) -> bool:
    """Go without the write-ahead log until the next opening; False where another connection uses the file."""
    with closing(sqlite3.connect(uri_of(path), uri=True, timeout=0)) as connection:
        try:
            ((mode,),) = connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        except sqlite3.OperationalError:
            return False
    return bool(mode == "delete")
