"""The connection under litellm: an httpx transport over aiohttp that reads the event stream itself.

litellm gets a tidy stream of merged deltas from it, which ends well whatever happens. What really happened is in
the `Exchange`, where litellm can neither hide nor garble it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import aiohttp

    from bot.llm.stream.exchange import Exchange

EXCHANGE_HEADER = "x-headwater-exchange"  # between the backend and the transport; never sent


class Transport(httpx.AsyncBaseTransport):
    """Carries litellm's requests, each with its exchange, to one address only: the provider's."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._address = _address(httpx.URL(base_url))
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
        if exchange is None or _address(request.url) != self._address:
            raise httpx.UnsupportedProtocol("this bot didn't make that request", request=request)
        task = exchange.begin(self._session, request)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=_TidyStream(exchange))

    async def aclose(self) -> None:
        """End what is open. The session's owner closes that."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _address(url: httpx.URL) -> tuple[str, bytes]:
    return url.scheme, url.netloc


class _TidyStream(httpx.AsyncByteStream):
    """What litellm reads: plain deltas in order, then always a finish reason."""

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
    """One event of a stream, in a form that litellm reads as it's meant."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "-", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice]}
    # ASCII, since httpx takes U+2028 and others like it for line ends. And litellm ends the stream at the six
    # characters of `[DONE]` anywhere in a line, even in a model's words.
    return b"data: " + json.dumps(chunk).replace("[DONE]", "\\u005bDONE]").encode() + b"\n\n"
