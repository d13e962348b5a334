"""What `/model` answers, and the small print under answers about the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.model_ids import PRICE_NEUTRAL_SUFFIXES
from bot.settings.model_choice import ModelUnavailable
from bot.ui.texts.names import shown_code, shown_name, shown_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.errors import HeadwaterError
    from bot.core.records import ModelInfo
    from bot.settings.model_choice import Choice

PICK = "Choose one for this channel"
NO_MODELS_FOUND = "No model matches that."
NO_CATALOG = "I don't have the list of models yet. Please try again in a moment."
THOUSAND = 1000
ID_CHARS = 100  # characters of what somebody typed; real ids are shorter
UNAVAILABLE = {
    ModelUnavailable.VANISHED: "is no longer offered by the provider",
    ModelUnavailable.NOT_ALLOWED: "isn't allowed in this server",
    ModelUnavailable.TOO_EXPENSIVE: "costs more than this server allows",
}


def model_line(info: ModelInfo) -> str:
    """One model in a list: id, context, prices and what it reads besides text."""
    return " · ".join([f"`{info.id}`", context(info.context_length), prices(info), *reads(info)])


def context(tokens: int) -> str:
    return f"{tokens / THOUSAND:,.0f}k context" if tokens >= THOUSAND else f"{tokens} tokens of context"


def prices(info: ModelInfo) -> str:
    """Dollars per million tokens in and out."""
    if info.prompt_price is None or info.completion_price is None:
        return "price unknown"
    if info.suffix not in PRICE_NEUTRAL_SUFFIXES:
        return "price unknown: the variant can cost more than the model"
    if not info.prompt_price and not info.completion_price:
        return "free"
    return f"${_per_million(info.prompt_price)} in, ${_per_million(info.completion_price)} out per million tokens"


def _per_million(nano_per_token: int) -> str:
    return f"{nano_per_token / THOUSAND:.2f}"


def reads(info: ModelInfo) -> list[str]:
    """What a model takes besides text; empty where that is nothing."""
    others = sorted(info.input_modalities - {"text"})
    return [f"reads {', '.join(others)}"] if others else []


def in_use(choice: Choice, info: ModelInfo | None) -> str:
    """What `/model show` answers."""
    lines = [_answers_here(choice)]
    if info is None:
        lines.append("The provider's list of models doesn't include it.")
    else:
        lines.append(" · ".join([shown_text(info.name), context(info.context_length), prices(info), *reads(info)]))
    if choice.pin:
        by, at = choice.pin.set_by, choice.pin.set_at
        lines.append(f"Set by <@{by}>, <t:{at}:R>.")
        if choice.unavailable:
            lines.append(unavailable(choice.pin.value, choice.unavailable))
    return "\n".join(lines)


def _answers_here(choice: Choice) -> str:
    return f"`{choice.model}` answers here ({_chosen(choice)})."


def _chosen(choice: Choice) -> str:
    if choice.unavailable:
        return "the default"
    return {"channel": "chosen for this channel", "guild": "chosen for this server"}.get(
        choice.scope.partition(":")[0], "the default"
    )


def unavailable(model: str, unavailable: ModelUnavailable) -> str:
    """For a chosen model that can no longer be used."""
    return (
        f"`{model}`, chosen here, {UNAVAILABLE[unavailable]}. I use the default model until an admin chooses "
        "another with `/model set`."
    )


def refused(model: str, unavailable: ModelUnavailable) -> str:
    """For a model that can't be chosen."""
    return f"`{model}` {UNAVAILABLE[unavailable]}."


def trial_failed(model: str, error: HeadwaterError, kept: str) -> str:
    """After a model was tried and didn't answer."""
    return f"I tried `{model}`, but it didn't work. {error.sentence} I keep using `{kept}` here."


def chosen(model: str, scope: str, by: str, *, history_tokens: int, info: ModelInfo | None) -> str:
    """After `/model set`, for the channel to see."""
    sentence = f"{shown_name(by)} chose `{model}` for this {scope}. It answers from the next question on."
    if info is None or history_tokens <= info.context_length:
        return sentence
    return (
        f"{sentence}\n-# I remember about {history_tokens:,} tokens of this channel, but this model can read only "
        f"{info.context_length:,} at once. It sees the newest part."
    )


def reset(model: str, scope: str, by: str) -> str:
    """After `/model reset`, for the channel to see."""
    return f"{shown_name(by)} reset this {scope}'s model. From the next question on, `{model}` answers here."


def not_chosen(choice: Choice, scope: str) -> str:
    """For a reset where nobody chose a model."""
    return f"Nobody chose a model for this {scope}, so there's nothing to reset. {_answers_here(choice)}"


def several(typed: str, models: Sequence[ModelInfo], count: int) -> str:
    """For a word that several models match; `models` are the best of them."""
    best = ", ".join(f"`{info.id}`" for info in models)
    rest = f" `/model list` shows all {count:,}." if count > len(models) else ""
    return f"Several models match {shown_code(typed, limit=ID_CHARS)}. Choose one by its id: {best}.{rest}"


def none_allowed(typed: str) -> str:
    """For a word that matches only models that can't be chosen."""
    return (
        f"The models that match {shown_code(typed, limit=ID_CHARS)} can't be chosen in this server. "
        "`/model list` shows those that can."
    )


def unknown(model: str, nearest: Sequence[str]) -> str:
    """For an id that the provider doesn't list."""
    known = f" Did you mean {' or '.join(f'`{other}`' for other in nearest)}?" if nearest else ""
    return f"There's no model {shown_code(model, limit=ID_CHARS)}.{known}"
