"""One exchange: its clocks in virtual time, and what a hostile or broken server can send it."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import httpx
import pytest
from aiohttp import web

from bot.core import errors
from bot.core.clock import SystemClock
from bot.core.errors import ModelError
from bot.core.text_demand import TextDemand
from bot.llm.config import Timeouts
from bot.llm.stream import body
from bot.llm.stream.deltas import Kind
from bot.llm.stream.exchange import AFTER_FINISH_S, Exchange
from bot.llm.stream.transport import EXCHANGE_HEADER, Transport
from playground.loopback import HOST, listen
from tests.virtual import VirtualClock, run

COMMENT = b": still here\n\n"
MEGABYTE = 2**20


def event(delta: object, **choice: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": delta, **choice}]}).encode() + b"\n\n"


WORD, EMPTY = event({"content": "a"}), event({"content": ""})
HIDDEN = event({"reasoning_details": [{"type": "reasoning.encrypted", "data": "gAAAA"}]})
FINISH = event({}, finish_reason="stop")
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5}}\n\n'


async def text_of(exchange: Exchange) -> str:
    text = ""
    while piece := await exchange.buffer.take():
        text += piece[1] if piece[0] is Kind.TEXT else ""
    return text


# --- The clocks -----------------------------------------------------------------------------------------------


@dataclass
class Played:
    """A response that plays pieces at set times, and then stays silent. Stands for aiohttp's session, too."""

    pieces: list[tuple[float, bytes]]
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> Played:
        return self

    @asynccontextmanager
    async def post(self, *_: object, **__: object) -> AsyncIterator[Played]:
        yield self

    async def readany(self) -> bytes:
        if not self.pieces:
            await asyncio.Event().wait()
        at, data = self.pieces.pop(0)
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        return data


def play(pieces: list[tuple[float, bytes]], **timeouts: float) -> tuple[Exchange, str, float]:
    """How an exchange goes, with its text and the second in which its task ended."""
    clocks = Timeouts(**{"first_token_s": 10, "gap_s": 20, "thinking_s": 100, "total_s": 1000, **timeouts})

    async def scenario() -> tuple[Exchange, str, float]:
        exchange = Exchange("m", demand=TextDemand(), timeouts=clocks, clock=VirtualClock())
        task = exchange.begin(Played(pieces), httpx.Request("POST", "http://test/"))
        text = await text_of(exchange)
        await asyncio.wait([task])
        return exchange, text, asyncio.get_running_loop().time()

    return run(scenario())


def every(seconds: int, until: int, data: bytes, *, after: float = 0) -> list[tuple[float, bytes]]:
    return [(after + at, data) for at in range(0, until, seconds)]


@pytest.mark.parametrize(
    ("pieces", "ends_at", "kind"),
    [
        ([], 10, errors.FirstTokenTimeoutError),
        ([(8, COMMENT)], 18, errors.FirstTokenTimeoutError),
        (every(5, 200, COMMENT), 100, errors.ThinkingTimeoutError),
        (every(5, 200, HIDDEN), 100, errors.ThinkingTimeoutError),
        (every(5, 200, EMPTY), 100, errors.ThinkingTimeoutError),
        (every(5, 200, b"\n"), 100, errors.ThinkingTimeoutError),
        (every(5, 200, b'data: {"type": "ping"}\n\n'), 100, errors.ThinkingTimeoutError),
        (every(5, 46, HIDDEN), 55, errors.FirstTokenTimeoutError),
        ([(5, WORD)], 25, errors.StalledError),
        ([(5, WORD), (20, COMMENT)], 40, errors.StalledError),
        ([(5, WORD), *every(5, 300, COMMENT, after=6)], 105, errors.StalledError),
        ([(5, WORD), *every(5, 300, HIDDEN, after=6)], 105, errors.StalledError),
        (every(15, 2000, WORD, after=5), 1000, errors.DeadlineExceededError),
        (every(90, 2000, event({"reasoning": "hm"}), after=1), 21, errors.StalledError),
    ],
)
def test_silence_and_life_are_two_clocks(
    pieces: list[tuple[float, bytes]], ends_at: float, kind: type[ModelError]
):
    """A dead model is given up soon. One that shows life gets longer, and is never asked again for that."""
    exchange, _, ended_at = play(pieces)
    assert type(exchange.answer.failure) is kind
    assert ended_at == pytest.approx(ends_at)
    if kind is errors.ThinkingTimeoutError:
        assert not exchange.answer.failure.retryable


@pytest.mark.parametrize(
    ("pieces", "timeouts"),
    [
        ([*every(9, 91, HIDDEN), (95, WORD)], {}),
        ([(1, WORD), *every(9, 91, COMMENT, after=2), (99, WORD)], {}),
        ([(200, WORD)], {"first_token_s": 300}),
        ([(1, WORD), (200, WORD)], {"gap_s": 300}),
    ],
    ids=["long hidden thoughts", "a search in mid-answer", "a patient owner", "a patient owner in mid-answer"],
)
def test_a_model_that_is_alive_is_waited_for(pieces: list[tuple[float, bytes]], timeouts: dict[str, float]):
    """Long thinking is not a fault; allowing a long silence allows life for as long."""
    end = pieces[-1][0] + 1
    exchange, text, _ = play([*pieces, (end, FINISH), (end, b"")], **timeouts)
    assert exchange.answer.failure is None
    assert text == "a" * len([data for _, data in pieces if data is WORD])


@pytest.mark.parametrize("life", [HIDDEN, COMMENT])
def test_what_follows_the_finish_is_waited_for(life: bytes):
    """Usage counts, also after a long thought without words; but a connection that stays open is closed."""
    exchange, _, ended_at = play([*every(5, 50, life), (50, FINISH), (52, USAGE)])
    assert exchange.answer.usage
    assert exchange.answer.usage.cost_nano_usd == 500_000_000
    assert ended_at == pytest.approx(50 + AFTER_FINISH_S)
    assert type(exchange.answer.failure) is errors.EmptyAnswerError


def test_words_after_an_early_finish_are_words():
    """Some servers give the reason with every delta."""
    word = event({"content": "a"}, finish_reason="stop")
    exchange, text, _ = play([(at, word) for at in range(10)])
    assert (text, exchange.answer.failure) == ("a" * 10, None)


# --- The bytes ------------------------------------------------------------------------------------------------

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    port, close = await listen(app, shutdown_timeout=0.1)
    try:
        yield f"http://{HOST}:{port}/api/v1"
    finally:
        await close()


def sends(*pieces: bytes, status: int = 200, **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = web.StreamResponse(status=status, headers={"Content-Type": "text/event-stream", **named})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        await response.write_eof()
        return response

    return handle


async def ask(url: str) -> tuple[Exchange, str, float]:
    """How an exchange goes, with its text and the longest that it kept the event loop working without a pause."""
    lags = [0.0]

    async def watch() -> None:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0.001)
            lags.append(time.thread_time() - begun)

    watching = asyncio.create_task(watch())
    headers = {"Authorization": "Bearer sk-or-secret", "Accept-Encoding": "identity"}
    async with aiohttp.ClientSession(headers=headers) as session:
        exchange = Exchange("m", demand=TextDemand(), timeouts=Timeouts(), clock=SystemClock())
        task = exchange.begin(session, httpx.Request("POST", f"{url}/chat/completions", content=b"{}"))
        text = await text_of(exchange)
        await asyncio.wait([task])
    watching.cancel()
    return exchange, text, max(lags)


STREAM = WORD + FINISH + b"data: [DONE]\n\n"


@pytest.mark.parametrize("declared", [{"Content_Encoding": "gzip"}, {}], ids=["declared", "not declared"])
@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_a_packed_stream_is_unpacked(size: int, declared: dict[str, str]):
    """Although it wasn't asked for, and in any pieces; several packed members in a row are one stream."""
    packed = gzip.compress(STREAM[:40]) + gzip.compress(STREAM[40:])
    if declared:
        packed = gzip.compress(STREAM)
    async with serving(sends(*(packed[n : n + size] for n in range(0, len(packed), size)), **declared)) as url:
        exchange, text, _ = await ask(url)
    assert (text, exchange.answer.failure) == ("a", None)


async def test_a_packed_refusal_is_read():
    """The reason is in the body, packed or not."""
    packed = gzip.compress(b'{"error": {"code": 400, "message": "maximum context length is 5 tokens"}}')
    async with serving(sends(packed, status=400)) as url:
        exchange, _, _ = await ask(url)
    assert type(exchange.answer.failure) is errors.ContextTooLongError


def bomb(piece: bytes) -> bytes:
    """Ten megabytes, packed into ten thousand bytes."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(piece * (MEGABYTE // len(piece))) for _ in range(10)) + packer.flush()


@pytest.mark.parametrize("declared", [{"Content_Encoding": "gzip"}, {}], ids=["declared", "not declared"])
@pytest.mark.parametrize(
    "piece", [b"\x00", b"x" * 100 + b"\n", COMMENT, WORD], ids=["zeros", "lines", "life", "words"]
)
async def test_a_bomb_goes_off_in_the_open(
    piece: bytes, declared: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    """What unpacks to too much is given up; nothing else waits long for it meanwhile."""
    monkeypatch.setattr(body, "BODY_BYTES", 4 * MEGABYTE)
    async with serving(sends(bomb(piece), **declared)) as url:
        exchange, text, lag_s = await ask(url)
    expected = errors.StreamBrokenError if piece is WORD else errors.OversizedAnswerError
    assert type(exchange.answer.failure) is expected
    assert "too large" in exchange.answer.failure.detail
    assert len(text) <= body.BODY_BYTES // len(piece)
    assert lag_s < 0.5


@pytest.mark.parametrize(
    "line",
    [b"data: " + b"x" * 10 * MEGABYTE, b"x" * 10 * MEGABYTE, b"data: " + b"[" * MEGABYTE],
    ids=lambda b: b[:8],
)
async def test_ten_megabytes_in_a_line_hold_nobody_up(line: bytes):
    """Reading is linear: the loop stays free, and the answer's words arrive."""
    async with serving(sends(WORD + line + b"\n\n" + STREAM)) as url:
        exchange, text, lag_s = await ask(url)
    assert text == "aa"
    assert exchange.answer.over
    assert lag_s < 0.5


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (sends(b"<html>", Content_Type="text/html"), errors.WrongAddressError),
        (sends(b"<html>", Content_Type="text/plain"), errors.WrongAddressError),
        (sends(status=204), errors.EmptyAnswerError),
        (sends(gzip.compress(STREAM)[:-30], Content_Encoding="gzip"), errors.StreamBrokenError),
        (sends(b"\x1f\x8b" + b"\xff" * 50), errors.ProviderUnavailableError),
        (sends(STREAM, Content_Encoding="br"), errors.ProviderUnavailableError),
        (sends(STREAM, Content_Encoding="nonsense"), type(None)),
        (sends(STREAM, Content_Type="application/json"), type(None)),
        (sends(STREAM, status=201), type(None)),
    ],
)
async def test_odd_bodies_end_in_their_error(handler: Handler, kind: type):
    """Pages, nothing, damaged packing, encodings nobody asked for, and streams under another name."""
    async with serving(handler) as url:
        exchange, _, _ = await ask(url)
    assert type(exchange.answer.failure) is kind


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_key_goes_to_no_other_host(status: int):
    """A redirect isn't followed: the owner is told instead."""
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response()

    async with serving(elsewhere) as other, serving(sends(status=status, Location=other)) as url:
        exchange, _, _ = await ask(url)
    assert seen == []
    assert type(exchange.answer.failure) is errors.WrongAddressError
    assert exchange.answer.failure.status == status


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://127.0.0.1:2/api/v1", "https://other/", "http://other/"]
)
async def test_the_transport_knows_one_address(url: str):
    """Whatever litellm asks for, nothing goes anywhere else, nor over an open line in place of a closed one."""
    async with aiohttp.ClientSession() as session:
        transport = Transport(session, "https://127.0.0.1:1/api/v1")
        name = transport.expect(Exchange("m", demand=TextDemand(), timeouts=Timeouts(), clock=SystemClock()))
        with pytest.raises(httpx.UnsupportedProtocol):
            await transport.handle_async_request(httpx.Request("POST", url, headers={EXCHANGE_HEADER: name}))


async def test_a_bug_in_reading_ends_one_answer(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    """It's logged by its type, since its text may quote the answer, and the person is told."""

    def fails(_: bytes) -> None:
        raise LookupError("secret words")

    async def scenario(url: str) -> Exchange:
        async with aiohttp.ClientSession() as session:
            exchange = Exchange("m", demand=TextDemand(), timeouts=Timeouts(), clock=SystemClock())
            monkeypatch.setattr(exchange.answer, "feed", fails)
            await exchange.begin(session, httpx.Request("POST", url, content=b"{}"))
        return exchange

    async with serving(sends(STREAM)) as url:
        exchange = await scenario(url)
    assert type(exchange.answer.failure) is errors.GarbledAnswerError
    assert "LookupError" in caplog.text
    assert "secret" not in caplog.text
