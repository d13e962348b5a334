"""The model list: read, kept, refreshed, and there when the provider is not."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model_ids import Provider
from bot.core.records import ModelInfo
from bot.llm.documents import document
from bot.llm.provider.models import MODELS, freeze, read_models, thaw
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
    return read_models(document(json.dumps({"data": entries}).encode()), kind)


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
            canonical="openai/gpt-4o-mini",
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
    assert read_models(document(b"<html>"), Provider.OPENROUTER) == []
    assert read_models(document(b"[]"), Provider.OPENROUTER) == []


BAD = {
    "a price of 1e300": {"pricing": {"prompt": 1e300}},
    "a price that overflows": {"pricing": {"prompt": "1e400"}},
    "a price of NaN": {"pricing": {"completion": math.nan}},
    "a negative price": {"pricing": {"completion": "-0.5"}},
    "a price that is a list": {"pricing": {"prompt": ["0.1"]}},
    "a price that is a truth value": {"pricing": {"prompt": True}},
    "a context of 10**400": {"context_length": 10**400},
    "a context of 10**4000": {"context_length": 10**4000},
    "a negative context": {"context_length": -1},
    "a context of half a token": {"context_length": 0.5},
    "a context that is a text": {"context_length": "much"},
    "a context that is an object": {"context_length": {"tokens": 1}},
    "an endless answer": {"top_provider": {"max_completion_tokens": 1e18}},
    "a huge name": {"name": "n" * 100_000},
    "a name that is a number": {"name": 7},
    "a huge id": {"id": "x" * 100_000},
    "an id with a line break": {"id": "open\nai"},
    "an id with a space": {"id": "open ai"},
    "an id with a change of direction": {"id": "open\u202eai"},
    "a huge canonical id": {"canonical_slug": "x" * 100_000},
    "the same id": {"id": ENTRY["id"], "name": "another"},
    "no object": None,
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bad_entry_costs_itself_alone(change: dict[str, object] | None):
    """Whatever one entry says, the others are read, and the list is the same as without it."""
    bad = None if change is None else {**ENTRY, "id": "bad/one", **change}
    after = {**ENTRY, "id": "after/it"}
    assert [model.id for model in read(ENTRY, bad, after)] == ["openai/gpt-4o-mini", "after/it"]
    assert thaw(freeze(read(ENTRY, bad, after))) == read(ENTRY, after)


def test_labels_are_bounded_and_names_are_one_line():
    """Nobody's settings page gets a megabyte of modalities or a line break."""
    (model,) = read(
        {**ENTRY, "name": " a\n b\x00", "supported_parameters": ["x" * 1000, 7, "top_p", *["y"] * 10_000]}
    )
    assert model.name == "a b"
    assert model.parameters == {"top_p", "y"}


@given(st.lists(st.dictionaries(st.sampled_from([*ENTRY, "canonical_slug", "max_model_len"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["prompt", "completion", "context_length"]), inner)))))  # fmt: skip # many to a line
def test_every_model_that_is_read_makes_sense(entries: list[dict[str, object]]):
    """Nothing raises, and what comes out can be shown, counted and paid."""
    for model in read(*entries):
        assert model.id.isprintable()
        assert 1 <= model.context_length < 2**63
        assert all(p is None or 0 <= p < 2**63 for p in (model.prompt_price, model.completion_price))


def test_no_more_models_than_anybody_can_use_are_read():
    """A list without end is cut."""
    assert len(read(*({"id": f"m{n}"} for n in range(MODELS + 5)))) == MODELS


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
    """What an earlier version wrote in another form is fetched again."""
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


async def test_variants_and_presets_are_told_apart_from_the_model_itself(server: OpenRouter):
    """They have its context and its price for estimates, and say what the list doesn't know about them."""
    async with opened(server) as bench:
        await until(bench.catalog.models)
        base = bench.catalog.get("openai/gpt-4o")
        assert base
        assert base.suffix == ""
        for suffix in (":nitro", ":floor", ":online", ":online:nitro", ":thinking", ":next", "@preset/team"):
            model = f"openai/gpt-4o{suffix}"
            assert bench.catalog.get(model) == replace(base, id=model, suffix=suffix)
        preset = bench.catalog.get("@preset/team")
        assert preset
        assert (preset.suffix, preset.prompt_price) == ("@preset/team", None)
        assert bench.catalog.get("openai/gpt-4x") is None
        assert bench.catalog.get("openai/gpt-4x:online") is None
        free = bench.catalog.get("meta-llama/llama-3.3-70b-instruct:free")
        assert free
        assert (free.prompt_price, free.suffix) == (0, "")


async def test_a_model_answers_to_its_canonical_id_too(server: OpenRouter):
    """A provider that renames an id takes nobody's choice away; a free variant lends nobody its price."""
    priced = {"prompt": "0.001", "completion": "0.001"}
    nothing = {"prompt": "0", "completion": "0"}
    server.models = [
        {"id": "a/new:free", "canonical_slug": "a/new-2026-01-01", "pricing": nothing},
        {"id": "a/new", "canonical_slug": "a/new-2026-01-01", "pricing": priced},
    ]
    async with opened(server) as bench:
        await until(bench.catalog.models)
        assert bench.catalog.get("a/new-2026-01-01") == bench.catalog.get("a/new")


async def test_an_unexpected_error_ends_neither_the_list_nor_the_watch(
    server: OpenRouter, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    """A bug in a background loop is logged, and the loop goes on."""
    fails = itertools.count()

    def fragile(document: object, kind: Provider) -> list[ModelInfo]:
        if next(fails) < 2:
            raise OverflowError("cannot convert float infinity to integer")
        return read_models(document, kind)  # type: ignore[arg-type] # any JSON

    monkeypatch.setattr("bot.llm.provider.catalog.read_models", fragile)
    with caplog.at_level("ERROR"):
        async with opened(server) as bench:
            await until(bench.catalog.models)
    assert caplog.text.count("the list of models failed unexpectedly") == 2


async def test_a_list_too_large_is_not_read_into_memory(server: OpenRouter, caplog: pytest.LogCaptureFixture):
    """Neither one that is sent whole nor one that grows when it's unpacked."""
    server.models = [{"id": f"m{n}", "description": "x" * 10_000} for n in range(2000)]
    with caplog.at_level("WARNING", logger="bot.llm.provider.catalog"):
        async with opened(server) as bench:
            await until(lambda: caplog.records)
            assert bench.catalog.models() == ()
    assert "more than" in caplog.text


async def test_a_misspelt_model_of_the_settings_is_named_in_the_log(
    server: OpenRouter, caplog: pytest.LogCaptureFixture
):
    """The owner reads at the start which id is wrong and what was probably meant."""
    configured = ("openai/gpt-4o-mimi", "openai/gpt-4o")
    config = replace(quick_config(server.base_url, server.key), configured=configured)
    async with opened(server, config) as bench:
        await until(bench.catalog.models)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.message.startswith("openai/gpt-4o-mimi isn't on the provider's list")
    assert "openai/gpt-4o-mini" in record.message
    assert "Change MODEL or FALLBACK_MODELS" in record.message


@pytest.mark.parametrize(
    ("model", "outputs", "asked"),
    [
        ("google/gemini-image", ["image", "text"], {"modalities=image,text"}),
        ("flux/pro", ["image"], {"modalities=image"}),
        ("openai/gpt-4o", ["text"], set()),
        ("openrouter/auto", ["text", "image"], set()),
        ("openai/gpt-audio", ["text", "audio"], set()),
    ],
)
def test_only_a_model_that_makes_pictures_is_asked_for_them(model: str, outputs: list[str], asked: set[str]):
    """A router that might choose one isn't: it would leave out all the others."""
    entry = {"id": model, "architecture": {"output_modalities": outputs}, "supported_parameters": ["seed"]}
    (info,) = read_models({"data": [entry]}, Provider.OPENROUTER)
    assert info.parameters == {"seed"} | asked
    assert thaw(freeze([info])) == [info]
