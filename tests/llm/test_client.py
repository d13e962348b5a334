"""The client's promises beyond single faults: cancelling, fallbacks, breakers, fairness, and what is sent."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.core import errors
from bot.core.events import Alive, Called, Reasoning, Started, Text, Usage, Waiting, WaitReason
from bot.core.model_ids import Provider
from bot.core.records import Message, Role
from bot.core.text_demand import TextDemand
from bot.llm import litellm_backend
from bot.llm.admission.limits import AdmissionLimits
from bot.llm.retry import RetryPolicy
from bot.llm.stream import exchange
from playground.openrouter import Call, Fault, OpenRouter, Script
from tests.llm.conftest import ATTEMPTS, MODEL, Bench, ask_for, flat, opened, quick_config

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE_S = 0.2  # what a loaded machine needs for nothing at all


async def until(condition: Callable[[], bool], *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - there is nothing that would set an event
            await asyncio.sleep(0.005)


# --- Starting -------------------------------------------------------------------------------------------------


async def test_a_question_waits_for_litellm_visibly(bench: Bench):
    """Litellm loads while the gateway connects; who asks meanwhile is told and answered."""
    outcome = await bench.ask()
    assert outcome.events[0] == Waiting(reason=WaitReason.START)
    assert outcome.done
    assert not (await bench.ask()).of(Waiting)


async def test_no_tokenizer_is_loaded(bench: Bench):
    """Litellm's takes 40 MB; also where a provider reports no usage, we don't need what it would count."""
    bench.play(flat("Hello.", usage=False))
    outcome = await bench.ask()
    assert outcome.text == "Hello."
    assert not outcome.of(Usage)
    assert "tiktoken_ext.openai_public" not in sys.modules


async def test_a_litellm_that_cannot_be_loaded_is_told_to_everybody(
    server: OpenRouter, monkeypatch: pytest.MonkeyPatch
):
    """The bot lives on without a model, and says so instead of hanging."""

    def broken(_: object) -> None:
        raise ImportError("no such thing")

    monkeypatch.setattr(litellm_backend, "_import_litellm", broken)
    async with opened(server) as bench:
        for _ in range(2):
            assert isinstance((await bench.ask()).error, errors.ClientNotReadyError)
    assert server.calls == []


async def test_words_that_litellm_loses_are_missed(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """Should a release of litellm swallow text, the answer does not pass for whole."""
    whole = litellm_backend._texts
    monkeypatch.setattr(litellm_backend, "_texts", lambda chunk: [(k, t[:-1]) for k, t in whole(chunk) if t[:-1]])
    outcome = await bench.ask()
    assert isinstance(outcome.error, errors.GarbledAnswerError)


async def test_a_litellm_that_fails_by_itself_quotes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """Its exceptions may carry the prompt, so only their type is told."""

    def fails(_: object) -> None:
        raise RuntimeError("the prompt was: hello")

    monkeypatch.setattr(litellm_backend, "_texts", fails)
    outcome = await bench.ask()
    assert outcome.error
    assert outcome.error.detail == "litellm: RuntimeError"
    assert len(bench.server.calls) == 1


# --- Cancelling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        Script(text="word " * 500, tokens_per_second=50),
        Script(first_token_after=30),
        Script(headers_after=30),
        Script(fault=Fault.STALL, fault_at=1),
    ],
    ids=["during the answer", "before the first token", "before the headers", "in a stall"],
)
async def test_cancelling_closes_the_connection_at_once(bench: Bench, script: Script):
    """The provider stops, and stops billing, when the asker does."""
    bench.play(script)
    asking = asyncio.create_task(bench.ask())
    await until(lambda: bool(bench.server.calls))
    await asyncio.sleep(0.1)
    cancelled_at = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    call = bench.server.calls[0]
    await until(lambda: call.disconnected_at is not None)
    assert call.disconnected_at
    assert call.disconnected_at - cancelled_at < AT_ONCE_S
    assert bench.client.admission.open == 0


async def test_closing_the_iterator_closes_the_connection(bench: Bench):
    """Who has read enough leaves no stream running."""
    bench.play(Script(text="word " * 500, tokens_per_second=50))
    async with aclosing(bench.client.stream(ask_for())) as events:
        async for event in events:
            if isinstance(event, Text):
                break
    await until(lambda: bench.server.calls[0].disconnected_at is not None)


@pytest.mark.parametrize("delay_ms", range(0, 10, 2))
async def test_cancelling_while_a_call_is_set_up_leaves_nothing_behind(bench: Bench, delay_ms: int):
    """Litellm prepares a call in a thread; what it prepared for nothing makes no request and no warning."""
    bench.play(flat())
    await bench.ask()
    asking = asyncio.create_task(bench.ask())
    await asyncio.sleep(delay_ms / 1000)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await asyncio.sleep(0.05)
    assert bench.client.admission.open == 0


async def test_cancelling_passes_at_once_while_waiting(bench: Bench):
    """Neither a backoff nor a rate limit keeps a cancelled question."""
    bench.play(Script(status=429, headers={"Retry-After": "10"}))
    asking = asyncio.create_task(bench.ask())
    await until(lambda: bench.client.admission.waiting == 1)
    asking.cancel()
    cancelled_at = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert time.monotonic() - cancelled_at < AT_ONCE_S
    assert bench.client.admission.waiting == 0


async def test_connections_are_used_again(bench: Bench):
    """Answers read to their end leave the connection to the next question."""
    peers = set()

    def answer(call: Call) -> Script:
        peers.add(call.peer)
        return flat("fine")

    bench.server.answer = answer
    for _ in range(8):
        await bench.ask()
        await until(lambda: not bench.client._backend._transport._tasks)  # the end of the body has been read
    assert len(peers) <= 2  # the catalogue and the key were asked at the same time


# --- Fallbacks ------------------------------------------------------------------------------------------------


async def test_fallbacks_are_asked_in_order_and_named(bench: Bench):
    """When every attempt failed the next model answers, and the events say which."""
    broken = {MODEL: Script(status=503), "openai/gpt-4o": Script(status=404)}
    bench.server.answer = lambda call: broken.get(call.model, flat("from the third"))
    outcome = await bench.ask(ask_for(fallbacks=("openai/gpt-4o", "deepseek/deepseek-r1")))
    assert [call.model for call in bench.server.calls] == [MODEL] * ATTEMPTS + [
        "openai/gpt-4o",
        "deepseek/deepseek-r1",
    ]
    assert outcome.text == "from the third"
    assert outcome.of(Started) == [Started(model="deepseek/deepseek-r1", generation_id=bench.server.calls[-1].id)]


async def test_when_no_fallback_answers_the_first_failure_is_told(bench: Bench):
    """People chose the first model; what became of the others is for the log."""
    broken = {MODEL: Script(status=402)}
    bench.server.answer = lambda call: broken.get(call.model, Script(status=404))
    outcome = await bench.ask(ask_for(fallbacks=("openai/gpt-4o",)))
    assert isinstance(outcome.error, errors.PaymentError)
    assert outcome.error.model == MODEL


async def test_no_fallback_after_words_were_shown(bench: Bench):
    """A second model would repeat or contradict them."""
    bench.play(flat("One two three", fault=Fault.ERROR, fault_at=2))
    outcome = await bench.ask(ask_for(fallbacks=("openai/gpt-4o",)))
    assert isinstance(outcome.error, errors.StreamBrokenError)
    assert len(bench.server.calls) == 1


async def test_a_router_says_which_model_answered(bench: Bench):
    """`openrouter/auto` stands for a model of OpenRouter's choice, and only the stream names it."""
    await until(lambda: bool(bench.catalog.models()))
    bench.play(flat("hello", model="anthropic/claude-sonnet-4"))
    assert (await bench.ask(ask_for(model="openrouter/auto"))).of(Started)[0].model == "anthropic/claude-sonnet-4"
    assert (await bench.ask(ask_for(model=MODEL))).of(Started)[0].model == MODEL


# --- The key and the credits ----------------------------------------------------------------------------------


async def test_a_rejected_key_is_not_used_until_it_works_again(server: OpenRouter):
    """After one 401 nobody's question is sent; `/key` is asked ever more rarely, and reopens the gate."""
    good, server.key = server.key, "another"
    async with opened(server, quick_config(server.base_url, good)) as bench:
        for _ in range(3):
            outcome = await bench.ask()
            assert isinstance(outcome.error, errors.AuthenticationError)
        assert len(server.calls) == 1
        assert bench.client.admission.key_error
        server.key = good
        await until(lambda: bench.client.admission.key_error is None)  # 30 s of the hasty clock
        assert (await bench.ask()).done


async def test_a_model_without_credits_is_left_alone_and_others_are_not(bench: Bench):
    """While `/key` says there is something left, a 402 concerns its model only."""
    broken = {MODEL: Script(status=402)}
    bench.server.answer = lambda call: broken.get(call.model, flat("free"))
    for _ in range(3):
        assert isinstance((await bench.ask()).error, errors.PaymentError)
    assert len(bench.server.calls) == 1
    assert (await bench.ask(ask_for(model="openai/gpt-4o"))).text == "free"


async def test_an_empty_key_is_left_alone_altogether(bench: Bench):
    """Where `/key` says that nothing is left, nobody's question is sent until it says otherwise."""
    bench.server.key_status["limit_remaining"] = 0
    bench.play(Script(status=402))
    await bench.ask()
    await until(lambda: bench.client.admission.key_error is not None)
    assert isinstance((await bench.ask(ask_for(model="openai/gpt-4o"))).error, errors.PaymentError)
    assert len(bench.server.calls) == 1
    bench.server.key_status["limit_remaining"] = 5
    bench.play(flat())
    await until(lambda: bench.client.admission.key_error is None)
    assert (await bench.ask(ask_for(model="openai/gpt-4o"))).done


async def test_the_days_free_requests_are_learnt_from_the_key(server: OpenRouter):
    """What the account has used elsewhere counts, too."""
    server.key_status["free_model_daily_requests"] = {"limit": 50, "used": 49, "remaining": 1}
    free = ask_for(model="meta-llama/llama-3.3-70b-instruct:free")
    async with opened(server) as bench:
        await until(lambda: bench.client.key.status is not None)
        assert (await bench.ask(free)).done
        outcome = await bench.ask(free)
    assert isinstance(outcome.error, errors.RateLimitedError)
    assert len(server.calls) == 1


# --- Many at once ---------------------------------------------------------------------------------------------


async def test_one_429_holds_everybody_back_and_all_are_answered_in_turn(bench: Bench):
    """Twenty wait out one Retry-After; not one request reaches the server meanwhile."""
    bench.play(Script(status=429, headers={"Retry-After": "1"}), flat("fine", first_token_after=0.05))
    first = asyncio.create_task(bench.ask(ask_for("0", channel_id=100)))
    await until(lambda: bench.client.admission.waiting == 1)
    rest = [asyncio.create_task(bench.ask(ask_for(f"{n}", channel_id=100 + n))) for n in range(1, 20)]
    outcomes = await asyncio.gather(first, *rest)
    assert all(outcome.text == "fine" for outcome in outcomes)
    refused, *answered = bench.server.calls
    assert min(call.arrived_at for call in answered) - refused.arrived_at >= 1.0
    assert answered[0].prompt == "0"
    assert len(answered) == 20


async def test_a_full_house_queues_and_says_so(server: OpenRouter):
    """Beyond the cap on open streams questions wait, visibly, and are answered when a stream ends."""
    server.answer = lambda _: flat("fine", first_token_after=0.2)
    config = replace(quick_config(server.base_url, server.key), limits=AdmissionLimits(streams=2))
    async with opened(server, config) as bench:
        await bench.ask()
        outcomes = await asyncio.gather(*(bench.ask(ask_for(channel_id=n)) for n in range(6)))
    assert all(outcome.text == "fine" for outcome in outcomes)
    told = [w.reason for outcome in outcomes for w in outcome.of(Waiting)]
    assert told.count(WaitReason.CAPACITY) >= 4


async def test_one_persons_flood_keeps_nobody_waiting(bench: Bench):
    """However many channels they ask in, three are under way at once; the rest wait, and some are told at once."""
    bench.server.answer = lambda call: flat("fine", first_token_after=0.3 if call.prompt == "flood" else 0.0)
    await bench.ask()
    flood = [asyncio.create_task(bench.ask(ask_for("flood", channel_id=n, user_id=999))) for n in range(100, 160)]
    await asyncio.sleep(0.1)
    assert bench.client.admission.open == 3
    others = await asyncio.gather(*(bench.ask(ask_for(channel_id=n)) for n in range(20)))
    assert all(outcome.text == "fine" and not outcome.of(Waiting) for outcome in others)
    outcomes = await asyncio.gather(*flood)
    answered = [outcome for outcome in outcomes if outcome.text == "fine"]
    refused = [outcome for outcome in outcomes if isinstance(outcome.error, errors.TooManyAtOnceError)]
    assert (len(answered), len(refused)) == (23, 37)
    assert {waiting.reason for outcome in answered for waiting in outcome.of(Waiting)} == {WaitReason.PERSON}


async def test_one_servers_rush_leaves_streams_to_the_others(server: OpenRouter):
    """A question asked elsewhere is answered at once."""
    server.answer = lambda call: flat("fine", first_token_after=0.3 if call.prompt == "rush" else 0.0)
    config = replace(quick_config(server.base_url, server.key), limits=AdmissionLimits(streams=5, per_server=4))
    async with opened(server, config) as bench:
        await bench.ask()
        rush = [asyncio.create_task(bench.ask(ask_for("rush", channel_id=n, guild_id=1))) for n in range(100, 110)]
        await asyncio.sleep(0.1)
        other = await bench.ask(ask_for(guild_id=2))
        outcomes = await asyncio.gather(*rush)
    assert not other.of(Waiting)
    assert all(outcome.text == "fine" for outcome in (other, *outcomes))
    assert {w.reason for outcome in outcomes for w in outcome.of(Waiting)} == {WaitReason.SERVER}


async def test_two_hundred_answers_stream_at_once(bench: Bench):
    """All of them exact, none refused."""
    bench.server.answer = lambda call: Script(text=f"{call.prompt} " * 20, tokens_per_second=100, keepalive=0)
    outcomes = await asyncio.gather(*(bench.ask(ask_for(f"q{n}", channel_id=n)) for n in range(200)))
    assert [outcome.text for outcome in outcomes] == [f"q{n} " * 20 for n in range(200)]


# --- What is billed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [True, False], ids=["hidden thoughts", "keep-alives"])
async def test_a_call_is_known_by_its_id_before_it_says_anything(bench: Bench, encrypted: bool):
    """Thinking may be stopped, or the bot killed: what it cost can be asked for all the same."""
    bench.play(Script(first_token_after=30, keepalive=0.05, encrypted=encrypted))
    async with aclosing(bench.client.stream(ask_for())) as events:
        async for event in events:
            if not isinstance(event, Waiting):
                break
    assert event == Called(model=MODEL, generation_id=bench.server.calls[0].id)
    await until(lambda: bench.server.calls[0].disconnected_at is not None)


async def test_each_attempt_is_called_and_a_failure_costs_nothing(bench: Bench):
    """An error in place of the first word isn't charged for; the answer that follows is."""
    bench.play(flat(fault=Fault.ERROR), flat())
    outcome = await bench.ask()
    assert [event.generation_id for event in outcome.of(Called)] == [call.id for call in bench.server.calls]
    assert [usage.cost_nano_usd > 0 for usage in outcome.of(Usage)] == [False, True]


async def test_a_call_that_loses_its_connection_is_not_free(bench: Bench):
    """The provider has taken it and may go on; what it really cost is for its record to say."""
    bench.play(flat(fault=Fault.RESET), flat())
    outcome = await bench.ask()
    assert len(outcome.of(Called)) == len(bench.server.calls) == 2
    assert [usage.cost_nano_usd > 0 for usage in outcome.of(Usage)] == [True]


@pytest.mark.parametrize("status", [400, 503])
async def test_a_refused_call_is_never_called(bench: Bench, status: int):
    """No generation, no cost."""
    bench.play(Script(status=status))
    outcome = await bench.ask()
    assert outcome.of(Called) == outcome.of(Usage) == []


# --- What is handed over when -----------------------------------------------------------------------------------


async def test_text_comes_when_it_is_asked_for_and_each_quarter_second(bench: Bench):
    """The first words at once, the next in one piece when the display asks, and unasked soon enough."""
    bench.play(Script(text=["x"] * 200, tokens_per_second=100))
    demand, came = TextDemand(), []
    async with aclosing(bench.client.stream(ask_for(), demand)) as events:
        async for event in events:
            if isinstance(event, Text):
                came.append((time.monotonic(), len(event.text)))
                if len(came) == 2:
                    asyncio.get_running_loop().call_later(0.1, demand.ask)
    sent = bench.server.calls[0].sent
    assert came[0][1] <= 3
    assert came[0][0] - sent[0][0] < AT_ONCE_S
    gaps = [later[0] - earlier[0] for earlier, later in itertools.pairwise(came)]
    assert gaps[1] == pytest.approx(0.1, abs=0.08)
    assert max(gaps) < 0.25 + AT_ONCE_S
    assert len(came) < 20
    assert demand.held_since is None


async def test_thoughts_are_merged_too_and_never_delay_the_answer(bench: Bench):
    """A model that thinks aloud costs no more than one that speaks, and its first word comes at once."""
    bench.play(Script(reasoning=["hm "] * 50, text="Yes.", tokens_per_second=100))
    outcome = await bench.ask()
    assert outcome.thoughts == "hm " * 50
    assert len(outcome.of(Reasoning)) < 10
    assert outcome.text == "Yes."


# --- What is sent ---------------------------------------------------------------------------------------------


async def test_the_request_says_who_asks_for_what(bench: Bench):
    """The body and headers as OpenRouter wants them, and nothing of litellm's or of the user's identity."""
    await until(lambda: bool(bench.catalog.models()))
    messages = (
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "Ann: hi"),
        Message(Role.ASSISTANT, "Hello"),
        Message(Role.USER, "Bob: [DONE]\u2028"),
    )
    await bench.ask(ask_for(messages=messages, temperature=0.3, user_id=123456789012345678))
    call = bench.server.calls[0]
    user = call.body.pop("user")
    assert call.body == {
        "model": MODEL,
        "messages": [{"role": message.role.value, "content": message.content} for message in messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "usage": {"include": True},
        "max_tokens": 64,
        "temperature": 0.3,
        "session_id": "11",
        "provider": {"data_collection": "deny"},
        "plugins": [{"id": "context-compression", "enabled": False}],
    }
    assert len(user) == 32
    assert "123456789012345678" not in str(call.body) + user
    assert call.headers["HTTP-Referer"] == "https://github.com/headwater-bot/headwater"
    assert call.headers["X-OpenRouter-Title"] == "Headwater"
    assert "litellm" not in str(call.headers).lower()
    assert not any(name.lower().startswith("x-headwater") for name in call.headers)


@pytest.mark.parametrize(
    "model",
    [
        "openrouter/auto",
        MODEL,
        "meta-llama/llama-3.3-70b-instruct:free",
        "~openai/gpt-latest",
        "@preset/team",
        "openai/gpt-4o:nitro",
        "deepseek/deepseek-r1",
    ],
)
async def test_the_wire_carries_openrouters_own_id(bench: Bench, model: str):
    """Litellm's prefix goes on and off again without touching the id."""
    outcome = await bench.ask(ask_for(model=model))
    assert outcome.done
    assert bench.server.calls[0].model == model


async def test_parameters_that_a_model_lacks_are_left_out(bench: Bench):
    """The catalogue knows that this one takes no temperature; and nobody is asked for more than it can write."""
    await until(lambda: bool(bench.catalog.models()))
    await bench.ask(ask_for(model="openai/o3-mini", temperature=0.3, max_tokens=10**6))
    body = bench.server.calls[0].body
    assert "temperature" not in body
    assert body["max_tokens"] == 50_000


@pytest.mark.parametrize("kind", [Provider.OLLAMA, Provider.OPENAI])
async def test_other_providers_get_plain_openai_requests(server: OpenRouter, kind: Provider):
    """Ollama and OpenAI-compatible servers are reached on their `/v1`, without OpenRouter's extras."""
    base = server.base_url if kind is Provider.OPENAI else server.base_url.removesuffix("/v1")
    async with opened(server, quick_config(base, server.key, kind=kind)) as bench:
        bench.play(flat("local", reasoning="hm"))
        outcome = await bench.ask(ask_for(temperature=0.5))
    assert (outcome.thoughts, outcome.text) == ("hm", "local")
    assert outcome.usage
    body = server.calls[0].body
    assert set(body) == {"model", "messages", "stream", "stream_options", "max_tokens", "temperature", "user"}
    assert body["model"] == MODEL
    assert "HTTP-Referer" not in server.calls[0].headers


async def test_a_server_that_does_not_stream_is_understood(bench: Bench):
    """Some answer with one document whatever they are asked for; it is the whole answer."""
    document = json.dumps(
        {"choices": [{"message": {"content": "All\nat once."}, "finish_reason": "stop"}]}, indent=1
    )
    bench.play(Script(body=document))
    outcome = await bench.ask()
    assert outcome.text == "All\nat once."
    assert outcome.done


async def test_a_large_prompt_is_sent_whole(bench: Bench):
    """Megabytes of text go out without a warning and without holding the others up."""
    prompt = "word " * 400_000
    bench.play(flat())
    assert (await bench.ask(ask_for(prompt))).done
    assert bench.server.calls[0].prompt == prompt


async def test_a_wait_beyond_the_deadline_is_told_at_once(server: OpenRouter):
    """Nobody waits for what cannot come in time."""
    server.answer = lambda _: Script(status=429, headers={"Retry-After": "30"})
    retry = RetryPolicy(attempts=5, deadline_s=10)
    async with opened(server, replace(quick_config(server.base_url, server.key), retry=retry)) as bench:
        begun = time.monotonic()
        outcomes = [await bench.ask(), await bench.ask()]
        assert time.monotonic() - begun < 2
    assert len(server.calls) == 1
    for outcome in outcomes:
        assert isinstance(outcome.error, errors.RateLimitedError)
        assert outcome.error.retry_after == pytest.approx(30, abs=2)


@pytest.mark.parametrize("encrypted", [True, False], ids=["hidden thoughts", "keep-alives"])
async def test_a_model_that_thinks_unseen_is_told_to_be_alive(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, encrypted: bool
):
    """Every so often until it speaks, and never after that."""
    monkeypatch.setattr(litellm_backend, "PULSE_S", 0.1)
    bench.play(Script(text="At last.", first_token_after=0.8, keepalive=0.05, encrypted=encrypted))
    outcome = await bench.ask()
    assert outcome.text == "At last."
    assert 3 <= len(outcome.of(Alive)) <= 8
    kinds = [type(event) for event in outcome.events]
    assert kinds.index(Called) < kinds.index(Alive)
    assert Alive not in kinds[kinds.index(Text) :]


async def test_a_dead_silence_is_no_sign_of_life(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    """Without as much as a keep-alive comment nobody is told that the model thinks."""
    monkeypatch.setattr(litellm_backend, "PULSE_S", 0.1)
    monkeypatch.setattr(exchange, "LIFE_S", 0.05)
    bench.play(Script(text="At last.", first_token_after=0.3, keepalive=0))
    outcome = await bench.ask()
    assert outcome.text == "At last."
    assert not outcome.of(Alive)
