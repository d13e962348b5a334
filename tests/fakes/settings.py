"""A store of settings in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.store import Change, Setting

if TYPE_CHECKING:
    from collections.abc import Sequence


class MemorySettings:
    """A `SettingsStore` in memory."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    async def get(self, scope: str, key: str) -> Setting | None:
        return next((setting for setting in await self.entries([scope]) if setting.key == key), None)

    async def set(self, scope: str, key: str, value: str | None, **_: object) -> None:
        if value is None:
            self.values.pop((scope, key), None)
        else:
            self.values[scope, key] = value

    async def entries(self, scopes: Sequence[str]) -> list[Setting]:
        return [
            Setting(scope=scope, key=key, value=value, set_by=0, set_at=0)
            for (scope, key), value in self.values.items()
            if scope in scopes
        ]

    async def changes(self, guild_id: int, *, limit: int) -> list[Change]:  # noqa: ARG002 - the port's
        return []
