"""The database's file: who may read it, and how it is copied while in use."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from bot.core.errors import StorageError
from bot.storage.engine.errors import plain_errors, plain_file_errors

OWNER_ONLY = 0o600
OWNER_ONLY_FOLDER = 0o700
COMPANIONS = ("", "-wal", "-shm", "-journal")  # https://sqlite.org/tempfiles.html


def prepare_file(path: Path) -> None:
    """Make the file, and its folder, where missing, and close both the file and its companions to others.

    SQLite gives the companions it makes the mode of the database.

    Raises:
        StorageError: the file cannot be made, or not be written.
    """
    with plain_file_errors():
        path.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        for companion in (Path(f"{path}{suffix}") for suffix in COMPANIONS):
            if companion.exists() and stat.S_IMODE(companion.stat().st_mode) & ~OWNER_ONLY:
                companion.chmod(OWNER_ONLY)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database, in use or not, to a file that only its owner may read. Blocks; for a thread.

    Raises:
        StorageError: there is no such database, or the copy could not be made; `target` is as it was.
    """
    with plain_errors(), plain_file_errors():
        source.stat()  # there at all?
        if target.exists() and target.samefile(source):
            raise StorageError("a backup cannot replace the database itself")
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            prepare_file(draft)
            _copy(source, draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    # mode=rw: a source that is not there is an error, not a new and empty database.
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)  # all pages in one step: a snapshot, which in WAL mode holds no writer up
