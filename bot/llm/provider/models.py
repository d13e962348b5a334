"""The provider's list of models taken apart: entry by entry, each sound or left out."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from bot.core.model_ids import ID_LIMIT_CHARS, Provider
from bot.core.records import ModelInfo
from bot.core.units import NANO
from bot.llm.documents import mapping, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODELS = 10_000  # read from one list at most
NAME_LIMIT_CHARS = 200
# What models read where the provider doesn't say. A model that doesn't see refuses a picture by itself.
INPUTS = {
    Provider.OPENROUTER: frozenset({"text"}),
    Provider.OLLAMA: frozenset({"text", "image"}),
    Provider.OPENAI: frozenset({"text", "image"}),
}
LABELS, LABEL_CHARS = 200, 100  # modalities and parameters of one model
GREATEST_TOKENS = 1_000_000_000  # tokens; the largest in use is ten million
GREATEST_PRICE_USD = 1.0  # a token; the most expensive in use is under a thousandth
DYNAMIC = -1  # OpenRouter's price where it depends on the model that answers
# What a model reads at once where the provider doesn't say: Ollama's own default, and what nearly every model
# behind a server of the OpenAI kind has at least.
CONTEXT_TOKENS = {Provider.OLLAMA: 4096, Provider.OPENAI: 32_768, Provider.OPENROUTER: 32_768}
ROUTERS = (
    "openrouter/"  # OpenRouter's ids that stand for a model of its choice: asked for pictures, it looks for few
)
MODALITIES = "modalities="  # how a parameter begins that says what to ask a model for that makes pictures
FORM = 4  # of what is kept; another version's is fetched again


def read_models(document: Mapping[str, Any], kind: Provider) -> list[ModelInfo]:
    """The models of a `/models` answer, OpenRouter's or OpenAI's, in its order.

    A gap in an entry is unknown; an entry with a value that can't be is left out, as is the second one of an id.
    """
    entries = document.get("data")
    models: dict[str, ModelInfo] = {}
    for entry in islice(entries, MODELS) if isinstance(entries, list) else ():
        with suppress(ValueError):
            model = _read_model(mapping(entry), kind)
            models.setdefault(model.id, model)
    return list(models.values())


def _read_model(entry: Mapping[str, Any], kind: Provider) -> ModelInfo:
    pricing, best = mapping(entry.get("pricing")), mapping(entry.get("top_provider"))
    context = entry.get("context_length") or best.get("context_length") or entry.get("max_model_len")
    id_ = _id(entry.get("id"))
    return ModelInfo(
        id=id_,
        name=_name(entry.get("name")) or id_,
        context_length=_tokens(context) or CONTEXT_TOKENS[kind],
        max_completion_tokens=_tokens(best.get("max_completion_tokens")),
        prompt_price=_price(pricing.get("prompt")),
        completion_price=_price(pricing.get("completion")),
        image_price=_price(pricing.get("image")),
        audio_price=_price(pricing.get("audio")),
        input_modalities=_labels(mapping(entry.get("architecture")).get("input_modalities")) or INPUTS[kind],
        parameters=_parameters(entry),
        canonical=_id(entry.get("canonical_slug") or id_),
    )


def _parameters(entry: Mapping[str, Any]) -> frozenset[str] | None:
    """The request parameters that a model takes; with what it makes, where that's more than text."""
    listed = _labels(entry.get("supported_parameters"))
    outputs = _labels(mapping(entry.get("architecture")).get("output_modalities")) or frozenset()
    if listed is None or "image" not in outputs or str(entry.get("id")).startswith(ROUTERS):
        return listed
    return listed | {MODALITIES + ",".join(sorted(outputs & {"image", "text"}))}


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= ID_LIMIT_CHARS:
        raise ValueError("no id, or one that nobody could type")
    if " " in value or not value.isprintable():
        raise ValueError("an id is one printable word")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str | None) or len(value or "") > NAME_LIMIT_CHARS:
        raise ValueError("a name is a short text")
    return "".join(char for char in " ".join((value or "").split()) if char.isprintable())


def _tokens(value: object) -> int | None:
    if not value:
        return None
    tokens = number(value)
    if tokens is None or not 1 <= tokens <= GREATEST_TOKENS:
        raise ValueError("no such count of tokens")
    return int(tokens)


def _price(dollars: object) -> int | None:
    """Nano-dollars a token; None where the price depends on the model that answers."""
    if dollars is None:
        return None
    price = number(dollars)
    if price == DYNAMIC:
        return None
    if price is None or not 0 <= price <= GREATEST_PRICE_USD:
        raise ValueError("no such price")
    return round(price * NANO)


def _labels(value: object) -> frozenset[str] | None:
    if not isinstance(value, list):
        return None
    return frozenset(label for label in value[:LABELS] if isinstance(label, str) and len(label) <= LABEL_CHARS)


def freeze(models: Sequence[ModelInfo]) -> str:
    """A list of models as text, for `thaw`."""
    return json.dumps({"form": FORM, "models": [asdict(model) for model in models]}, default=sorted)


def thaw(text: str) -> list[ModelInfo]:
    """The models of `freeze`; none where another version wrote them in another form."""
    try:
        kept = mapping(json.loads(text))
        return [_thaw_model(entry) for entry in kept["models"]] if kept.get("form") == FORM else []
    except (ValueError, TypeError, KeyError):
        return []


def _thaw_model(entry: dict[str, Any]) -> ModelInfo:
    inputs, parameters = entry.pop("input_modalities"), entry.pop("parameters")
    return ModelInfo(
        **entry,
        input_modalities=frozenset(inputs),
        parameters=None if parameters is None else frozenset(parameters),
    )
