"""The databases that the contract tests run on; another adapter joins by another parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "headwater.db"


@pytest.fixture(params=["sqlite"])
async def database(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[Database]:
    assert request.param == "sqlite"
    async with open_database(path) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> SqliteConversations:
    return SqliteConversations(database)


async def write(database: Database, sql: str, *values: Value) -> int:
    """Run one statement."""
    async with database.single() as session:
        return await session.execute(sql, *values)
