"""The steps that bring a database to the newest schema."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.storage.engine.ownership import APPLICATION_ID, TABLES, check_owner
from bot.storage.engine.session import at_once, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    import aiosqlite

    from bot.storage.engine.session import Acquire

SKIPPED_IDS = 1_000_000
# SQLite notes a table's newest id from its first row on (https://sqlite.org/autoinc.html).
SKIP_IN_EMPTY_TABLES = f"""
    INSERT INTO sqlite_sequence (name, seq) SELECT name, {SKIPPED_IDS} FROM sqlite_master
    WHERE sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)
"""  # noqa: S608 - a constant
FOLDER = Path(__file__).with_name("migrations")


def migrations() -> list[str]:
    """The scripts in order; the first brings an empty database to version 1, and so on."""
    return [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("[0-9]*.sql"))]


def newer_schema(version: int, *, known: int) -> StorageError:
    return StorageError(f"a newer Headwater wrote it: it has schema {version}, and this version knows {known}")


async def claim(connection: aiosqlite.Connection) -> None:
    """Mark an empty file, or one that an older version made, as ours; before WAL, so that the file itself says so.

    Raises:
        StorageError: the file belongs to another program; nothing in it has changed.
    """
    ((application_id,),) = await connection.execute_fetchall("PRAGMA application_id")
    check_owner(application_id, [name for (name,) in await connection.execute_fetchall(TABLES)])
    if application_id != APPLICATION_ID:
        await connection.execute_fetchall(f"PRAGMA application_id = {APPLICATION_ID}")


async def skip_ids(connection: aiosqlite.Connection) -> None:
    """Leave out ids that the file which stood here before may have given to replies that still run."""
    await connection.execute_fetchall(f"UPDATE sqlite_sequence SET seq = seq + {SKIPPED_IDS}")  # noqa: S608 - a constant
    await connection.execute_fetchall(SKIP_IN_EMPTY_TABLES)


async def migrate(connection: aiosqlite.Connection, acquire: Acquire = at_once) -> None:
    """Run the steps that the database lacks, each all or nothing. Its version is in `PRAGMA user_version`.

    Raises:
        StorageError: the database was written by a newer program.
    """
    scripts = migrations()
    version = await _version(connection)
    if version > len(scripts):
        raise newer_schema(version, known=len(scripts))
    for number, script in enumerate(scripts[version:], start=version + 1):
        await _apply(connection, acquire, number, script)


async def _apply(connection: aiosqlite.Connection, acquire: Acquire, number: int, script: str) -> None:
    async with transaction(connection, acquire) as session:
        if await _version(connection) >= number:  # another process was faster
            return
        for statement in statements(script):
            await session.execute(statement)
        await session.execute(f"PRAGMA user_version = {number}")


async def _version(connection: aiosqlite.Connection) -> int:
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    return int(version)


def statements(script: str) -> Iterator[str]:
    """Cut a script into statements; `executescript` would commit before the first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
