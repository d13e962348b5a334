"""Which model answers where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.messages import Place
    from bot.core.preferences import Preferences

KEY = "model"
DEFAULT_SCOPE = "default"


@dataclass(frozen=True, slots=True)
class Choice:
    """A model and the scope that chose it (`channel:1`, `guild:1`, or `default`)."""

    model: str
    scope: str


class ModelChoice:
    """Resolves and keeps the choice of model."""

    def __init__(self, preferences: Preferences, *, default: str) -> None:
        self._preferences = preferences
        self._default = default

    async def resolve(self, place: Place) -> Choice:
        found = await self._preferences.find(place, KEY)
        return Choice(found.setting.value, found.scope) if found else Choice(self._default, DEFAULT_SCOPE)

    async def choose(self, scope: str, model: str | None, *, by: int, guild_id: int | None = None) -> None:
        """Set a scope's model, or with None leave it to the wider scopes again."""
        await self._preferences.set(scope, KEY, model, by=by, guild_id=guild_id)
