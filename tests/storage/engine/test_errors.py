"""Faults of the file system in the owner's words; those of SQLite are met for real in `test_sqlite`."""

from __future__ import annotations

import errno
import sqlite3

import pytest

from bot.core.errors import StorageError
from bot.storage.engine.errors import plain_errors, plain_file_errors


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.EROFS, "the file is read-only"),
        (errno.EACCES, "the bot has no permission to use the file or its folder"),
        (errno.ENOSPC, "the disk is full"),
        (errno.EIO, "the file can't be used"),
    ],
)
def test_a_fault_of_the_file_system_has_a_plain_reason(code: int, reason: str) -> None:
    """What the machine calls a number, the owner reads in words; the cause stays for the log."""
    fault = OSError(code, "in the machine's words")
    with pytest.raises(StorageError) as caught, plain_file_errors():
        raise fault
    assert caught.value.reason == reason
    assert caught.value.__cause__ is fault


@pytest.mark.parametrize("fault", [TimeoutError(), ValueError(), sqlite3.ProgrammingError("x"), StorageError("x")])
def test_what_is_no_fault_of_the_database_passes(fault: Exception) -> None:
    """A timeout or a bug within a transaction stays what it is."""
    with pytest.raises(type(fault)) as caught, plain_errors():
        raise fault
    assert caught.value is fault
