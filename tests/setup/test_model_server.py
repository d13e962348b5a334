"""What the set-up offers to choose from."""

from __future__ import annotations

import pytest

from bot.core.records import ModelInfo
from bot.setup.conversation import NotThatError
from bot.setup.model_server import sensible
from bot.setup.model_steps import amount_of

DEFAULT = "openai/gpt-4o-mini"


def info(id_: str, prompt: int | None = 100, completion: int | None = 400, context: int = 128_000) -> ModelInfo:
    return ModelInfo(id=id_, name=id_, context_length=context, prompt_price=prompt, completion_price=completion)


def test_five_cheap_general_models_of_known_authors():
    """The newest of each, which comes first in the list; the default is the first choice."""
    models = [
        info("openai/gpt-9-audio"),
        info("openai/gpt-9", 9_000, 40_000),
        info("openai/gpt-9-mini"),
        info("google/gemini-9-flash"),
        info("google/gemini-8-flash"),
        info("anthropic/claude-9:free", 0, 0),
        info("anthropic/claude-9-haiku"),
        info("deepseek/deepseek-9", context=8_000),
        info("qwen/qwen-9-guard"),
        info("mistralai/mistral-9"),
        info("openrouter/auto", None, None),
        info(DEFAULT),
    ]
    chosen = [model.id for model in sensible(models, DEFAULT)]
    assert chosen == [
        DEFAULT,
        "openai/gpt-9-mini",
        "google/gemini-9-flash",
        "anthropic/claude-9-haiku",
        "mistralai/mistral-9",
    ]


def test_a_list_without_prices_gives_its_first():
    """Ollama's and other servers'."""
    models = [info(f"model-{number}", None, None) for number in range(9)]
    assert [model.id for model in sensible(models, DEFAULT)] == [f"model-{number}" for number in range(5)]
    assert sensible([], DEFAULT) == []


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("10", "10"), ("$2.50", "2.50"), (" 4,5 ", "4.5"), ("none", ""), ("None", ""), ("1e2", "100")],
)
def test_an_amount_however_it_is_typed(typed: str, amount: str):
    """As the settings take it."""
    assert amount_of(typed) == amount


@pytest.mark.parametrize("typed", ["", "much", "-1", "nan", "inf", "1e9", "ten dollars"])
def test_what_is_no_amount_is_refused(typed: str):
    """With what to type in its place."""
    with pytest.raises(NotThatError, match="an amount such as 10"):
        amount_of(typed)
