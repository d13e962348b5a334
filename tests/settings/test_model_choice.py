"""Which models may answer where a server has a list of models or a price ceiling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.records import ModelInfo, Place
from bot.settings.catalog import ALLOWED_MODELS, PRICE_CEILING
from bot.settings.model_choice import ModelChoice, ModelUnavailable
from bot.settings.resolver import SettingsResolver
from tests.fakes import MemorySettings
from tests.virtual import VirtualClock

PLACE = Place(channel_id=2, guild_id=1)
MODEL = ModelInfo(id="openai/gpt-4o", name="GPT-4o", context_length=1, prompt_price=100, completion_price=100)
CHEAP = "1000000000"  # nano-dollars for a million tokens


class OneModel:
    """A catalog of one model, and of what its suffixes make of it."""

    def __init__(self, suffix: str, *, listed: bool = False) -> None:
        self._info = replace(MODEL, id=MODEL.id + suffix, suffix="" if listed else suffix)

    def get(self, model: str) -> ModelInfo | None:
        return self._info if model == self._info.id else None

    def models(self) -> list[ModelInfo]:
        return [MODEL]


async def verdict(suffix: str, *, listed: bool = False, **settings: str) -> ModelUnavailable | None:
    resolver = SettingsResolver(MemorySettings(), VirtualClock())
    for key, value in settings.items():
        await resolver.set("guild:1", key, value, by=5)
    models = ModelChoice(resolver, OneModel(suffix, listed=listed), default="x/y")
    return models.unavailable(await resolver.effective(PLACE), MODEL.id + suffix)


@pytest.mark.parametrize(
    "suffix",
    [":online", ":nitro", ":thinking", ":extended", ":next-year", ":floor:online", ":online:floor", "@preset/x"],
)
async def test_a_suffix_that_may_cost_more_is_not_judged_by_its_model(suffix: str):
    """Without limits it may be chosen; a price ceiling refuses it, and so does a list that doesn't name it."""
    assert await verdict(suffix) is None
    assert await verdict(suffix, **{PRICE_CEILING.key: CHEAP}) is ModelUnavailable.TOO_EXPENSIVE
    for patterns in ("openai/gpt-4o", "openai/*", "*", "openai/gpt*", "*:free", "*:floor"):
        assert await verdict(suffix, **{ALLOWED_MODELS.key: patterns}) is ModelUnavailable.NOT_ALLOWED


@pytest.mark.parametrize(
    ("suffix", "patterns"),
    [(":online", "*:online"), (":online", "openai/*:on*"), (":nitro", "x/y openai/gpt-4o:nitro"),
     ("@preset/x", "*@preset/*"), (":free:online", "*:*")],
)  # fmt: skip # many to a line
async def test_a_pattern_that_names_the_suffix_allows_it(suffix: str, patterns: str):
    """Admins can allow searches, tiers and presets one by one."""
    assert await verdict(suffix, **{ALLOWED_MODELS.key: patterns}) is None


@pytest.mark.parametrize(
    ("suffix", "listed"), [("", True), (":floor", False), (":free", True), (":thinking", True)]
)
async def test_the_model_itself_and_what_never_costs_more_are_judged_by_their_price(suffix: str, *, listed: bool):
    """An id on the list has a price of its own; `:floor` asks the cheapest provider first."""
    assert await verdict(suffix, listed=listed, **{PRICE_CEILING.key: CHEAP}) is None
    assert await verdict(suffix, listed=listed, **{PRICE_CEILING.key: "1000000"}) is ModelUnavailable.TOO_EXPENSIVE
    assert await verdict(suffix, listed=listed, **{ALLOWED_MODELS.key: "openai/*"}) is None
    assert await verdict(suffix, listed=listed, **{ALLOWED_MODELS.key: "google/*"}) is ModelUnavailable.NOT_ALLOWED


async def test_the_cheapest_provider_is_allowed_where_the_model_is():
    """A list that names the model alone allows its `:floor`."""
    assert await verdict(":floor", **{ALLOWED_MODELS.key: "openai/gpt-4o"}) is None


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ({}, (MODEL.id, "gone/model")),
        ({ALLOWED_MODELS.key: "mistralai/*"}, ()),
        ({PRICE_CEILING.key: "1"}, ()),
        ({ALLOWED_MODELS.key: "openai/*", PRICE_CEILING.key: CHEAP}, (MODEL.id,)),
    ],
    ids=["no limits", "list", "ceiling", "within both"],
)
async def test_a_fallback_keeps_to_the_servers_limits(limits: dict[str, str], kept: tuple[str, ...]):
    """Of one that isn't listed nobody knows the price, so limits forbid it; without limits it may be tried."""
    resolver = SettingsResolver(MemorySettings(), VirtualClock())
    for key, value in limits.items():
        await resolver.set("guild:1", key, value, by=5)
    models = ModelChoice(resolver, OneModel(""), default="x/y")
    assert models.permitted(await resolver.effective(PLACE), (MODEL.id, "gone/model")) == kept
