"""Which model answers where: the thread's choice, else the channel's, the server's, the owner's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.messages import Place
    from bot.core.ports import Clock, SettingsStore

KEY = "model"
DEFAULT_SCOPE = "default"


def scopes(place: Place) -> tuple[str, ...]:
    """The settings scopes that apply in a place, the closest first."""
    ids = [f"channel:{place.channel_id}"]
    if place.parent_id is not None:
        ids.append(f"channel:{place.parent_id}")
    if place.guild_id is not None:
        ids.append(f"guild:{place.guild_id}")
    return tuple(ids)


@dataclass(frozen=True, slots=True)
class Choice:
    """A model and the scope that chose it (`channel:1`, `guild:1`, or `default`)."""

    model: str
    scope: str


class ModelChoice:
    """Resolves and keeps the choice of model."""

    def __init__(self, settings: SettingsStore, *, default: str, clock: Clock) -> None:
        self._settings = settings
        self._default = default
        self._clock = clock

    async def resolve(self, place: Place) -> Choice:
        for scope in scopes(place):
            model = await self._settings.get(scope, KEY)
            if model is not None:
                return Choice(model, scope)
        return Choice(self._default, DEFAULT_SCOPE)

    async def choose(self, scope: str, model: str | None, *, by: int) -> None:
        """Set a scope's model, or with None leave it to the wider scopes again."""
        await self._settings.set(scope, KEY, model, by=by, now=int(self._clock.time()))
