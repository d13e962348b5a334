"""Copying the database to a file while it's in use."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from bot.core.errors import StorageError
from bot.storage.engine.errors import plain_errors, plain_file_errors
from bot.storage.engine.files import COMPANIONS, OWNER_ONLY_FOLDER, check_file, uri_of

ITSELF = "a backup can't replace the database itself"
EXISTS = "there is a backup of that name; add --force to replace it"
NOT_OURS = "there is a file of that name that isn't a Headwater backup; choose another name"


def copy_database(source: Path, target: Path, *, force: bool = False) -> None:
    """Copy a database, in use or not, to a file that only its owner can read. Blocks, so call it in a thread.

    Raises:
        StorageError: the copy couldn't be made. `target` is as it was; only `force` replaces an older backup.
    """
    with plain_errors(), plain_file_errors():
        _check_source(source)
        _check_target(source, target, force=force)
        target.parent.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # readable only by its owner
        os.close(handle)
        draft = Path(name)
        try:
            _copy(source, draft)
            _publish(draft, target, force=force)
        finally:
            draft.unlink(missing_ok=True)


def _check_source(source: Path) -> None:
    if not source.exists():
        raise StorageError("there is no database to copy")
    check_file(source)


def _check_target(source: Path, target: Path, *, force: bool) -> None:
    names = {Path(f"{source.resolve()}{suffix}") for suffix in (*COMPANIONS, "-unbooked")}
    if target.resolve() in names or (target.exists() and target.samefile(source)):
        raise StorageError(ITSELF)
    if target.is_symlink():
        raise StorageError("that path is a link; name the file itself")
    if not target.exists():
        return
    if not _is_backup(target):
        raise StorageError(NOT_OURS)
    if not force:
        raise StorageError(EXISTS)


def _is_backup(path: Path) -> bool:
    if path.is_file() and not path.stat().st_size:
        return False  # it could be anybody's
    try:
        check_file(path)
    except StorageError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(uri_of(source), uri=True)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)  # all pages in one step: a snapshot, which blocks no writer in WAL mode


def _publish(draft: Path, target: Path, *, force: bool) -> None:
    """Give the finished copy its name; without `force` never in place of a file made meanwhile."""
    if force:
        draft.replace(target)
        return
    try:
        os.link(draft, target)
    except FileExistsError:
        raise StorageError(EXISTS) from None
    except OSError:  # a file system without hard links
        if target.exists():
            raise StorageError(EXISTS) from None
        draft.rename(target)
