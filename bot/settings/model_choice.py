"""Which model answers where, and which may be chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.core.model_ids import PRICE_NEUTRAL_SUFFIXES, split_suffix
from bot.settings.catalog import ALLOWED_MODELS, PRICE_CEILING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.ports import Catalog
    from bot.core.records import ModelInfo
    from bot.settings.resolver import EffectiveSettings, SettingsResolver
    from bot.settings.store import Setting

KEY = "model"
DEFAULT_SCOPE = "default"
MILLION = 1_000_000
REMEMBERED = 100  # changes of settings searched for models that were chosen lately


class ModelUnavailable(StrEnum):
    """Why a model can't be used in a place."""

    VANISHED = "vanished"  # the provider no longer lists it
    NOT_ALLOWED = "not_allowed"  # by the server's list of models
    TOO_EXPENSIVE = "too_expensive"  # for the server's price ceiling


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that answers, and the scope that chose it (`channel:1`, `guild:1`, or `default`).

    `pin` is what was chosen and when, None for the default. Where the pinned model can't be used, `unavailable`
    says why, and `model` is the default instead.
    """

    model: str
    scope: str
    pin: Setting | None = None
    unavailable: ModelUnavailable | None = None


class ModelChoice:
    """Resolves and keeps the choice of model."""

    def __init__(self, resolver: SettingsResolver, catalog: Catalog, *, default: str) -> None:
        self._resolver = resolver
        self._catalog = catalog
        self.default = default
        self._told: set[tuple[str, str]] = set()

    def resolve(self, effective: EffectiveSettings) -> Choice:
        """The model that answers where these settings apply."""
        pin = effective.find(KEY)
        if pin is None:
            return Choice(self.default, DEFAULT_SCOPE)
        if unavailable := self.unavailable(effective, pin.value):
            return Choice(self.default, pin.scope, pin, unavailable)
        return Choice(pin.value, pin.scope, pin)

    def unavailable(self, effective: EffectiveSettings, model: str) -> ModelUnavailable | None:
        """Why a model can't be used where these settings apply, or None where it can."""
        info = self._catalog.get(model)
        if info is None:  # without any list nobody can say
            return ModelUnavailable.VANISHED if self._catalog.models() else None
        return _unavailable(effective, info)

    def permitted(self, effective: EffectiveSettings, models: Iterable[str]) -> tuple[str, ...]:
        """Those that a server's limits permit; limits forbid one that isn't listed, as nobody can say."""
        if not (effective.text(ALLOWED_MODELS) or effective.text(PRICE_CEILING)):
            return tuple(models)
        listed = [(model, self._catalog.get(model)) for model in models]
        return tuple(model for model, info in listed if info and _unavailable(effective, info) is None)

    def allowed(self, effective: EffectiveSettings) -> list[ModelInfo]:
        """The models that may be chosen where these settings apply, in the provider's order."""
        return [info for info in self._catalog.models() if _unavailable(effective, info) is None]

    async def recent(self, guild_id: int | None) -> list[str]:
        """The models that were chosen in a server, newest first."""
        if guild_id is None:
            return []
        changes = await self._resolver.changes(guild_id, limit=REMEMBERED)
        return list(dict.fromkeys(change.new for change in changes if change.key == KEY and change.new))

    def news(self, choice: Choice) -> tuple[str, ModelUnavailable] | None:
        """The pinned model that can't be used, and why; once for each choice, so that people are told once."""
        if choice.unavailable is None or choice.pin is None:
            return None
        key = (choice.scope, choice.pin.value)
        if key in self._told:
            return None
        self._told.add(key)
        return choice.pin.value, choice.unavailable

    async def choose(self, scope: str, model: str, *, by: int, guild_id: int | None = None) -> None:
        """Set a scope's model."""
        await self._resolver.set(scope, KEY, model, by=by, guild_id=guild_id)

    async def reset(self, scope: str, *, by: int, guild_id: int | None = None) -> bool:
        """Leave a scope's model to the wider scopes; says whether the scope had one of its own."""
        return await self._resolver.reset(scope, KEY, by=by, guild_id=guild_id)


def _unavailable(effective: EffectiveSettings, info: ModelInfo) -> ModelUnavailable | None:
    patterns, ceiling = effective.text(ALLOWED_MODELS), effective.text(PRICE_CEILING)
    if patterns and not _matches(patterns, info):
        return ModelUnavailable.NOT_ALLOWED
    return ModelUnavailable.TOO_EXPENSIVE if ceiling and not _affordable(info, int(ceiling)) else None


def _matches(patterns: str, info: ModelInfo) -> bool:
    """Whether a server's patterns allow a model.

    A suffix that may change its price or behavior has to stand in the pattern: `openai/*` allows no search, no
    faster tier and no preset, `*:online` does.
    """
    allowed, id_ = _compiled(patterns), info.id.lower()
    if info.suffix in PRICE_NEUTRAL_SUFFIXES:
        return bool(allowed.match(id_) or (info.suffix and allowed.match(id_.removesuffix(info.suffix))))
    base, suffix = split_suffix(id_)
    wanted = map(split_suffix, patterns.split())
    return any(fnmatchcase(base, model) and fnmatchcase(suffix, behind) for model, behind in wanted)


@lru_cache(maxsize=256)
def _compiled(patterns: str) -> re.Pattern[str]:
    """A server's patterns as one: autocomplete matches ten thousand models against a hundred of them."""
    return re.compile("|".join(map(translate, patterns.split())))


def _affordable(info: ModelInfo, nano_usd_per_million: int) -> bool:
    """Whether neither side of a model costs more than the ceiling; what has no certain price does."""
    if info.prompt_price is None or info.completion_price is None or info.suffix not in PRICE_NEUTRAL_SUFFIXES:
        return False
    return max(info.prompt_price, info.completion_price) * MILLION <= nano_usd_per_million
