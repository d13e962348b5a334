"""What people set, by scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.settings.store import Change, Setting
from bot.storage.engine.session import marks
from bot.storage.last_known import LastKnown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row

GET = "SELECT scope, key, value, set_by, set_at FROM settings WHERE scope = ?1 AND key = ?2"
ENTRIES = "SELECT scope, key, value, set_by, set_at FROM settings WHERE scope IN ({}) ORDER BY key"
SET = """
    INSERT INTO settings (scope, key, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (scope, key) DO UPDATE
    SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at
"""
LOG = """
    INSERT INTO changes (guild_id, scope, key, old, new, changed_by, changed_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
"""
CHANGES = """
    SELECT scope, key, old, new, changed_by, changed_at FROM changes WHERE guild_id = ?1 ORDER BY id DESC LIMIT ?2
"""


class SqliteSettings:
    """The `SettingsStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_known: LastKnown[str, list[Setting]] = LastKnown()  # by scope

    async def get(self, scope: str, key: str) -> Setting | None:
        async with self._database.read() as session:
            row = await session.fetch_one(GET, scope, key)
        return None if row is None else _setting(row)

    async def set(
        self, scope: str, key: str, value: str | None, *, by: int, now: int, guild_id: int | None = None
    ) -> None:
        if scope.startswith("guild:"):
            guild_id = int(scope.partition(":")[2])
        async with self._database.write() as session:
            row = await session.fetch_one("SELECT value FROM settings WHERE scope = ?1 AND key = ?2", scope, key)
            old = row[0] if row else None
            if value is None:
                await session.execute("DELETE FROM settings WHERE scope = ?1 AND key = ?2", scope, key)
            else:
                await session.execute(SET, scope, key, value, by, now)
            if by and old != value:
                await session.execute(LOG, guild_id, scope, key, old, value, by, now)

    async def entries(self, scopes: Sequence[str]) -> Sequence[Setting]:
        sql = ENTRIES.format(marks(1, len(scopes)))
        try:
            async with self._database.read() as session:
                found = [_setting(row) for row in await session.fetch(sql, *scopes)]
        except StorageError as error:
            try:
                return [setting for scope in scopes for setting in self._last_known.get(scope)]
            except KeyError:
                raise error from None
        for scope in scopes:
            self._last_known.keep(scope, [setting for setting in found if setting.scope == scope])
        return found

    async def changes(self, guild_id: int, *, limit: int) -> Sequence[Change]:
        async with self._database.read() as session:
            rows = await session.fetch(CHANGES, guild_id, limit)
        return [
            Change(scope=scope, key=key, old=old, new=new, by=by, at=at) for scope, key, old, new, by, at in rows
        ]


def _setting(row: Row) -> Setting:
    scope, key, value, set_by, set_at = row
    return Setting(scope=scope, key=key, value=value, set_by=set_by, set_at=set_at)
