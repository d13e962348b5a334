"""Model families and refusals, end to end: the request is adapted, and nobody's answer fails for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core import errors
from bot.core.events import FinishReason, Started, Waiting
from bot.core.model_ids import Provider
from bot.core.records import Message, Role
from playground.openrouter import Script, cases
from playground.openrouter.families import Family
from tests.llm.conftest import Bench, ask_for, flat, opened, quick_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from playground.openrouter import OpenRouter

MODELS = (
    "anthropic/claude-sonnet-4",
    "anthropic/claude-3-haiku",
    "anthropic/claude-3.7-sonnet:thinking",
    "google/gemma-3-27b-it",
    "mistralai/mistral-small-3.2-24b-instruct:free",
    "openai/o3-mini",
    "openai/gpt-4o-mini",
    "nobody/knows-this",
)
SYSTEM, QUESTION = Message(Role.SYSTEM, "Be kind."), Message(Role.USER, "Ann: Why?")
ANSWER, BEGUN = Message(Role.ASSISTANT, "Because."), Message(Role.ASSISTANT, "One two ")
SHAPES = {
    "a question": (SYSTEM, QUESTION),
    "two speakers": (SYSTEM, QUESTION, replace(QUESTION, content="Bob: Well?")),
    "a question lost": (SYSTEM, ANSWER, QUESTION),
    "an answer lost": (SYSTEM, QUESTION, QUESTION, ANSWER, QUESTION),
    "an empty answer": (QUESTION, replace(ANSWER, content=" "), QUESTION),
    "two answers": (QUESTION, ANSWER, ANSWER, QUESTION),
    "Continue": (SYSTEM, QUESTION, BEGUN),
    "Continue in mid-word": (QUESTION, replace(BEGUN, content="One tw")),
}


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - there is nothing that would set an event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("messages", SHAPES.values(), ids=SHAPES)
async def test_every_family_takes_every_conversation(bench: Bench, model: str, messages: tuple[Message, ...]):
    """One request each: nothing has to be refused first."""
    bench.server.models = [{"id": id_} for id_ in MODELS]
    await until(bench.catalog.models)
    bench.play(flat("fine"))
    outcome = await bench.ask(ask_for(model=model, messages=messages))
    assert outcome.error is None
    assert outcome.text == "fine"
    assert len(bench.server.calls) == 1


ODD = {
    "system": (Family(system=False), {}),
    "prefill": (Family(assistant_last="Expected last role User or Tool but got assistant"), {}),
    "temperature": (Family(temperature=False), {"temperature": 0.3}),
    "max_tokens": (Family(max_tokens=512), {"max_tokens": 9000}),
}


@pytest.mark.parametrize("part", ODD)
async def test_what_an_unknown_model_refuses_is_left_out_once_for_all(
    bench: Bench, part: str, caplog: pytest.LogCaptureFixture
):
    """The first question is asked again at once, the next ones in the right form; the log names the part."""
    family, changes = ODD[part]
    model = "anthropic/claude-3-odd" if part == "prefill" else "odd/model"
    bench.server.families = {model: family}
    bench.server.models = [{"id": model}]
    bench.play(flat("fine"))
    request = ask_for(model=model, messages=SHAPES["Continue in mid-word"], **{"temperature": 0.3, **changes})
    request = replace(request, messages=(SYSTEM, *request.messages))
    with caplog.at_level("WARNING", logger="bot.llm"):
        outcomes = [await bench.ask(request) for _ in range(2)]
    assert [outcome.text for outcome in outcomes] == ["fine", "fine"]
    assert len(bench.server.calls) == 3
    said = "it takes max_tokens of 512 at most" if part == "max_tokens" else f"it doesn't take {part}"
    assert model in caplog.text
    assert said in caplog.text
    sent = bench.server.calls[-1].body
    assert ("temperature" in sent) == (part != "temperature")
    assert sent["max_tokens"] == (512 if part == "max_tokens" else 64)


async def test_a_limit_under_its_other_name_is_sent_under_that(server: OpenRouter):
    """A server that wants `max_completion_tokens` says so, and gets it."""
    config = quick_config(server.base_url, server.key, kind=Provider.OPENAI)
    refusal = cases.unknown_parameter("max_tokens")
    async with opened(server, config) as bench:
        bench.play(refusal, flat("fine"))
        outcome = await bench.ask()
    assert outcome.text == "fine"
    assert [("max_tokens" in call.body, "max_completion_tokens" in call.body) for call in server.calls] == [
        (True, False),
        (False, True),
    ]


async def test_what_cannot_be_left_out_is_told(bench: Bench):
    """A refusal that nothing changes costs as many requests as there are forms, and no more."""
    bench.play(cases.unknown_parameter("temperature"))
    outcome = await bench.ask(ask_for(temperature=0.3))
    assert isinstance(outcome.error, errors.BadRequestError)
    assert len(bench.server.calls) == 2


# --- Refusals -------------------------------------------------------------------------------------------------


async def test_what_the_credits_pay_for_is_asked_for_once(bench: Bench, caplog: pytest.LogCaptureFixture):
    """A shorter answer is one, and ends honestly; the owner reads that credits run out."""
    bench.play(cases.affordable(100), flat("short", finish="length"))
    outcome = await bench.ask(ask_for(max_tokens=4096))
    assert outcome.done
    assert outcome.done.reason is FinishReason.LENGTH
    assert [call.body["max_tokens"] for call in bench.server.calls] == [4096, 100]
    assert "add credits" in caplog.text
    assert bench.client.admission.key_error is None


async def test_an_answer_that_does_not_fit_beside_the_prompt_is_asked_for_shorter(bench: Bench):
    """Tokens are estimated, so a prompt may be longer than thought; that's no failure of the question."""
    said = (
        "maximum context length is 8192 tokens. You requested 9000 tokens (5000 of text input, 4000 in the output)"
    )
    bench.play(cases.refused(400, said), flat("fine"))
    outcome = await bench.ask(ask_for(max_tokens=4000))
    assert outcome.text == "fine"
    assert [call.body["max_tokens"] for call in bench.server.calls] == [4000, 3110]
    bench.play(cases.refused(400, said))
    assert isinstance((await bench.ask(ask_for(max_tokens=4000))).error, errors.ContextTooLongError)
    assert len(bench.server.calls) == 4


@pytest.mark.parametrize("tokens", [100, 3, 99_999])
async def test_credits_that_do_not_pay_close_nobody_elses_way(bench: Bench, tokens: int):
    """Somebody who asks for less may still be answered."""
    bench.play(cases.affordable(tokens))
    outcome = await bench.ask(ask_for(max_tokens=4096))
    assert isinstance(outcome.error, errors.CreditsShortError)
    assert len(bench.server.calls) == (2 if tokens == 100 else 1)
    bench.play(flat("fine"))
    assert (await bench.ask(ask_for(channel_id=12))).text == "fine"


async def test_a_request_larger_than_a_minutes_tokens_closes_nobody_elses_way(bench: Bench):
    """It's 429, and yet no reason for the others to wait."""
    bench.play(
        cases.refused(429, "Request too large for gpt-4o on tokens per min (TPM): Limit 30000"), flat("fine")
    )
    assert isinstance((await bench.ask()).error, errors.TooLargeError)
    outcome = await bench.ask(ask_for(channel_id=12))
    assert outcome.text == "fine"
    assert not outcome.of(Waiting)


async def test_an_account_without_credits_is_no_rate_limit(bench: Bench):
    """OpenAI says so with 429; asking again helps nobody, so everybody is told at once for a while."""
    body = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}
    bench.play(Script(status=429, body=body))
    for channel in (11, 12):
        assert isinstance((await bench.ask(ask_for(channel_id=channel))).error, errors.PaymentError)
    assert len(bench.server.calls) == 1


async def test_a_key_at_its_limit_is_no_question_of_the_model(bench: Bench, caplog: pytest.LogCaptureFixture):
    """No other model is asked for nothing; once the key says so itself, everybody hears it at once."""
    bench.server.key_status = {"limit": 5, "limit_remaining": 0, "usage": 5, "is_free_tier": False}
    bench.play(cases.key_limit())
    outcome = await bench.ask(ask_for(fallbacks=("openai/gpt-4o",)))
    assert isinstance(outcome.error, errors.KeyLimitError)
    assert len(bench.server.calls) == 1
    await until(lambda: bench.client.admission.key_error)
    assert isinstance((await bench.ask(ask_for(channel_id=12))).error, errors.KeyLimitError)
    assert len(bench.server.calls) == 1
    assert "raise the key's limit" in caplog.text
    bench.server.key_status = {"limit": 50, "limit_remaining": 45, "usage": 5, "is_free_tier": False}
    await until(lambda: bench.client.admission.key_error is None)


REFUSALS: list[tuple[Script, type[errors.ModelError], str, str]] = [
    (cases.data_policy(), errors.DataPolicyError, "DATA_COLLECTION", "set DATA_COLLECTION=allow"),
    (cases.too_long(), errors.ContextTooLongError, "shorten", "context too long"),
    (cases.invalid_image(), errors.PictureError, "PNG", "picture"),
    (cases.key_limit(), errors.KeyLimitError, "owner can raise it", "raise the key's limit"),
    (cases.affordable(1), errors.CreditsShortError, "owner", "add credits"),
]


@pytest.mark.parametrize(
    ("script", "kind", "told", "logged"), REFUSALS, ids=[kind.__name__ for _, kind, *_ in REFUSALS]
)
async def test_each_refusal_says_who_can_do_what(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    script: Script,
    kind: type[errors.ModelError],
    told: str,
    logged: str,
):
    """People read what they can do, the log what the owner can; one request each."""
    bench.play(script)
    with caplog.at_level("INFO", logger="bot"):
        outcome = await bench.ask(ask_for("my zebra", max_tokens=4096))
    assert type(outcome.error) is kind
    assert told in outcome.error.sentence
    assert logged in caplog.text
    assert "zebra" not in caplog.text
    assert len(bench.server.calls) == 1


async def test_the_quota_of_the_provider_behind_is_waited_out(bench: Bench):
    """Like a rate limit, which it is."""
    bench.play(cases.provider_quota(), flat("fine"))
    outcome = await bench.ask()
    assert outcome.text == "fine"
    bench.play(cases.provider_quota())
    outcome = await bench.ask()
    assert isinstance(outcome.error, errors.ProviderQuotaError)
    assert bench.client.admission.key_error is None


async def test_advice_to_the_owner_is_given_once_an_hour(bench: Bench, caplog: pytest.LogCaptureFixture):
    """A busy bot doesn't fill its log with it."""
    bench.play(cases.data_policy())
    for _ in range(5):
        await bench.ask()
    assert caplog.text.count("set DATA_COLLECTION=allow") == 1


async def test_an_id_that_the_provider_renamed_is_answered_as_the_model_asked(bench: Bench):
    """An old id, or one that answers with its date, is no other model, and nobody's failure."""
    bench.server.renamed = {"openai/old-name": "openai/gpt-4o-mini"}
    bench.play(flat("fine"), flat("fine", model="openai/gpt-4o-mini-2024-07-18"))
    for model in ("openai/old-name", "openai/gpt-4o-mini"):
        outcome = await bench.ask(ask_for(model=model, fallbacks=("openai/gpt-4o",)))
        assert outcome.text == "fine"
        assert [event.model for event in outcome.of(Started)] == [model]
    assert len(bench.server.calls) == 2


async def test_a_router_names_the_model_it_chose_as_the_list_does(bench: Bench):
    """A dated id is the listed model; an id on no list is nobody's news."""
    bench.server.models = [
        {"id": "openrouter/auto"},
        {"id": "openai/gpt-4o", "canonical_slug": "openai/gpt-4o-2024-08-06"},
    ]
    await until(bench.catalog.models)
    started = []
    for answered in ("openai/gpt-4o-2024-08-06", "somebody/unlisted"):
        bench.play(flat("fine", model=answered))
        outcome = await bench.ask(ask_for(model="openrouter/auto"))
        started += [event.model for event in outcome.of(Started)]
    assert started == ["openai/gpt-4o", "openrouter/auto"]
