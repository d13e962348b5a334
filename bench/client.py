"""The model client compared with plain litellm: CPU, event-loop lag, freshness, and a shared rate limit.

`python -m bench.client` measures every subject in a process of its own, against a server in another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, web

from bot.core.clock import SystemClock
from bot.core.events import Text
from bot.core.model_ids import Provider
from bot.core.records import CompletionRequest, Message, Role
from bot.core.text_demand import TextDemand
from bot.llm.client import open_client
from bot.llm.config import ClientConfig, ProviderConfig
from playground.openrouter import KEY, Call, OpenRouter, Script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.llm.client import ModelClient

MODEL = "openai/gpt-4o-mini"
FLAT_TOKENS, PACED_TOKENS, RATE = 5000, 150, 33.0
FAIR = 1.15  # a stream that takes longer than this times its ideal is late
Stream = Callable[[str, int], Awaitable[int]]


# --- The server ----------------------------------------------------------------------------------------------


def script(call: Call, calls: list[Call]) -> Script:
    """A prompt is `tokens rate first_token_after`, or `limit seconds` for one 429 before a short answer."""
    word, *numbers = call.prompt.split()
    if word == "limit":
        first = not any(c is not call and c.prompt == call.prompt for c in calls)
        refusal = Script(status=429, headers={"Retry-After": numbers[0]})
        return refusal if first else Script(text="fine", tokens_per_second=0, first_token_after=0.3)
    rate, pause = (float(number) for number in numbers)
    return Script(text=["abcd"] * int(word), tokens_per_second=rate, first_token_after=pause, keepalive=0)


async def serve() -> None:
    """Run the test OpenRouter, and beside it what it knows of its calls."""
    server = OpenRouter()
    server.answer = lambda call: script(call, server.calls)
    await server.start()

    async def told(_: web.Request) -> web.Response:
        calls = [{"at": c.arrived_at, "user": c.body.get("session_id"), "sent": c.sent} for c in server.calls]
        server.calls.clear()
        return web.json_response(calls)

    app = web.Application()
    app.router.add_get("/", told)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(server.base_url, f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()


# --- The subjects --------------------------------------------------------------------------------------------


class NoCache:
    async def load(self, key: str) -> None:
        """Keeps nothing."""

    async def keep(self, key: str, value: str, *, now: int) -> None:
        """Keeps nothing."""


def request(prompt: str, channel: int) -> CompletionRequest:
    messages = (Message(Role.USER, prompt),)
    return CompletionRequest(model=MODEL, messages=messages, max_tokens=8000, channel_id=channel, user_id=channel)


@asynccontextmanager
async def headwater(base: str) -> AsyncIterator[ModelClient]:
    config = ClientConfig(provider=ProviderConfig(kind=Provider.OPENROUTER, api_base=base, api_key=KEY))
    dice = random.Random(1)  # noqa: S311 - jitter keeps no secret
    async with open_client(config, cache=NoCache(), clock=SystemClock(), rng=dice) as (client, _):
        yield client


@asynccontextmanager
async def subject(name: str, base: str) -> AsyncIterator[Stream]:
    """A function that streams one answer and returns its length in characters."""
    if name == "headwater":
        async with headwater(base) as client:

            async def ours(prompt: str, channel: int) -> int:
                events = client.stream(request(prompt, channel))
                return sum([len(event.text) async for event in events if isinstance(event, Text)])

            yield ours
        return
    os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "REPEATED_STREAMING_CHUNK_LIMIT": "1000000"}
    import litellm  # noqa: PLC0415 - only where it is the subject

    async def plain(prompt: str, _channel: int) -> int:
        chunks = await litellm.acompletion(
            model=f"openrouter/{MODEL}",
            messages=[{"role": "user", "content": prompt}],
            stream=True,
            stream_options={"include_usage": True},
            api_base=base,
            api_key=KEY,
        )
        return sum([len(chunk.choices[0].delta.content or "") async for chunk in chunks if chunk.choices])

    yield plain


# --- The measurements ----------------------------------------------------------------------------------------


async def flat_out(stream: Stream) -> dict[str, float]:
    """One stream as fast as the server can send: CPU per token, the best of three."""
    await stream("5 0 0", 0)
    best = 1e9
    for _ in range(3):
        begun = time.process_time()
        assert await stream(f"{FLAT_TOKENS} 0 0", 0) == 4 * FLAT_TOKENS
        best = min(best, (time.process_time() - begun) / FLAT_TOKENS)
    return {"us/token": best * 1e6}


async def paced(stream: Stream, streams: int) -> dict[str, float]:
    """Many streams at a model's speed: CPU per token, how late the event loop is, how late the streams are."""
    await stream("5 0 0", 0)
    lags: list[float] = []
    probe = asyncio.create_task(watch(lags))
    begun, cpu = time.perf_counter(), time.process_time()
    took = await asyncio.gather(*(timed(stream, channel) for channel in range(streams)))
    probe.cancel()
    cpu = time.process_time() - cpu
    ideal = (PACED_TOKENS - 1) / RATE
    lags.sort()
    return {
        "us/token": cpu / streams / PACED_TOKENS * 1e6,
        "lag p50 ms": 1e3 * lags[len(lags) // 2],
        "lag p99 ms": 1e3 * lags[int(len(lags) * 0.99)],
        "wall s": time.perf_counter() - begun,
        "late": sum(seconds > FAIR * ideal for seconds in took),
        "RSS MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def timed(stream: Stream, channel: int) -> float:
    begun = time.perf_counter()
    assert await stream(f"{PACED_TOKENS} {RATE} 0", channel) == 4 * PACED_TOKENS
    return time.perf_counter() - begun


async def watch(lags: list[float], every_s: float = 0.005) -> None:
    """Measure how late a timer is, over and over."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(every_s)
        lags.append(time.perf_counter() - begun - every_s)


async def freshness(base: str, control: str, streams: int = 50) -> dict[str, float]:
    """From the server's write to the client's handover: first words, and all text when the display asks."""
    firsts: dict[str, float] = {}
    asked: list[tuple[str, float, float, int]] = []
    async with headwater(base) as client, ClientSession() as session:
        await one(client, "5 0 0", 0, {}, [])
        await (await session.get(control)).read()
        await asyncio.gather(*(one(client, f"100 {RATE} 1", n, firsts, asked) for n in range(streams)))
        calls = {call["user"]: call["sent"] for call in await (await session.get(control)).json()}
    waits = sorted(first - calls[user][0][0] for user, first in firsts.items())
    complete = sum(4 * sum(at <= t - 0.020 for at, _ in calls[user]) <= chars for user, _, t, chars in asked)
    return {
        "first text p50 ms": 1e3 * waits[len(waits) // 2],
        "first text p99 ms": 1e3 * waits[int(len(waits) * 0.99)],
        "edits": len(asked),
        "edits with all of 20 ms before": complete,
    }


async def one(client: ModelClient, prompt: str, n: int, firsts: dict[str, float], asked: list[Any]) -> None:
    """Read an answer as the display does: ask each second, and send what there is 10 ms later."""
    demand, chars = TextDemand(), 0

    async def edit() -> None:
        while True:
            await asyncio.sleep(1 + random.random() / 5)  # noqa: S311 - channels are not in step
            begun = time.monotonic()
            demand.ask()
            await asyncio.sleep(0.010)
            asked.append((str(n), begun, time.monotonic(), chars))

    editing = asyncio.create_task(edit())
    async for event in client.stream(request(prompt, n), demand):
        if isinstance(event, Text):
            firsts.setdefault(str(n), time.monotonic())
            chars += len(event.text)
    editing.cancel()


async def limited(base: str, control: str) -> dict[str, Any]:
    """Twenty channels ask for a model whose server answers one 429 with Retry-After 2."""
    async with headwater(base) as client, ClientSession() as session:
        await one(client, "5 0 0", 0, {}, [])
        await (await session.get(control)).read()
        first = asyncio.create_task(answer_of(client, 100))
        while not client.admission.waiting:  # noqa: ASYNC110 - nothing sets an event
            await asyncio.sleep(0.01)
        rest = [asyncio.create_task(answer_of(client, 100 + n)) for n in range(1, 20)]
        answers = await asyncio.gather(first, *rest)
        refused, *calls = await (await session.get(control)).json()
    return {
        "requests in the 2 s": sum(call["at"] - refused["at"] < 2 for call in calls),
        "answered": sum(answer == "fine" for answer in answers),
        "all answered after s": max(call["sent"][-1][0] for call in calls) - refused["at"],
        "first served first": calls[0]["user"] == refused["user"],
    }


async def answer_of(client: ModelClient, channel: int) -> str:
    events = client.stream(request("limit 2", channel))
    return "".join([event.text async for event in events if isinstance(event, Text)])


async def loading(base: str) -> dict[str, float]:
    """What the client costs before its first answer."""
    begun = time.perf_counter()
    async with headwater(base) as client:
        await one(client, "5 0 0", 0, {}, [])
    return {
        "first answer after s": time.perf_counter() - begun,
        "RSS MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def measure(what: str, name: str, base: str, control: str) -> dict[str, Any]:
    match what:
        case "freshness":
            return await freshness(base, control)
        case "limited":
            return await limited(base, control)
        case "loading":
            return await loading(base)
    async with subject(name, base) as stream:
        return await flat_out(stream) if what == "flat" else await paced(stream, int(what))


# --- The table -----------------------------------------------------------------------------------------------

PLAN = (
    ("loading", "headwater"),
    *((what, name) for what in ("flat", "100", "200") for name in ("litellm", "headwater")),
    ("freshness", "headwater"),
    ("limited", "headwater"),
)
TITLES = {"flat": f"one stream of {FLAT_TOKENS:,} tokens, flat out", "limited": "20 wait for a 429, Retry-After 2"}


def child(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.client", *arguments]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.client", description=__doc__)
    parser.add_argument("work", nargs="*", help=argparse.SUPPRESS)
    work = parser.parse_args().work
    if work == ["serve"]:
        asyncio.run(serve())
    elif work:
        print(json.dumps(asyncio.run(measure(*work))))
    else:
        report()
    return 0


def report() -> None:
    """Measure everything in turn and print it."""
    with subprocess.Popen(child("serve"), stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - ourselves
        assert server.stdout
        addresses = server.stdout.readline().split()
        try:
            for what, name in PLAN:
                told = subprocess.run(  # noqa: S603 - ourselves
                    child(what, name, *addresses), stdout=subprocess.PIPE, check=True, text=True
                )
                title = TITLES.get(what, f"{what} streams at {RATE:g} tokens/s" if what.isdigit() else what)
                figures = ", ".join(
                    f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                    for key, value in json.loads(told.stdout.splitlines()[-1]).items()
                )
                print(f"{title:42} {name:10} {figures}", flush=True)
        finally:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
