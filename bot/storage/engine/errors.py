"""Errors of SQLite and the file system, in words the owner understands."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "the disk is full"
READ_ONLY = "the file is read-only"
DAMAGED = "the file is damaged; restore a backup"
NOT_ALLOWED = "the bot has no permission to use the file or its folder"
BUSY = "another program is using it"
NO_DATABASE = "the file isn't a SQLite database"
GONE = "the file is gone"
REPLACED = "the file was replaced just now"
FOLDER_IS_FILE = "its folder is a file"

# Only what the owner can fix. Anything else is a bug and stays as it is (https://sqlite.org/rescode.html).
SQLITE_REASONS = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: NOT_ALLOWED,
    sqlite3.SQLITE_AUTH: NOT_ALLOWED,
    sqlite3.SQLITE_CANTOPEN: "the file can't be opened",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: NO_DATABASE,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_NOMEM: "the computer is out of memory",
}
SYSTEM_REASONS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EISDIR: "its path is a folder",
    errno.ENOTDIR: FOLDER_IS_FILE,
    errno.EEXIST: FOLDER_IS_FILE,
    errno.ENOENT: GONE,
}
PRIMARY_CODE = 0xFF  # the low byte of an extended result code is the primary one


def primary_code(error: sqlite3.Error) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)  # the sqlite3 module's own errors have none
    return None if code is None else code & PRIMARY_CODE


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds a lock that the statement needs."""
    return primary_code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn SQLite's errors about the file or the disk into `StorageError`; let bugs through."""
    try:
        yield
    except sqlite3.Error as error:
        code = primary_code(error)
        reason = None if code is None else SQLITE_REASONS.get(code)
        if reason is None:
            raise
        raise StorageError(reason) from error


@contextmanager
def plain_file_errors() -> Iterator[None]:
    """Turn the file system's errors into `StorageError`. Only for code that does nothing but handle files."""
    try:
        yield
    except OSError as error:
        raise StorageError(SYSTEM_REASONS.get(error.errno or 0, "the file can't be used")) from error
