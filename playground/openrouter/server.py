"""A make-believe OpenRouter on loopback: its routes, its event stream, and every way it can go wrong."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from playground.openrouter.catalog import catalog
from playground.openrouter.script import (
    Call,
    Fault,
    Script,
    chunk,
    delta_of,
    envelope,
    error_chunk,
    server_sent,
    tokens_of,
    usage_of,
    whole_answer,
)

KEY = "sk-or-playground"
VARIANTS = (":free", ":nitro", ":floor", ":exacto", ":online", ":thinking", ":extended")
COMMENT = b": OPENROUTER PROCESSING\n\n"

Answer = Callable[[Call], Script]


class OpenRouter:
    """The server; `answer` decides what each call gets. `key_status` is the data of `/key`, free to change."""

    def __init__(self, answer: Answer = lambda _: Script(), *, key: str = KEY) -> None:
        self.answer = answer
        self.key = key
        self.calls: list[Call] = []
        self.models: list[dict[str, Any]] = catalog()
        self.hits: list[str] = []  # paths of all requests, in order
        self.key_status: dict[str, Any] = {
            "label": "sk-or-...ound",
            "limit": 10.0,
            "limit_remaining": 7.5,
            "limit_reset": None,
            "usage": 2.5,
            "is_free_tier": False,
        }
        self.base_url = ""
        self._ids = itertools.count(1)
        self._runner: web.AppRunner | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._notice], client_max_size=64 * 2**20)
        app.router.add_post("/api/v1/chat/completions", self._completions)
        app.router.add_get("/api/v1/models", self._models)
        app.router.add_get("/api/v1/key", self._key)
        app.router.add_get("/api/v1/generation", self._generation)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/v1"

    async def close(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _notice(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        self.hits.append(request.path)
        response: web.StreamResponse = await handler(request)
        return response

    # --- What is known without asking a model ---------------------------------------------------------------

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": self.models})

    async def _key(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _error(401, "User not found.")
        return web.json_response({"data": self.key_status})

    async def _generation(self, request: web.Request) -> web.Response:
        call = next((c for c in self.calls if c.id == request.query.get("id")), None)
        if call is None or not self._authorised(request):
            return _error(404, "Generation not found")
        return web.json_response(
            {"data": {"id": call.id, "model": call.model, "total_cost": usage_of(call)["cost"]}}
        )

    def _authorised(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def _knows(self, model: str) -> bool:
        ids = {m["id"] for m in self.models}
        base = model.partition("@preset/")[0]
        for variant in VARIANTS[1:]:
            base = base.removesuffix(variant)
        return not base or base in ids or base.startswith("~")

    # --- Completions ----------------------------------------------------------------------------------------

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        call = Call(
            id=f"gen-{next(self._ids)}-{time.time_ns():x}",
            headers=request.headers.copy(),
            body=await request.json(),
            arrived_at=time.monotonic(),
            peer=request.transport.get_extra_info("peername") if request.transport else None,
        )
        self.calls.append(call)
        try:
            response = await self._respond(request, call)
        except asyncio.CancelledError:
            call.disconnected_at = time.monotonic()
            raise
        except ConnectionResetError:
            call.disconnected_at = time.monotonic()
            return web.Response()  # nobody is there to get it
        call.status = response.status
        call.finished = True
        return response

    async def _respond(self, request: web.Request, call: Call) -> web.StreamResponse:
        if not self._authorised(request):
            return _error(401, "User not found.")
        if not self._knows(call.model):
            return _error(400, f"{call.model} is not a valid model ID")
        script = self.answer(call)
        await asyncio.sleep(script.headers_after)
        if script.fault is Fault.NO_ANSWER:
            _reset(request)
        if script.status != 200:
            return _refusal(script)
        if script.whole:
            return web.Response(text=script.whole, content_type="application/json")
        if call.body.get("stream"):
            return await _stream(request, call, script)
        return web.json_response(whole_answer(call, script))


async def _stream(request: web.Request, call: Call, script: Script) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Generation-Id": call.id}
    response = web.StreamResponse(headers={**headers, **script.headers})
    call.status = 200
    await response.prepare(request)
    await _first_silence(response, script)
    tokens = [("reasoning", t) for t in tokens_of(script.reasoning)] + [
        ("content", t) for t in tokens_of(script.text)
    ]
    started = time.monotonic()
    for number, (kind, token) in enumerate(tokens):
        if script.fault and number == script.fault_at and await _go_wrong(request, response, call, script):
            return response
        if script.tokens_per_second:
            await asyncio.sleep(started + number / script.tokens_per_second - time.monotonic())
        await response.write(chunk(call, script, delta_of(kind, token)))
        if kind == "content":
            call.sent.append((time.monotonic(), token))
    if script.fault and script.fault_at >= len(tokens) and await _go_wrong(request, response, call, script):
        return response
    await _end(response, call, script)
    return response


async def _first_silence(response: web.StreamResponse, script: Script) -> None:
    """Wait for the first token as OpenRouter does: with a comment at once and then every so often."""
    first_token_at = time.monotonic() + script.first_token_after
    if script.keepalive:
        await response.write(COMMENT)
    while (left := first_token_at - time.monotonic()) > 0:
        await asyncio.sleep(min(left, script.keepalive or left))
        if script.keepalive and time.monotonic() < first_token_at:
            await response.write(COMMENT)


async def _end(response: web.StreamResponse, call: Call, script: Script) -> None:
    if script.finish:
        await response.write(chunk(call, script, delta_of("content", ""), finish=script.finish))
    if script.usage:
        await response.write(chunk(call, script, delta_of("content", ""), usage=usage_of(call)))
    if script.done:
        await response.write(b"data: [DONE]\n\n")
    await response.write_eof()


async def _go_wrong(request: web.Request, response: web.StreamResponse, call: Call, script: Script) -> bool:
    """Act the fault out; True where the stream is over with it."""
    match script.fault:
        case Fault.MALFORMED:
            await response.write(b'data: {"id": "gen-1", "choi\n\n')
            return False
        case Fault.EMPTY_CHOICES:
            await response.write(server_sent({**envelope(call, script), "choices": []}))
            return False
        case Fault.ERROR | Fault.ERROR_IN_CHOICE:
            await response.write(error_chunk(call, script))
        case Fault.RESET:
            _reset(request)
        case Fault.STALL | Fault.STALL_ALIVE:
            while True:
                await asyncio.sleep(script.keepalive or 3600)
                if script.fault is Fault.STALL_ALIVE:
                    await response.write(COMMENT)
    await response.write_eof()
    return True


def _reset(request: web.Request) -> None:
    """Send a TCP reset: closing with a linger time of zero does that."""
    if transport := request.transport:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    raise ConnectionResetError


def _refusal(script: Script) -> web.Response:
    if isinstance(script.body, str):
        kind = "text/html" if script.body.lstrip().startswith("<") else "text/plain"
        return web.Response(status=script.status, text=script.body, content_type=kind, headers=script.headers)
    if script.body is not None:
        return web.json_response(dict(script.body), status=script.status, headers=script.headers)
    return _error(script.status, script.error_message, script.error_metadata, script.headers)


def _error(
    status: int, message: str, metadata: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    error = {"code": status, "message": message, **({"metadata": {**metadata}} if metadata else {})}
    return web.json_response({"error": error}, status=status, headers=headers)
