"""Model ids: their forms, suggestions for a misspelled one, and what to offer while somebody types."""

from __future__ import annotations

import difflib
import heapq
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.records import ModelInfo

CHOICE_LIMIT_CHARS = 100  # Discord: the name and the value of an autocomplete choice
CHOICES = 25  # Discord: autocomplete choices in one answer
ID_LIMIT_CHARS = 200  # longer than any real id; keeps nonsense out of the database


class Provider(StrEnum):
    """Who serves the models; the values of the setting MODEL_PROVIDER."""

    OPENROUTER = "openrouter"
    OLLAMA = "ollama"
    OPENAI = "openai"  # OpenAI itself and every server that speaks its protocol


# OpenRouter's suffixes that never make a request cost more than the list says. Every other one may add a
# search, a faster tier, a longer context or another model, so it isn't judged by the model in front of it.
PRICE_NEUTRAL_SUFFIXES = frozenset({"", ":floor"})
# Prefixes that name a provider in a model id, as in litellm. On OpenRouter `openai/` is an author's name, which
# contradicts nothing.
_PREFIXES = {
    "openrouter": Provider.OPENROUTER,
    "ollama": Provider.OLLAMA,
    "ollama_chat": Provider.OLLAMA,
    "openai": Provider.OPENAI,
    "hosted_vllm": Provider.OPENAI,
}


def normalize_model(text: str, provider: Provider) -> str:
    """Turn what somebody typed into the provider's own id: `openrouter/openai/gpt-4o` is `openai/gpt-4o`.

    OpenRouter's own `openrouter/auto` stays as it is: the prefix is removed only from an id that has an author.
    Other providers' prefixes are removed once.

    Raises:
        ValueError: with a sentence for the person who typed it; the id is malformed or names another provider.
    """
    model = text.strip()
    if not model or len(model) > ID_LIMIT_CHARS or not model.isprintable() or len(model.split()) > 1:
        raise ValueError("A model id is one word without spaces, such as `openai/gpt-4o-mini`.")
    if fault := contradiction(model, provider):
        raise ValueError(fault)
    prefix, _, rest = model.partition("/")
    if _PREFIXES.get(prefix) is not provider:
        return model
    if provider is Provider.OPENROUTER and "/" not in rest:
        return model
    if not rest:
        raise ValueError(f"`{model}` names a provider, but no model.")
    return rest


def contradiction(model: str, provider: Provider) -> str | None:
    """A sentence for an id whose prefix names a provider other than the configured one; None for other ids."""
    named = _PREFIXES.get(model.strip().partition("/")[0])
    if (
        "/" not in model
        or named in (None, provider)
        or (provider, named) == (Provider.OPENROUTER, Provider.OPENAI)
    ):
        return None
    return f"`{model.strip()}` is a model of {named}, but this bot uses {provider} (MODEL_PROVIDER)."


def split_suffix(model: str) -> tuple[str, str]:
    """A model and what changes how it's served: `openai/gpt-4o:online` is `openai/gpt-4o` and `:online`.

    Presets are such a suffix, and may stand alone: `@preset/team` is a suffix without a model.
    """
    at = min((place for mark in ":@" if (place := model.find(mark)) >= 0), default=len(model))
    return model[:at], model[at:]


def nearest(model: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The known ids closest to a misspelled one, best first."""
    wanted = _plain(model)
    pairs = _pairs(wanted)
    # difflib takes most of a second for ten thousand ids, so it sees only those that share enough letters.
    alike = heapq.nlargest(100, ((_plain(id_), id_) for id_ in known), key=lambda e: len(pairs & _pairs(e[0])))
    by_form = dict(alike)
    # Most people leave the author out or get it wrong, so the part behind the slash is compared too.
    by_name = {form.rpartition("/")[2]: id_ for form, id_ in by_form.items()}
    close = [by_form[f] for f in difflib.get_close_matches(wanted, by_form, n=limit, cutoff=0.7)]
    close += [
        by_name[f] for f in difflib.get_close_matches(wanted.rpartition("/")[2], by_name, n=limit, cutoff=0.6)
    ]
    return list(dict.fromkeys(close))[:limit]


def search(
    models: Sequence[ModelInfo],
    typed: str,
    *,
    current: str | None = None,
    recent: Sequence[str] = (),
    limit: int = CHOICES,
) -> list[ModelInfo]:
    """Rank models for autocomplete: the current one, the recent ones, then by how well they match what is typed.

    A match is an id (or the part behind its slash) that starts with what is typed, then an id or name in which
    every word typed starts a word, then one that contains every word. Models whose id is longer than a choice's
    value may be are left out.
    """
    words = typed.lower().split()
    favorites = {id_: place for place, id_ in enumerate(dict.fromkeys([*([current] if current else []), *recent]))}
    ranked = []
    for place, model in enumerate(models):
        rank = _rank(model, words)
        if rank is not None and len(model.id) <= CHOICE_LIMIT_CHARS:
            favorite = favorites.get(model.id)
            ranked.append((rank, place, model) if favorite is None else (-1, favorite, model))
    ranked.sort(key=lambda entry: entry[:2])
    return [model for _, _, model in ranked[:limit]]


def _rank(model: ModelInfo, words: Sequence[str]) -> int | None:
    """0 if the id starts with it, 1 if every word starts one, 2 if it only contains them, None for no match."""
    if not words:
        return 0
    text = f"{model.id} {model.name}".lower()
    if not all(word in text for word in words):
        return None
    if len(words) == 1 and (text.startswith(words[0]) or text.partition("/")[2].startswith(words[0])):
        return 0
    starts = " " + _plain(text)
    return 1 if all(" " + _plain(word) in starts or "/" + _plain(word) in starts for word in words) else 2


def _plain(text: str) -> str:
    return text.lower().replace("-", " ").replace("_", " ").replace(":", " ")


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}
