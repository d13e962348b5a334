"""The real world's answers, as they stand on the wire."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest

from playground.openrouter import Script, cases
from tests.playground.openrouter.conftest import Client, chunks


def deltas(data: bytes) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in chunks(data) for choice in chunk["choices"]]


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        (cases.key_limit(), 403, "Key limit exceeded"),
        (cases.data_policy(), 404, "data policy"),
        (cases.affordable(123), 402, "can only afford 123"),
    ],
)
async def test_refusals_of_openrouter_itself(client: Client, script: Script, status: int, message: str):
    """The reason is in the message."""
    error = await client.error(script)
    assert error["code"] == status
    assert message in error["message"]


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        (cases.too_long(), 400, "maximum context length is 8192"),
        (cases.invalid_image(), 400, "Could not process image"),
        (cases.unknown_parameter("top_k"), 400, "'top_k' is not supported"),
        (cases.provider_quota(), 429, "Quota exceeded"),
    ],
)
async def test_refusals_of_a_provider(client: Client, script: Script, status: int, message: str):
    """The message is generic, the reason is in `metadata.raw`."""
    error = await client.error(script)
    assert (error["code"], error["message"]) == (status, cases.GENERIC)
    assert message in error["metadata"]["raw"]


@pytest.mark.parametrize("name", cases.WORDLESS)
async def test_answers_without_words(client: Client, name: str):
    """A complete stream in which no delta has text."""
    _, data = await client.ask(cases.WORDLESS[name])
    assert data.endswith(b"data: [DONE]\n\n")
    assert not "".join(delta["content"] for delta in deltas(data))


async def test_why_there_are_no_words(client: Client):
    """Each has its own sign: a picture, a refusal, a tool call, a native reason, thoughts alone."""
    sent = {name: await client.ask(script) for name, script in cases.WORDLESS.items()}
    found = {name: deltas(data) for name, (_, data) in sent.items()}
    ends = {name: chunks(data)[-2]["choices"][0] for name, (_, data) in sent.items()}
    assert any("images" in delta for delta in found["picture"])
    assert "".join(delta.get("refusal", "") for delta in found["refusal"]) == "I can't help with that."
    assert any("tool_calls" in delta for delta in found["tool"])
    assert any("reasoning" in delta for delta in found["thought"])
    assert ends["thought"]["finish_reason"] == "length"
    for name, native in (("safety", "SAFETY"), ("prohibited", "PROHIBITED_CONTENT")):
        assert (ends[name]["finish_reason"], ends[name]["native_finish_reason"]) == ("stop", native)


async def test_the_last_chunk_may_repeat_the_whole_answer(client: Client):
    """As `message`, beside deltas that have said it all."""
    _, data = await client.ask(Script(text="All of it.", cumulative=True, tokens_per_second=0))
    repeated = [c["message"]["content"] for chunk in chunks(data) for c in chunk["choices"] if "message" in c]
    assert repeated == ["All of it."]
    assert "".join(delta["content"] for delta in deltas(data)) == "All of it."


async def test_a_long_thought_is_alive(client: Client):
    """By comments, or by encrypted details without text."""
    _, silent = await client.ask(cases.thinks(0.2))
    assert silent.startswith(b": OPENROUTER PROCESSING")
    script = cases.thinks(0.2, encrypted=True)
    script.keepalive = 0.05
    _, data = await client.ask(script)
    hidden = [d["reasoning_details"][0] for d in deltas(data) if "reasoning_details" in d]
    assert len(hidden) >= 3
    assert {(thought["type"], thought.get("text")) for thought in hidden} == {("reasoning.encrypted", None)}


async def test_answers_that_are_no_stream(client: Client):
    """A document, an error on a 200, a page of a network, a compressed stream, a redirect."""
    got = {name: await client.ask(script) for name, script in cases.NOT_A_STREAM.items()}
    kinds = {name: response.content_type for name, (response, _) in got.items()}
    assert {kinds["document"], kinds["error"]} == {"application/json"}
    assert (kinds["html"], got["html"][0].status) == ("text/html", 200)
    assert json.loads(got["error"][1])["error"]["code"] == 429
    assert got["gzip"][0].headers["Content-Encoding"] == "gzip"
    assert b"[DONE]" in gzip.decompress(got["gzip"][1])
    assert (got["redirect"][0].status, "Location" in got["redirect"][0].headers) == (307, True)


async def test_usage_may_come_often_and_say_anything(client: Client):
    """An event for each of the script's `usages`, the values as they are told."""
    script = Script(usages=({"cost": None}, {"cost": float("nan")}, {"cost": 0.5}), tokens_per_second=0)
    _, data = await client.ask(script)
    costs = [chunk["usage"]["cost"] for chunk in chunks(data) if "usage" in chunk]
    assert costs[0] is None
    assert costs[1] != costs[1]
    assert costs[2] == 0.5


async def test_a_generations_record_may_come_late_and_differ(client: Client):
    """Until then it is not found."""
    await client.ask(Script(record_after=0.2, record={"total_cost": 0.75}, tokens_per_second=0))
    call = client.server.calls[-1]
    assert (await client.get(f"/generation?id={call.id}"))[0] == 404
    client.server.calls[-1].arrived_at = time.monotonic() - 1
    status, answer = await client.get(f"/generation?id={call.id}")
    assert (status, answer["data"]["total_cost"]) == (200, 0.75)


async def test_with_a_key_of_ones_own_the_cost_is_upstream(client: Client):
    """OpenRouter's own charge is the fee; the record says the same as the stream."""
    _, data = await client.ask(cases.byok(0.02, 0.001))
    usage = chunks(data)[-1]["usage"]
    assert (usage["cost"], usage["is_byok"]) == (0.001, True)
    assert usage["cost_details"]["upstream_inference_cost"] == 0.02
    _, answer = await client.get(f"/generation?id={client.server.calls[-1].id}")
    assert (answer["data"]["total_cost"], answer["data"]["upstream_inference_cost"]) == (0.001, 0.02)


async def test_a_renamed_model_answers_by_its_new_name(client: Client):
    """The request's id is taken, the answer has the provider's."""
    client.server.renamed["openai/old-name"] = "openai/gpt-4o-mini"
    _, data = await client.ask(model="openai/old-name")
    assert {chunk["model"] for chunk in chunks(data)} == {"openai/gpt-4o-mini"}
