"""Every fault the provider and the network can produce, end to end: what is sent, what is got."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

import pytest

from bot.core import errors
from bot.core.errors import ModelError
from bot.core.events import FinishReason, Started, Waiting, WaitReason
from bot.llm.config import Timeouts
from playground.openrouter import Fault, Script
from playground.openrouter.framing import Framing
from tests.llm.conftest import ATTEMPTS, Bench, ask_for, flat, opened, quick_config

WORDS = "One two three four five."
OK = flat(WORDS)
HTML = "<html><body><h1>502 Bad Gateway</h1>cloudflare sk-or-v1-0123456789</body></html>"
FLAGGED = {
    "error": {"code": 403, "message": "flagged", "metadata": {"reasons": ["violence"], "flagged_input": "h"}}
}
TOO_LONG = {"error": {"code": 400, "message": "This endpoint's maximum context length is 8192 tokens."}}


def refused(status: int, **more: object) -> Script:
    return Script(status=status, **more)


def broken(fault: Fault, at: int = 2, **more: object) -> Script:
    return flat(WORDS, fault=fault, fault_at=at, **more)


@dataclass(frozen=True)
class Case:
    """What the server does, call by call, and what must come of it."""

    name: str
    scripts: tuple[Script, ...]
    requests: int
    error: type[ModelError] | None = None
    text: str = ""
    finish: FinishReason = FinishReason.STOP
    retry_after: float | None = None


def recovers(name: str, first: Script) -> Case:
    return Case(f"{name}, then an answer", (first, OK), 2, text=WORDS)


def gives_up(name: str, script: Script, error: type[ModelError]) -> Case:
    return Case(f"{name} every time", (script,), ATTEMPTS, error)


def final(name: str, script: Script, error: type[ModelError], **more: object) -> Case:
    return Case(name, (script,), 1, error, **more)


HOUR = {"Retry-After": "3600"}
BUSY = {"error": {"code": 503, "message": "busy"}}
FILTERED = FinishReason.CONTENT_FILTER
PICTURE = "data:image/png;base64,iVBORw0KGgo="
ADDRESS = "https://pictures.example/1.png"
FRAMINGS = (
    Framing(newline="\r\n", bom=True),
    Framing(newline="\r", fields=True),
    Framing(space=False, split=True),
    Framing(comments=True, split=True, newline="\r\n"),
    *(Framing(bom=True, newline=newline, cut_bytes=size) for newline in ("\r\n", "\r") for size in (1, 2, 7)),
)
BURST = [f"{n} " for n in range(5000)]
PART = WORDS[:8]  # the two tokens before a fault
CASES = [
    # refused before the stream
    final("400", refused(400), errors.BadRequestError),
    final("400 for the context", refused(400, body=TOO_LONG), errors.ContextTooLongError),
    final("401", refused(401), errors.AuthenticationError),
    final("402", refused(402), errors.PaymentError),
    recovers("402 with Retry-After", refused(402, headers={"Retry-After": "0.1"})),
    final("403", refused(403), errors.PermissionDeniedError),
    final("403 by moderation", refused(403, body=FLAGGED), errors.ModerationError),
    final("404", refused(404), errors.ModelNotFoundError),
    recovers("408", refused(408)),
    gives_up("408", refused(408), errors.ProviderUnavailableError),
    final("413", refused(413), errors.TooLargeError),
    final("422", refused(422), errors.BadRequestError),
    recovers("429", refused(429)),
    recovers("429 with Retry-After", refused(429, headers={"Retry-After": "0.2"})),
    gives_up("429", refused(429), errors.RateLimitedError),
    final("429 for an hour", refused(429, headers=HOUR), errors.RateLimitedError, retry_after=3600),
    recovers("500", refused(500)),
    gives_up("500", refused(500), errors.ProviderUnavailableError),
    recovers("502 with HTML", refused(502, body=HTML)),
    gives_up("502 with HTML", refused(502, body=HTML), errors.ProviderUnavailableError),
    recovers("503 with an empty body", refused(503, body="")),
    recovers("529", refused(529)),
    final("a redirect", refused(302, headers={"Location": "http://example.invalid/"}), errors.WrongAddressError),
    # no stream, or none worth the name
    recovers("a reset before the headers", Script(fault=Fault.NO_ANSWER)),
    gives_up("a reset before the headers", Script(fault=Fault.NO_ANSWER), errors.ProviderUnavailableError),
    recovers("headers withheld", flat(headers_after=9)),
    final("only keep-alives", flat(first_token_after=9), errors.ThinkingTimeoutError),
    final("hidden thoughts", flat(first_token_after=9, encrypted=True), errors.ThinkingTimeoutError),
    Case("long hidden thoughts", (flat(WORDS, first_token_after=0.8, encrypted=True),), 1, text=WORDS),
    gives_up("silence", flat(first_token_after=9, keepalive=0), errors.FirstTokenTimeoutError),
    recovers("an error as first event", broken(Fault.ERROR, 0)),
    recovers("a rate limit as first event", broken(Fault.ERROR, 0, error_code=429)),
    gives_up("an error as first event", broken(Fault.ERROR, 0), errors.ProviderUnavailableError),
    final("a lasting error as first event", broken(Fault.ERROR, 0, error_code=403), errors.PermissionDeniedError),
    recovers("an empty stream", flat("", finish=None, usage=False)),
    gives_up("an empty stream", flat("", finish=None, usage=False), errors.EmptyAnswerError),
    gives_up("not even [DONE]", flat("", finish=None, usage=False, done=False), errors.EmptyAnswerError),
    recovers("an empty answer that claims to be whole", flat("")),
    recovers("a reset before the first token", broken(Fault.RESET, 0)),
    # broken off after the first words
    final("an error with a number", broken(Fault.ERROR), errors.StreamBrokenError, text=PART),
    final("an error with a string", broken(Fault.ERROR, error_code="oops"), errors.StreamBrokenError, text=PART),
    final("an error inside the choice", broken(Fault.ERROR_IN_CHOICE), errors.StreamBrokenError, text=PART),
    final("a reset", broken(Fault.RESET), errors.StreamBrokenError, text=PART),
    final("an end without a finish reason", broken(Fault.EOF), errors.StreamBrokenError, text=PART),
    final("a stall", broken(Fault.STALL), errors.StalledError, text=PART),
    final("a stall with keep-alives", broken(Fault.STALL_ALIVE), errors.StalledError, text=PART),
    final("finish reason error", flat(WORDS, finish="error"), errors.StreamBrokenError, text=WORDS),
    final("a malformed line", broken(Fault.MALFORMED), errors.GarbledAnswerError, text=WORDS),
    # odd, but whole
    Case("stop", (OK,), 1, text=WORDS),
    Case("length", (flat(WORDS, finish="length"),), 1, text=WORDS, finish=FinishReason.LENGTH),
    Case("a filter", (flat(WORDS, finish="content_filter"),), 1, text=WORDS, finish=FinishReason.CONTENT_FILTER),
    Case("a finish reason nobody knows", (flat(WORDS, finish="banana"),), 1, text=WORDS),
    Case("an event with `choices: []`", (broken(Fault.EMPTY_CHOICES),), 1, text=WORDS),
    Case("no usage", (flat(WORDS, usage=False),), 1, text=WORDS),
    Case("no [DONE]", (flat(WORDS, done=False),), 1, text=WORDS),
    Case("nothing after the finish", (flat(WORDS, done=False, usage=False),), 1, text=WORDS),
    Case("reasoning, then text", (flat(WORDS, reasoning="hmm"),), 1, text=WORDS),
    final("reasoning only", flat("", reasoning="hmm, well"), errors.EmptyAnswerError),
    final("only reasoning fits", flat("", reasoning="hmm", finish="length"), errors.OutOfTokensError),
    final("only unseen thoughts fit", flat("", finish="length", native_finish="length"), errors.OutOfTokensError),
    final("a filter before the first word", flat("", finish="content_filter"), errors.FilteredAnswerError),
    final("a safety stop", flat("", native_finish="SAFETY"), errors.FilteredAnswerError),
    final("a prohibited question", flat("", native_finish="PROHIBITED_CONTENT"), errors.FilteredAnswerError),
    final("a refusal without words", flat("", native_finish="refusal"), errors.FilteredAnswerError),
    Case("a refusal in words", (flat("", refusal="I'd rather not."),), 1, text="I'd rather not."),
    Case("a stop in mid-answer", (flat(WORDS, native_finish="SAFETY"),), 1, text=WORDS, finish=FILTERED),
    final("a tool nobody offered", flat("", tool="search"), errors.UnofferedToolError),
    final("the address of a picture alone", flat("", images=[ADDRESS]), errors.PictureOnlyError),
    Case("a picture with words", (flat(WORDS, images=[PICTURE]),), 1, text=WORDS),
    Case("the whole answer again as a message", (flat(WORDS, cumulative=True, reasoning="hm"),), 1, text=WORDS),
    Case("thoughts in the text", (flat(f"<think>Hm.</think>\n\n{WORDS}"),), 1, text=WORDS),
    Case("tags in mid-text", (flat("Use <think>\nand</think>."),), 1, text="Use <think>\nand</think>."),
    Case("a megabyte in one delta", (flat(["word " * 200_000]),), 1, text="word " * 200_000),
    # framing, packing, and bodies that are no stream
    *(Case(f"framing {n}", (flat(WORDS, framing=framing),), 1, text=WORDS) for n, framing in enumerate(FRAMINGS)),
    Case("a packed stream", (flat(WORDS, gzip=True),), 1, text=WORDS),
    gives_up("a packed error", flat(body=BUSY, gzip=True), errors.ProviderUnavailableError),
    gives_up("an error with status 200", flat(body=BUSY), errors.ProviderUnavailableError),
    final("a lasting error with status 200", flat(body={"error": {"code": 403}}), errors.PermissionDeniedError),
    final("a web page with status 200", flat(body=HTML), errors.WrongAddressError),
    final("a packed web page", flat(body=HTML, gzip=True), errors.WrongAddressError),
    Case("a burst of 5,000 tokens", (flat(BURST),), 1, text="".join(BURST)),
    Case("a hundred and fifty equal tokens", (flat(["aha "] * 150),), 1, text="aha " * 150),
]  # fmt: skip # many to a line


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_what_comes_of_it(bench: Bench, case: Case):
    """For each fault: how many requests are sent, which words are shown, and how the answer ends."""
    bench.play(*case.scripts)
    outcome = await bench.ask()
    assert len(bench.server.calls) == case.requests
    assert outcome.text == case.text
    if case.error is None:
        assert outcome.error is None
        assert outcome.done
        assert outcome.done.reason is case.finish
    else:
        assert type(outcome.error) is case.error
        assert outcome.error.model == "openai/gpt-4o-mini"
        if case.retry_after:
            assert outcome.error.retry_after == pytest.approx(case.retry_after, rel=0.01)
    assert bench.client.admission.open == bench.client.admission.waiting == 0


@pytest.mark.parametrize("case", [c for c in CASES if c.error], ids=lambda case: case.name)
async def test_nothing_raw_reaches_anybody(bench: Bench, case: Case, caplog: pytest.LogCaptureFixture):
    """No sentence, detail or log line holds markup, JSON, a key, or what was asked."""
    bench.play(*case.scripts)
    with caplog.at_level("INFO", logger="bot"):
        outcome = await bench.ask(ask_for("my secret question"))
    assert outcome.error
    for told in (outcome.error.sentence, outcome.error.detail, str(outcome.error), caplog.text):
        assert not any(raw in told for raw in ("<html", '{"', "sk-or-", "secret question", bench.server.key))


@pytest.mark.parametrize("usage", [True, False])
@pytest.mark.parametrize(
    "script",
    [
        flat("", finish="length"),
        flat("", native_finish="SAFETY"),
        flat("", tool="search"),
        flat("", images=[ADDRESS]),
        flat(first_token_after=9, encrypted=True),
    ],
    ids=["all tokens spent", "a safety stop", "a tool", "a picture", "thinking without end"],
)
async def test_what_may_be_billed_is_told_although_nothing_came(bench: Bench, script: Script, usage: bool):
    """The call has begun, under its id, so that the ledger can book it and ask what it cost."""
    bench.play(replace(script, usage=usage))
    outcome = await bench.ask()
    assert outcome.error
    assert outcome.of(Started)[0].generation_id == bench.server.calls[0].id
    assert bool(outcome.usage) is (usage and script.first_token_after == 0)


async def test_retry_after_is_waited_out(bench: Bench):
    """The wait is told as a rate limit, with its seconds."""
    bench.play(refused(429, headers={"Retry-After": "0.5"}), OK)
    outcome = await bench.ask()
    first, second = bench.server.calls
    assert second.arrived_at - first.arrived_at >= 0.5
    limits = [w for w in outcome.of(Waiting) if w.reason is WaitReason.RATE_LIMIT]
    assert limits
    assert limits[0].seconds == pytest.approx(0.5, rel=0.2)


async def test_the_rate_limits_reset_counts_where_retry_after_is_missing(bench: Bench):
    """OpenRouter gives it in milliseconds since the epoch."""
    reset = int((time.time() + 7200) * 1000)
    bench.play(refused(429, headers={"X-RateLimit-Reset": str(reset)}))
    outcome = await bench.ask()
    assert outcome.error
    assert outcome.error.retry_after == pytest.approx(7200, abs=5)
    assert len(bench.server.calls) == 1


async def test_a_refused_connection_is_tried_again_and_told(bench: Bench):
    """Nothing listens: three attempts, then one plain sentence."""
    await bench.server.close()
    outcome = await bench.ask()
    assert isinstance(outcome.error, errors.ProviderUnavailableError)
    assert len([w for w in outcome.of(Waiting) if w.reason is WaitReason.RETRY]) == ATTEMPTS - 1


async def test_an_unknown_model_is_told_as_such(bench: Bench):
    """OpenRouter answers 400, which is not the question's fault."""
    outcome = await bench.ask(ask_for(model="nobody/knows-this"))
    assert isinstance(outcome.error, errors.ModelNotFoundError)


async def test_an_answer_longer_than_its_deadline_is_ended(bench: Bench):
    """The third clock: words keep coming, but not forever."""
    config = quick_config(bench.server.base_url, bench.server.key)
    config = replace(config, timeouts=Timeouts(first_token_s=5, gap_s=5, total_s=0.6))
    bench.server.answer = lambda _: Script(text="word " * 200, tokens_per_second=20)
    async with opened(bench.server, config) as slow:
        outcome = await slow.ask()
    assert isinstance(outcome.error, errors.DeadlineExceededError)
    assert outcome.text
    assert bench.server.calls[0].text.startswith(outcome.text)


async def test_a_stall_is_noticed_by_its_own_clock(bench: Bench):
    """A long patience with the first word is none with the second."""
    config = quick_config(bench.server.base_url, bench.server.key)
    config = replace(config, timeouts=Timeouts(first_token_s=60, gap_s=0.3, total_s=60))
    bench.play(broken(Fault.STALL))
    async with opened(bench.server, config) as patient:
        async with asyncio.timeout(5):
            outcome = await patient.ask()
    assert isinstance(outcome.error, errors.StalledError)
    assert outcome.text == PART


NASTY = (
    "data: [DONE]", "[DONE]", "a\u2028b\u2029c\x85d\x0be", "\r\n\r\n", "data: {}", "</s><s><|im_end|>", "None",
    "null", "\x00", " ", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\\u005b", '"}}]}', "e\u0301", "\ufeff",
)  # fmt: skip # many to a line


async def test_awkward_text_arrives_unaltered(bench: Bench):
    """What looks like the stream's own syntax, or like the end of a line, is text like any other."""
    bench.play(flat([piece for piece in NASTY for _ in range(3)]))
    outcome = await bench.ask()
    assert outcome.text == "".join(piece * 3 for piece in NASTY)
    assert outcome.done


async def test_usage_and_the_rest_of_the_truth_come_from_the_wire(bench: Bench):
    """Cost, cached tokens and the generation survive litellm."""
    bench.play(flat(WORDS, native_finish="end_turn", provider="Anthropic"))
    outcome = await bench.ask()
    call = bench.server.calls[0]
    assert outcome.usage
    assert outcome.usage.completion_tokens == len(call.sent)
    assert outcome.usage.cost_nano_usd == round(
        1e9 * (0.15e-6 * outcome.usage.prompt_tokens + 0.6e-6 * len(call.sent))
    )
    assert outcome.done
    assert outcome.of(Started)[0].generation_id == call.id
