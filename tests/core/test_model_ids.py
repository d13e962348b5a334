"""Model ids: forms, contradictions, suggestions, autocomplete."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model_ids import Provider, contradiction, nearest, normalize_model, search
from bot.core.records import ModelInfo


def model(id_: str, name: str = "") -> ModelInfo:
    return ModelInfo(id=id_, name=name or id_, context_length=8192)


@pytest.mark.parametrize(
    ("typed", "provider", "expected"),
    [
        ("openrouter/openai/gpt-4o-mini", "openrouter", "openai/gpt-4o-mini"),
        ("openai/gpt-4o-mini", "openrouter", "openai/gpt-4o-mini"),
        ("openrouter/auto", "openrouter", "openrouter/auto"),
        ("openrouter/openrouter/auto", "openrouter", "openrouter/auto"),
        ("openrouter/~openai/gpt-latest", "openrouter", "~openai/gpt-latest"),
        ("openrouter/@preset/team", "openrouter", "@preset/team"),
        ("@preset/team", "openrouter", "@preset/team"),
        (" meta-llama/llama-3.3-70b-instruct:free\n", "openrouter", "meta-llama/llama-3.3-70b-instruct:free"),
        ("ollama/llama3.2:3b", "ollama", "llama3.2:3b"),
        ("ollama_chat/llama3.2", "ollama", "llama3.2"),
        ("llama3.2", "ollama", "llama3.2"),
        ("hf.co/author/model:Q4", "ollama", "hf.co/author/model:Q4"),
        ("openai/gpt-4o", "openai", "gpt-4o"),
        ("openai/openai/gpt-oss-20b", "openai", "openai/gpt-oss-20b"),
        ("gpt-4o", "openai", "gpt-4o"),
    ],
)
def test_an_id_takes_the_providers_own_form(typed: str, provider: str, expected: str):
    """Ids are accepted with and without litellm's prefix, and OpenRouter's own ids keep theirs."""
    assert normalize_model(typed, Provider(provider)) == expected


@pytest.mark.parametrize(
    ("typed", "provider"),
    [
        ("ollama/llama3", "openrouter"),
        ("openrouter/openai/gpt-4o", "ollama"),
        ("openrouter/auto", "openai"),
        ("ollama_chat/llama3", "openai"),
        ("openai/gpt-4o", "ollama"),
    ],
)
def test_an_id_of_another_provider_is_refused_by_name(typed: str, provider: str):
    """The sentence names the id, the provider it wants and the setting to change."""
    sentence = contradiction(typed, Provider(provider))
    assert sentence
    assert f"`{typed}`" in sentence
    assert "MODEL_PROVIDER" in sentence
    with pytest.raises(ValueError, match="MODEL_PROVIDER"):
        normalize_model(typed, Provider(provider))


@pytest.mark.parametrize("typed", ["", "  ", "two words", "a\x00b", "x" * 201, "openai/"])
def test_what_is_no_id_is_refused(typed: str):
    """Nonsense gets a sentence instead of a request to the provider."""
    with pytest.raises(ValueError, match="model"):
        normalize_model(typed, Provider.OPENAI)


@given(st.from_regex(r"[a-z][a-z0-9-]{0,20}/[a-z0-9.:-]{1,40}", fullmatch=True))
def test_normalising_twice_changes_nothing_more(id_: str):
    """What one start stored, the next start reads unchanged."""
    try:
        once = normalize_model(id_, Provider.OPENROUTER)
    except ValueError:
        return
    assert normalize_model(once, Provider.OPENROUTER) == once


def test_a_misspelt_id_finds_its_neighbours():
    """Typing errors, a wrong author and a missing author all lead to the model meant."""
    known = ["openai/gpt-4o", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4", "google/gemini-2.5-flash"]
    assert nearest("opnai/gpt4o-mini", known)[0] == "openai/gpt-4o-mini"
    assert nearest("claude-sonet-4", known)[0] == "anthropic/claude-sonnet-4"
    assert nearest("goggle/gemini-2.5-flash", known)[0] == "google/gemini-2.5-flash"
    assert nearest("xyzzy", known) == []


def test_autocomplete_offers_the_current_and_recent_models_first():
    """With nothing typed the choice in force leads, then the recent ones, then the provider's order."""
    models = [model("a/one"), model("b/two"), model("c/three"), model("d/four")]
    found = search(models, "", current="c/three", recent=["d/four", "c/three"])
    assert [m.id for m in found] == ["c/three", "d/four", "a/one", "b/two"]


def test_autocomplete_ranks_starts_before_words_before_the_rest():
    """An id that begins with what is typed, then words that do, then any place it occurs in."""
    models = [model("z/megamini"), model("x/big", "The Mini Model"), model("a/mini-1"), model("mini/large")]
    assert [m.id for m in search(models, "MINI")] == ["a/mini-1", "mini/large", "x/big", "z/megamini"]


def test_autocomplete_needs_every_word_and_leaves_out_what_discord_refuses():
    """Favourites that do not match stay away, as do ids longer than a choice may be."""
    models = [model("a/llama-70b"), model("a/llama-8b"), model("a/" + "llama" * 30)]
    assert [m.id for m in search(models, "llama 70", current="a/llama-8b")] == ["a/llama-70b"]


def test_autocomplete_is_limited():
    """Discord takes 25 choices."""
    assert len(search([model(f"a/m{i}") for i in range(100)], "m")) == 25
