"""What people set, and where: the thread's setting holds, else the channel's, the server's, the owner's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.messages import Place, Setting
    from bot.core.ports import Clock, SettingsStore


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
class Preference:
    """A setting and the scope that it was set for."""

    setting: Setting
    scope: str


class Preferences:
    """Finds and keeps settings by place. All of it raises `StorageError`."""

    def __init__(self, store: SettingsStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def find(self, place: Place, key: str) -> Preference | None:
        """The setting that holds in a place; None where nobody set it."""
        for scope in scopes(place):
            setting = await self._store.get(scope, key)
            if setting is not None:
                return Preference(setting, scope)
        return None

    async def set(self, scope: str, key: str, value: str | None, *, by: int) -> None:
        """Set a value for a scope, or with None leave it to the wider scopes again."""
        await self._store.set(scope, key, value, by=by, now=int(self._clock.time()))
