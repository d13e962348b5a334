"""The model list: read, kept, refreshed, and there when the provider is not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core.model_ids import Provider
from bot.core.records import ModelInfo
from bot.llm.provider.catalog import read_models
from tests.llm.conftest import MemoryCache, opened, quick_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from playground.openrouter import OpenRouter

ENTRY = {
    "id": "openai/gpt-4o-mini",
    "name": "OpenAI: GPT-4o-mini",
    "context_length": 128000,
    "architecture": {"input_modalities": ["text", "image"]},
    "pricing": {"prompt": "0.00000015", "completion": "0.0000006"},
    "top_provider": {"context_length": 128000, "max_completion_tokens": 16384},
    "supported_parameters": ["max_tokens", "temperature"],
}


def read(*entries: object, kind: Provider = Provider.OPENROUTER) -> list[ModelInfo]:
    return read_models(json.dumps({"data": entries}).encode(), kind)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - there is nothing that would set an event
            await asyncio.sleep(0.005)


def test_an_entry_is_read_in_our_units():
    """Prices become nano-dollars a token."""
    assert read(ENTRY) == [
        ModelInfo(
            id="openai/gpt-4o-mini",
            name="OpenAI: GPT-4o-mini",
            context_length=128_000,
            max_completion_tokens=16_384,
            prompt_price=150,
            completion_price=600,
            input_modalities=frozenset({"text", "image"}),
            parameters=frozenset({"max_tokens", "temperature"}),
        )
    ]


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"pricing": {"prompt": "-1", "completion": "0"}}, "prompt_price", None),
        ({"pricing": None}, "completion_price", None),
        ({"context_length": None}, "context_length", 128_000),
        ({"top_provider": None}, "max_completion_tokens", None),
        ({"supported_parameters": None}, "parameters", None),
        ({"name": None}, "name", "openai/gpt-4o-mini"),
        ({"architecture": "text"}, "input_modalities", frozenset({"text"})),
    ],
)
def test_what_is_missing_is_unknown(change: dict[str, object], field: str, expected: object):
    """A gap in one entry costs that entry's field, not the list."""
    (model,) = read({**ENTRY, **change})
    assert getattr(model, field) == expected


def test_nonsense_is_left_out():
    """Entries without an id, and answers without a list, make no models."""
    assert read({}, None, {"id": 7}, ENTRY) == read(ENTRY)
    assert read_models(b"<html>", Provider.OPENROUTER) == []
    assert read_models(b"[]", Provider.OPENROUTER) == []


def test_other_servers_say_less():
    """Ollama and its like give ids; the context is their default."""
    (model,) = read({"id": "llama3.2:3b", "object": "model"}, kind=Provider.OLLAMA)
    assert (model.id, model.context_length, model.prompt_price, model.parameters) == (
        "llama3.2:3b",
        4096,
        None,
        None,
    )
    (model,) = read({"id": "qwen", "max_model_len": 40960}, kind=Provider.OPENAI)
    assert model.context_length == 40_960


async def test_the_list_comes_by_itself_and_is_kept(server: OpenRouter):
    """Nobody waits for it, and the next start has it at once, even without the provider."""
    cache = MemoryCache()
    async with opened(server, cache=cache) as bench:
        assert bench.catalog.models() == ()
        assert bench.catalog.get("openai/gpt-4o-mini") is None
        await until(lambda: cache.kept)
        listed = bench.catalog.models()
        assert [model.id for model in listed] == [entry["id"] for entry in server.models]
    await server.close()
    async with opened(server, cache=cache) as bench:
        await until(bench.catalog.models)
        assert bench.catalog.models() == listed


async def test_another_providers_list_is_not_taken_from_the_cache(server: OpenRouter):
    """The cache knows whose list it keeps."""
    cache = MemoryCache()
    async with opened(server, cache=cache):
        await until(lambda: cache.kept)
    (key,) = cache.kept
    assert server.base_url in key


async def test_a_spoilt_cache_is_no_obstacle(server: OpenRouter):
    """What an earlier version wrote in another form is fetched anew."""
    cache = MemoryCache()
    cache.kept[f"models openrouter {server.base_url}"] = ('[{"id": "x", "was": "otherwise"}]', 1)
    async with opened(server, cache=cache) as bench:
        await until(lambda: len(bench.catalog.models()) > 1)


async def test_a_failed_refresh_keeps_what_there_is_and_tries_again(
    server: OpenRouter, caplog: pytest.LogCaptureFixture
):
    """The first failure names the address, in case that is what is wrong."""
    models, server.models = server.models, []
    with caplog.at_level("WARNING", logger="bot.llm.provider.catalog"):
        async with opened(server) as bench:
            await until(lambda: caplog.records)
            assert server.base_url in caplog.text
            server.models = models
            await until(bench.catalog.models)  # 30 s of the hasty clock
    assert len(caplog.records) == 1


async def test_variants_and_presets_are_known(server: OpenRouter):
    """`:nitro` is the model itself; a preset is taken on trust; a misspelt id is unknown."""
    async with opened(server) as bench:
        await until(bench.catalog.models)
        base = bench.catalog.get("openai/gpt-4o")
        assert base
        assert bench.catalog.get("openai/gpt-4o:nitro") == base
        assert bench.catalog.get("openai/gpt-4o@preset/team") == base
        assert bench.catalog.get("@preset/team")
        assert bench.catalog.get("openai/gpt-4x") is None
        free = bench.catalog.get("meta-llama/llama-3.3-70b-instruct:free")
        assert free
        assert free.prompt_price == 0


async def test_a_misspelt_model_of_the_settings_is_named_in_the_log(
    server: OpenRouter, caplog: pytest.LogCaptureFixture
):
    """The owner reads at the start which id is wrong and what was probably meant."""
    configured = ("openai/gpt-4o-mimi", "openai/gpt-4o")
    config = replace(quick_config(server.base_url, server.key), configured=configured)
    async with opened(server, config) as bench:
        await until(bench.catalog.models)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "name openai/gpt-4o-mimi" in record.message
    assert "openai/gpt-4o-mini" in record.message
