"""The steps about the model that answers, and about money."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from bot.core.errors import ModelError
from bot.core.model_ids import Provider, normalize_model, search
from bot.setup.answers import BUDGET, MODEL
from bot.setup.conversation import NotThatError
from bot.setup.model_server import models_of, sensible
from bot.setup.prompts import NoAnswerError, Option
from bot.setup.provider_steps import why
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import ModelInfo
    from bot.llm.config import ProviderConfig
    from bot.setup.conversation import Talk

DEFAULT_MODEL = "openai/gpt-4o-mini"
DEFAULT_BUDGET = "10"
MOST_USD = 1_000_000
SEARCH, BACK = " search", " back"  # no model's id has a space in it
FOUND = 9  # shown of what a search finds


async def model(talk: Talk, config: ProviderConfig) -> None:
    """Ask which model answers: five of the live list, or a search in it."""
    models = await _listed(talk, config)
    known = _own_id(talk.answers.known(MODEL), config.kind)

    async def ask() -> str:
        return await _pick(talk, models)

    async def attempt(chosen: str) -> str:
        if chosen.partition(":")[0] not in {info.id.partition(":")[0] for info in models}:
            raise NotThatError(texts.model_unknown(chosen))
        return chosen

    _, chosen = await talk.settled(MODEL, known, ask, attempt)
    if _own_id(talk.answers.file.get(MODEL.setting, ""), config.kind) != chosen:
        talk.keep({MODEL.setting: _as_set(chosen, config.kind)})
    talk.good(texts.model_chosen(chosen))


def _as_set(model: str, kind: Provider) -> str:
    """A listed id as the settings take it: with the provider's prefix where it could be mistaken for one."""
    return model if kind is not Provider.OPENROUTER and _own_id(model, kind) == model else f"{kind}/{model}"


async def _listed(talk: Talk, config: ProviderConfig) -> Sequence[ModelInfo]:
    while True:
        try:
            return await models_of(config)
        except ModelError as error:
            said = texts.unreachable(config.url, why(error))
            if not talk.attended:
                raise NoAnswerError(said) from None
            talk.bad(said)
            await talk.prompts.text(texts.TRY_AGAIN, MODEL)


def _own_id(model: str, kind: Provider) -> str:
    try:
        return normalize_model(model, kind) if model else ""
    except ValueError:  # another provider's: it was set before that was changed
        return ""


async def _pick(talk: Talk, models: Sequence[ModelInfo]) -> str:
    offered = sensible(models, DEFAULT_MODEL)
    options = [Option(info.id, texts.model_label(info)) for info in offered]
    while True:
        more = [Option(SEARCH, texts.SEARCH)] if len(models) > len(offered) else []
        default = options[0].value if talk.attended or options[0].value == DEFAULT_MODEL else ""
        chosen = await talk.choose(texts.MODEL_QUESTION, MODEL, options + more, default=default)
        if chosen != SEARCH:
            return chosen
        if found := await _searched(talk, models):
            return found


async def _searched(talk: Talk, models: Sequence[ModelInfo]) -> str:
    """The model that a search ended with; empty where somebody goes back to the menu."""
    typed = await talk.prompts.text(texts.SEARCH_QUESTION, MODEL, words=[info.id for info in models])
    found = search(models, typed, limit=FOUND) if typed else []
    if not found:
        talk.bad(texts.NOTHING_FOUND)
        return ""
    if found[0].id == typed or len(found) == 1:
        return found[0].id
    options = [*(Option(info.id, texts.model_label(info)) for info in found), Option(BACK, texts.BACK)]
    chosen = await talk.choose(texts.MORE_FOUND, MODEL, options, default=found[0].id)
    return "" if chosen == BACK else chosen


async def budget(talk: Talk) -> None:
    """Ask for a monthly ceiling."""

    async def ask() -> str:
        return await talk.prompts.text(texts.BUDGET_QUESTION, BUDGET, default=DEFAULT_BUDGET)

    async def attempt(typed: str) -> str:
        return amount_of(typed)

    explain = texts.BUDGET_ABOUT if talk.attended else ""
    _, amount = await talk.settled(BUDGET, talk.answers.given(BUDGET), ask, attempt, explain)
    talk.keep({BUDGET.setting: amount})
    talk.good(texts.budget_set(amount))


def amount_of(typed: str) -> str:
    """An amount in dollars as the settings take it; empty for none.

    Raises:
        NotThatError: it's neither.
    """
    plain = typed.strip().lower().removeprefix("$").replace(",", ".")
    if plain == texts.NO_LIMIT:
        return ""
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise NotThatError(texts.BUDGET_FORM) from None
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise NotThatError(texts.BUDGET_FORM)
    return f"{amount:f}"
