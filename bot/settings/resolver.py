"""What people set, and where: the thread's setting holds, else the channel's, the server's, the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.ports import Clock
    from bot.core.records import Place
    from bot.settings.specs import SettingSpec
    from bot.settings.store import Change, Setting, SettingsStore


def channel_scope(channel_id: int) -> str:
    return f"channel:{channel_id}"


def guild_scope(guild_id: int) -> str:
    return f"guild:{guild_id}"


def scopes(place: Place) -> tuple[str, ...]:
    """The scopes that apply in a place, the closest first."""
    names = [channel_scope(place.channel_id)]
    if place.parent_id is not None:
        names.append(channel_scope(place.parent_id))
    if place.guild_id is not None:
        names.append(guild_scope(place.guild_id))
    return tuple(names)


@dataclass(frozen=True, slots=True)
class ScopedSetting:
    """A setting and the scope that it was set for."""

    setting: Setting
    scope: str


class EffectiveSettings:
    """All settings that hold in a place, as they were at one moment."""

    def __init__(self, found: Mapping[str, Sequence[ScopedSetting]]) -> None:
        """`found` has for each key what was set, the closest scope's first."""
        self._found = found

    def find(self, key: str) -> ScopedSetting | None:
        """The setting that holds; None where nobody set it."""
        found = self._found.get(key)
        return found[0] if found else None

    def scoped(self, spec: SettingSpec) -> ScopedSetting | None:
        return self.find(spec.key)

    def text(self, spec: SettingSpec) -> str:
        """The value that holds, the default where nobody set one."""
        scoped = self.scoped(spec)
        return scoped.setting.value if scoped else spec.default

    def flag(self, spec: SettingSpec) -> bool:
        return self.text(spec) == "on"

    def number(self, spec: SettingSpec) -> float | None:
        """None where neither a value nor a default holds."""
        text = self.text(spec)
        return float(text) if text else None

    def ids(self, spec: SettingSpec) -> frozenset[int]:
        """The ids of a list; of all scopes' lists together where they add up."""
        lists = [scoped.setting.value for scoped in self._found.get(spec.key, ())]
        return frozenset(int(id_) for text in lists[: None if spec.combined else 1] for id_ in text.split())


class SettingsResolver:
    """Finds and keeps settings by place. All of it raises `StorageError`."""

    def __init__(self, store: SettingsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, scope: str, key: str) -> Setting | None:
        """What is set for a scope itself."""
        return await self._store.get(scope, key)

    async def find(self, place: Place, key: str) -> ScopedSetting | None:
        """The setting that holds in a place; None where nobody set it."""
        for scope in scopes(place):
            setting = await self._store.get(scope, key)
            if setting is not None:
                return ScopedSetting(setting, scope)
        return None

    async def effective(self, place: Place) -> EffectiveSettings:
        """All settings that hold in a place."""
        found: dict[str, list[ScopedSetting]] = {}
        for scope in scopes(place):
            for setting in await self._store.entries(scope):
                found.setdefault(setting.key, []).append(ScopedSetting(setting, scope))
        return EffectiveSettings(found)

    async def set(self, scope: str, key: str, value: str | None, *, by: int, guild_id: int | None = None) -> None:
        """Set a value for a scope, or with None leave it to the wider scopes again.

        `guild_id` is the server that the scope is in, for the server's log of changes.
        """
        now = int(self._clock.time())
        await self._store.set(scope, key, value, by=by, now=now, guild_id=guild_id)

    async def changes(self, guild_id: int, *, limit: int) -> Sequence[Change]:
        """What was changed in a server, the newest first."""
        return await self._store.changes(guild_id, limit=limit)
