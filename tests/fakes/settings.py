"""A store of settings in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.store import Change, Setting

if TYPE_CHECKING:
    pass


class MemorySettings:
    """A `SettingsStore` in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    async def get(self, scope: str, key: str) -> Setting | None:
        value = self.values.get((scope, key))
        return None if value is None else Setting(key=key, value=value, set_by=0, set_at=0)

    async def set(self, scope: str, key: str, value: str | None, **_: object) -> None:
        if value is None:
            self.values.pop((scope, key), None)
        else:
            self.values[scope, key] = value

    async def entries(self, scope: str) -> list[Setting]:
        return [
            Setting(key=key, value=value, set_by=0, set_at=0)
            for (where, key), value in self.values.items()
            if where == scope
        ]

    async def changes(self, guild_id: int, *, limit: int) -> list[Change]:  # noqa: ARG002 - the port's
        return []
