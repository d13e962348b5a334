"""What people set, and where: a thread's setting applies first, then the channel's, the server's, the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.store import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.ports import Clock
    from bot.core.records import Place
    from bot.settings.specs import SettingSpec
    from bot.settings.store import Change, SettingsStore


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


class EffectiveSettings:
    """All settings that apply in a place, as they were at one moment."""

    def __init__(self, settings: Iterable[Setting] = ()) -> None:
        """`settings` are all that apply, those of the closest scope first."""
        self._by_key: dict[str, list[Setting]] = {}
        for setting in settings:
            self._by_key.setdefault(setting.key, []).append(setting)

    def but(self, spec: SettingSpec, value: str) -> EffectiveSettings:
        """The same, but for one value that applies to one question."""
        changed = EffectiveSettings()
        setting = Setting(scope="question", key=spec.key, value=value, set_by=0, set_at=0)
        changed._by_key = {**self._by_key, spec.key: [setting]}
        return changed

    def find(self, key: str) -> Setting | None:
        """The setting that applies, or None where nobody set it."""
        found = self._by_key.get(key)
        return found[0] if found else None

    def text(self, spec: SettingSpec) -> str:
        """The value that applies, or the default where nobody set one."""
        setting = self.find(spec.key)
        return setting.value if setting else spec.default

    def flag(self, spec: SettingSpec) -> bool:
        return self.text(spec) == "on"

    def number(self, spec: SettingSpec) -> float | None:
        """None where there is neither a value nor a default."""
        text = self.text(spec)
        return float(text) if text else None

    def ids(self, spec: SettingSpec) -> frozenset[int]:
        """The ids in a list. Where lists combine, those of all scopes together."""
        lists = [setting.value for setting in self._by_key.get(spec.key, ())]
        return frozenset(int(id_) for text in lists[: None if spec.combined else 1] for id_ in text.split())


class SettingsResolver:
    """Finds and keeps settings by place. Every method raises `StorageError`."""

    def __init__(self, store: SettingsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def get(self, scope: str, key: str) -> Setting | None:
        """What is set for a scope itself."""
        return await self._store.get(scope, key)

    async def effective(self, place: Place) -> EffectiveSettings:
        """All settings that apply in a place, in one statement."""
        closest_first = scopes(place)
        entries = await self._store.entries(closest_first)
        return EffectiveSettings(sorted(entries, key=lambda setting: closest_first.index(setting.scope)))

    async def set(self, scope: str, key: str, value: str | None, *, by: int, guild_id: int | None = None) -> None:
        """Set a value for a scope, or with None leave it to the wider scopes.

        `guild_id` is the server that the scope is in, for the server's log of changes.
        """
        now = int(self._clock.time())
        await self._store.set(scope, key, value, by=by, now=now, guild_id=guild_id)

    async def reset(self, scope: str, key: str, *, by: int, guild_id: int | None = None) -> bool:
        """Leave a key to the wider scopes again; says whether the scope had a value of its own."""
        if await self.get(scope, key) is None:
            return False
        await self.set(scope, key, None, by=by, guild_id=guild_id)
        return True

    async def changes(self, guild_id: int, *, limit: int) -> Sequence[Change]:
        """What was changed in a server, newest first."""
        return await self._store.changes(guild_id, limit=limit)
