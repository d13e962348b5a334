"""The models that the test OpenRouter offers, in the shape of its `/models`."""

from __future__ import annotations

import itertools
from typing import Any

FAMOUS = (  # id, context length, dollars a million prompt and completion tokens
    ("openrouter/auto", 2_000_000, -1, -1),
    ("openai/gpt-4o-mini", 128_000, 0.15, 0.60),
    ("openai/gpt-4o", 128_000, 2.50, 10.0),
    ("openai/o3-mini", 200_000, 1.10, 4.40),
    ("anthropic/claude-sonnet-4", 200_000, 3.0, 15.0),
    ("anthropic/claude-3-haiku", 200_000, 0.25, 1.25),
    ("google/gemini-2.5-flash", 1_048_576, 0.30, 2.50),
    ("openai/gpt-5-image", 400_000, 10.0, 10.0),
    ("google/gemma-3-27b-it", 131_072, 0.09, 0.16),
    ("meta-llama/llama-3.3-70b-instruct", 131_072, 0.13, 0.40),
    ("meta-llama/llama-3.3-70b-instruct:free", 65_536, 0, 0),
    ("mistralai/mistral-small-3.2-24b-instruct:free", 131_072, 0, 0),
    ("deepseek/deepseek-r1", 163_840, 0.40, 2.0),
)
TRANSCRIBERS = {"openai/whisper-1", "openai/gpt-4o-mini-transcribe"}  # which `/models` doesn't list by default
AUTHORS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heron", "iris", "juniper")
SIZES = ((8, 8_192), (14, 16_384), (32, 32_768), (70, 131_072), (120, 262_144), (400, 1_000_000))
# What else than text a model reads, by the beginning of its id.
INPUTS = {
    "openai/gpt-4o": ["image"],
    "openai/gpt-5-image": ["image"],
    "anthropic/": ["image", "file"],
    "google/gemini": ["image", "file", "audio"],
    "openrouter/auto": ["image", "file", "audio"],
}
PARAMETERS = ("max_tokens", "temperature", "top_p", "stop", "seed", "frequency_penalty", "presence_penalty")


def catalog() -> list[dict[str, Any]]:
    """A few hundred models: famous ones, and invented ones of all sizes, some free, some without temperature."""
    made_up = [
        (f"{author}/{author}-{number}-{size}b{variant}", context, 0 if variant else size / 100, size / 25)
        for author, number, (size, context), variant in itertools.product(AUTHORS, (1, 2, 3), SIZES, ("", ":free"))
    ]
    return [_model(*entry) for entry in (*FAMOUS, *made_up)]


def _model(model: str, context: int, prompt: float, completion: float) -> dict[str, Any]:
    thinks = model.startswith("openai/o") or "120b" in model
    parameters = [p for p in PARAMETERS if not (thinks and p == "temperature")] + ["reasoning"] * thinks
    parameters += ["tools"] * (not model.endswith(":free"))
    writes = ["image", "text"] if model.endswith("-image") else ["text"]
    price = "0" if model.endswith(":free") else None
    reads = ["text", *next((more for start, more in INPUTS.items() if model.startswith(start)), [])]
    return {
        "id": model,
        "canonical_slug": model.removesuffix(":free"),
        "name": model.replace("/", ": ").replace("-", " ").title(),
        "created": 1_750_000_000,
        "context_length": context,
        "architecture": {"input_modalities": reads, "output_modalities": writes, "tokenizer": "Other"},
        "pricing": {"prompt": price or _price(prompt), "completion": price or _price(completion), "request": "0"},
        "top_provider": {"context_length": context, "max_completion_tokens": context // 4, "is_moderated": False},
        "supported_parameters": parameters,
    }


def _price(dollars_a_million: float) -> str:
    return "-1" if dollars_a_million < 0 else f"{dollars_a_million / 1e6:.10f}".rstrip("0").rstrip(".")
