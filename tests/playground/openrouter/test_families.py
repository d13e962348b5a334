"""What model families refuse, and OpenRouter's form of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from playground.openrouter.families import FAMILIES, Family, alternate, family_of
from tests.playground.openrouter.conftest import Client


def talk(*said: str) -> list[dict[str, Any]]:
    """Messages written as `user: text`."""
    pairs = [line.split(": ", 1) for line in said]
    return [{"role": role, "content": content} for role, content in pairs]


PREFILLED = talk("user: Count", "assistant: One")


@pytest.mark.parametrize(
    ("model", "body", "said"),
    [
        ("anthropic/claude-sonnet-4", {"messages": PREFILLED}, "does not support assistant message prefill"),
        ("anthropic/claude-3-haiku", {"messages": talk("user: Count", "assistant: One ")}, "trailing whitespace"),
        ("mistralai/mistral-small-3.2-24b-instruct:free", {"messages": PREFILLED}, "Expected last role User"),
        ("google/gemma-3-27b-it", {"messages": talk("system: Be kind", "user: Hi")}, "System role"),
        ("google/gemma-3-27b-it", {"messages": talk("user: Hi", "user: Hello?")}, "must alternate"),
        ("google/gemma-3-27b-it", {"messages": talk("assistant: Hi", "user: Hello?")}, "must alternate"),
        ("openai/o3-mini", {"temperature": 0.5}, "'temperature' is not supported"),
        ("openai/gpt-4o-mini", {"max_tokens": 20_000}, "supports at most 16384"),
    ],
)
async def test_a_family_refuses_what_it_does_not_take(client: Client, model: str, body: dict[str, Any], said: str):
    """The message is generic; the reason is the provider's document in `metadata.raw`."""
    error = await client.error(model=model, **body)
    assert (error["code"], error["message"]) == (400, "Provider returned error")
    assert said in json.loads(error["metadata"]["raw"])["error"]["message"]
    assert error["metadata"]["provider_name"]


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("openai/gpt-4o-mini", {"messages": PREFILLED, "temperature": 0.5}),
        ("anthropic/claude-3-haiku", {"messages": PREFILLED}),
        ("mistralai/mistral-small-3.2-24b-instruct:free", {"messages": talk("system: Be kind", "user: Hi")}),
        ("google/gemma-3-27b-it", {"messages": talk("user: Hi", "assistant: Hello.", "user: Well?")}),
    ],
)
async def test_what_a_family_takes_is_answered(client: Client, model: str, body: dict[str, Any]):
    """Only the listed properties are refused."""
    response, _ = await client.ask(model=model, **body)
    assert response.status == 200


async def test_a_test_may_have_families_of_its_own(client: Client):
    """What a model takes is free to change."""
    client.server.families = {"openai/": Family(system=False)}
    assert (await client.error(messages=talk("system: Be kind", "user: Hi")))["code"] == 400


def test_the_longest_beginning_names_the_family():
    """A model's own line counts more than its vendor's."""
    assert not family_of("anthropic/claude-3-haiku", FAMILIES).assistant_last
    assert family_of("anthropic/claude-sonnet-4", FAMILIES).assistant_last
    assert family_of("nobody/knows", FAMILIES) == Family()


def test_turns_alternate_from_the_user_on():
    """One system message may come first."""
    assert alternate(["system", "user", "assistant", "user"])
    for roles in (["assistant"], ["user", "user"], ["user", "system", "user"], ["system"], []):
        assert not alternate(roles)
