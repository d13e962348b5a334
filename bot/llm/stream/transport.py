"""The connection under litellm: an httpx transport over aiohttp that reads the event stream itself.

litellm gets from it a tidy stream of merged deltas that ends well, whatever happened; what really happened is in
the `Exchange`, where litellm can neither hide nor garble it.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import logging
from typing import TYPE_CHECKING

import aiohttp
import httpx

from bot.core.errors import DeadlineExceededError, FirstTokenTimeoutError, StalledError
from bot.llm import failures as faults
from bot.llm.stream.delta_buffer import DeltaBuffer
from bot.llm.stream.wire import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.core.errors import ModelError
    from bot.core.ports import Clock
    from bot.core.text_demand import TextDemand
    from bot.llm.config import Timeouts

log = logging.getLogger(__name__)

EXCHANGE_HEADER = "x-headwater-exchange"  # between the backend and the transport; never sent
HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}
LARGE_BODY_BYTES = 2**20
ERROR_BODY_S, ERROR_BODY_BYTES = 5.0, 65_536  # how much of an error's body is read
AFTER_FINISH_S = 3.0  # for usage and the end of the body to follow the finish reason, or the connection is closed
OK = 200


class Exchange:
    """One request and its answer. Its own task does the work; `close` ends it at once, at any time."""

    def __init__(self, model: str, *, demand: TextDemand, timeouts: Timeouts, clock: Clock) -> None:
        self.model = model
        self.answer = Answer(model, clock)
        self.buffer = DeltaBuffer(demand, clock)
        self.status: int | None = None
        self.task: asyncio.Task[None] | None = None
        self._timeouts = timeouts
        self._clock = clock
        self._begun_at = clock.monotonic()
        self._spoke_at: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self, session: aiohttp.ClientSession, request: httpx.Request) -> asyncio.Task[None]:
        self._begun_at = self._clock.monotonic()
        self._watch()
        self.task = asyncio.create_task(self._run(session, request), name=f"exchange with {self.model}")
        return self.task

    def close(self) -> None:
        """Close the connection, unless the answer is over and only the end of its body is still to be read."""
        if self._alarm and not self.answer.over:
            self._alarm.cancel()
        if self.task and not self.answer.over:
            self.task.cancel()
        self.buffer.close()

    def __str__(self) -> str:
        """How it went, for the log: no content, no key."""
        answer, failure = self.answer, self.answer.failure
        outcome = f"{type(failure).__name__} {failure.detail}" if failure else answer.finish or "ended early"
        seconds = self._clock.monotonic() - self._begun_at
        generation = f"HTTP {self.status}, {answer.provider}, {answer.generation_id}"
        return f"{self.model}: {outcome}, {self.buffer.handed_chars} characters in {seconds:.2f} s ({generation})"

    # --- The connection -------------------------------------------------------------------------------------

    async def _run(self, session: aiohttp.ClientSession, request: httpx.Request) -> None:
        try:
            # aiohttp warns of large bodies given as bytes, since it writes them in one go.
            body = request.content if len(request.content) < LARGE_BODY_BYTES else io.BytesIO(request.content)
            async with session.post(
                str(request.url), data=body, headers=HEADERS, allow_redirects=False
            ) as response:
                self.status = response.status
                if response.status == OK:
                    await self._read(response)
                else:
                    await self._read_error(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: aiohttp on malformed answers
            self.answer.stop(faults.from_connection(self.model, error))
        finally:
            if self._alarm:
                self._alarm.cancel()
            self.answer.end()
            self.buffer.close()

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        answer = self.answer
        answer.generation_id = response.headers.get("X-Generation-Id")
        if response.content_type == "application/json":  # the server does not stream: one document is the answer
            self._take(b"data: " + b" ".join((await response.read()).splitlines()))
        else:
            async for data in response.content.iter_any():
                self._take(data)
        self._take(b"\n")
        answer.end()

    def _take(self, data: bytes) -> None:
        answer, was_over, was_silent = self.answer, self.answer.over, self._spoke_at is None
        for kind, text in answer.feed(data):
            self._spoke_at = self._clock.monotonic()
            self.buffer.put(kind, text)
        if was_over:
            return
        if answer.over:
            self.buffer.close()  # the reader goes on; here only the body's end is awaited, to keep the connection
        if answer.over or answer.finish or (was_silent and answer.spoke):
            self._watch()  # another clock runs now

    async def _read_error(self, response: aiohttp.ClientResponse) -> None:
        body = b""
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                while len(body) < ERROR_BODY_BYTES and (data := await response.content.readany()):
                    body += data
        except TimeoutError:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        failure = faults.from_response(self.model, response.status, headers, body, now=self._clock.time())
        failure.generation_id = headers.get("x-generation-id")
        self.answer.stop(failure)

    # --- The clocks -----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Set one timer for whichever clock runs out first; words only move the mark that it looks at."""
        if self._alarm:
            self._alarm.cancel()
        left = self._due()[0] - self._clock.monotonic()
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, left), self._ring)

    def _due(self) -> tuple[float, type[ModelError]]:
        clocks = self._timeouts
        if self.answer.finish or self.answer.over:
            return (self._spoke_at or self._begun_at) + AFTER_FINISH_S, StalledError
        end = self._begun_at + clocks.total_s
        kind: type[ModelError]
        if self._spoke_at is None:
            word, kind = self._begun_at + clocks.first_token_s, FirstTokenTimeoutError
        else:
            word, kind = self._spoke_at + clocks.gap_s, StalledError
        return (word, kind) if word < end else (end, DeadlineExceededError)

    def _ring(self) -> None:
        due, kind = self._due()
        if due > self._clock.monotonic():
            self._watch()
            return
        self.answer.stop(kind(model=self.model))
        if self.task:
            self.task.cancel()


class Transport(httpx.AsyncBaseTransport):
    """Carries litellm's requests, each with its exchange; knows one host only, the provider's."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = httpx.URL(base_url)
        self._exchanges: dict[str, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    def expect(self, exchange: Exchange) -> str:
        """Announce an exchange; the request for it carries the value returned in `EXCHANGE_HEADER`."""
        name = str(next(self._numbers))
        self._exchanges[name] = exchange
        return name

    def forget(self, name: str) -> None:
        self._exchanges.pop(name, None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = self._exchanges.pop(request.headers.get(EXCHANGE_HEADER, ""), None)
        if exchange is None or request.url.netloc != self._base_url.netloc:
            raise httpx.UnsupportedProtocol("a request that this bot has not made", request=request)
        task = exchange.begin(self._session, request)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return httpx.Response(OK, headers={"content-type": "text/event-stream"}, stream=_TidyStream(exchange))

    async def aclose(self) -> None:
        """End what is open. The session is its owner's."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _TidyStream(httpx.AsyncByteStream):
    """What litellm gets to read: plain deltas in order, then a finish reason, always."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self._exchange.buffer.take():
            yield tidy_event(self._exchange.model, {piece[0].value: piece[1]})
        yield tidy_event(self._exchange.model, {}, finish="stop")
        yield b"data: [DONE]\n\n"

    async def aclose(self) -> None:
        self._exchange.close()


def tidy_event(model: str, delta: dict[str, str], *, finish: str | None = None) -> bytes:
    """One event of a stream as litellm reads it without mishap."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "-", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}
    # ASCII, since httpx takes U+2028 and its like for ends of lines; and litellm ends at these six characters
    # wherever in a line they are, a model's words included.
    return b"data: " + json.dumps(chunk).replace("[DONE]", "\\u005bDONE]").encode() + b"\n\n"
