"""What SQLite and the file system say, in the owner's words."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "the disk is full"
READ_ONLY = "its file is read-only"
DAMAGED = "its file is damaged"
NOT_ALLOWED = "its file or folder may not be used"

# Only what the owner can mend; anything else is a bug and stays as it is (https://sqlite.org/rescode.html).
SQLITE_REASONS = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: NOT_ALLOWED,
    sqlite3.SQLITE_AUTH: NOT_ALLOWED,
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: "its file is no SQLite database",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_PROTOCOL: "another program holds it",
    sqlite3.SQLITE_IOERR: "the disk does not work",
    sqlite3.SQLITE_NOMEM: "the computer's memory is full",
}
SYSTEM_REASONS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EISDIR: "its path is a folder",
    errno.ENOTDIR: "its folder is a file",
    errno.EEXIST: "its folder is a file",
    errno.ENOENT: "its file is not there",
}
PRIMARY_CODE = 0xFF  # the low byte of an extended result code is the primary one


@contextmanager
def plain_errors() -> Iterator[None]:
    """Raise `StorageError` in place of SQLite's complaint about the file or the disk; let bugs through."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)  # absent from those that the sqlite3 module itself raises
        reason = SQLITE_REASONS.get(code & PRIMARY_CODE) if code is not None else None
        if reason is None:
            raise
        raise StorageError(reason) from error


@contextmanager
def plain_file_errors() -> Iterator[None]:
    """Likewise for the file system's complaints: only around code that does nothing but handle files."""
    try:
        yield
    except OSError as error:
        raise StorageError(SYSTEM_REASONS.get(error.errno or 0, "its file cannot be used")) from error
