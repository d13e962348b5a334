"""Whose database a file is: SQLite keeps an id of the program in it, and older files are known by their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection

APPLICATION_ID = int.from_bytes(b"Hdwt")  # https://sqlite.org/pragma.html#pragma_application_id
OUR_TABLES = frozenset({"conversations", "turns", "replies", "settings"})  # since the first schema
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def check_owner(application_id: int, tables: Collection[str]) -> None:
    """Accept a database of ours, or an empty one that nobody has marked as theirs.

    Raises:
        StorageError: it belongs to another program.
    """
    marked_by_others = application_id not in {0, APPLICATION_ID}
    if marked_by_others or (tables and not application_id and not OUR_TABLES.issubset(tables)):
        raise StorageError("the file belongs to another program; set DATABASE_URL to a file of its own")
