"""A local test OpenRouter: its routes, and what it refuses before any model answers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from playground.loopback import HOST, listen, reset
from playground.openrouter.catalog import TRANSCRIBERS, catalog
from playground.openrouter.families import FAMILIES, Family, family_of, raw
from playground.openrouter.framing import media_type
from playground.openrouter.inputs.recordings import Recording, read_recording
from playground.openrouter.script import Call, Fault, Script, usage_of
from playground.openrouter.sign_in import SignIn
from playground.openrouter.stream import Stream, document_of

KEY = "sk-or-playground"
VARIANTS = (":free", ":nitro", ":floor", ":exacto", ":online", ":thinking", ":extended")

Answer = Callable[[Call], Script]


class OpenRouter:
    """The server; `answer` decides what each call gets.

    `key_status` is the data of `/key`, `families` what models refuse by themselves, `renamed` the ids that the
    provider has other names for: requests and answers; all are free to change.
    """

    def __init__(self, answer: Answer = lambda _: Script(), *, key: str = KEY) -> None:
        self.answer = answer
        self.key = key
        self.calls: list[Call] = []
        self.models: list[dict[str, Any]] = catalog()
        self.families: dict[str, Family] = dict(FAMILIES)
        self.renamed: dict[str, str] = {}
        self.transcribe: Callable[[Recording], str] = lambda _: "These are the words of the recording."
        self.transcriptions: list[Recording] = []
        self.hits: list[str] = []  # paths of all requests, in order
        self.key_status: dict[str, Any] = {
            "label": "sk-or-...ound",
            "limit": 10.0,
            "limit_remaining": 7.5,
            "limit_reset": None,
            "usage": 2.5,
            "is_free_tier": False,
        }
        self.sign_in = SignIn(lambda: self.key)
        self.base_url = ""
        self._ids = itertools.count(1)
        self._end: Callable[[], Awaitable[None]] | None = None

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._notice], client_max_size=64 * 2**20)
        app.router.add_post("/api/v1/chat/completions", self._completions)
        app.router.add_post("/api/v1/audio/transcriptions", self._transcriptions)
        app.router.add_get("/api/v1/models", self._models)
        app.router.add_get("/api/v1/key", self._key)
        app.router.add_get("/api/v1/generation", self._generation)
        self.sign_in.add_to(app)
        taken, self._end = await listen(app, port, handler_cancellation=True, shutdown_timeout=0.1)
        self.base_url = f"http://{HOST}:{taken}/api/v1"

    async def close(self) -> None:
        if self._end:
            await self._end()

    @web.middleware
    async def _notice(self, request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
        self.hits.append(request.path)
        response: web.StreamResponse = await handler(request)
        return response

    # --- What is known without asking a model ---------------------------------------------------------------

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"data": self.models})

    async def _key(self, request: web.Request) -> web.Response:
        if not self._authorized(request):
            return _error(401, "User not found.")
        return web.json_response({"data": self.key_status})

    async def _generation(self, request: web.Request) -> web.Response:
        call = next((c for c in self.calls if c.id == request.query.get("id")), None)
        known = call and time.monotonic() >= call.arrived_at + call.script.record_after
        if call is None or not known or not self._authorized(request):
            return _error(404, f"Generation {request.query.get('id')} not found")
        return web.json_response({"data": record_of(call)})

    def _authorized(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    def _knows(self, model: str) -> bool:
        ids = {m["id"] for m in self.models}
        base = model.partition("@preset/")[0]
        for variant in VARIANTS[1:]:
            base = base.removesuffix(variant)
        return not base or bool(ids & {base, model}) or base.startswith("~")

    async def _transcriptions(self, request: web.Request) -> web.Response:
        if not self._authorized(request):
            return _error(401, "User not found.")
        recording = await read_recording(request)
        if recording.model not in TRANSCRIBERS:
            return _error(400, f"{recording.model} is not a valid model ID")
        self.transcriptions.append(recording)
        return web.json_response({"text": self.transcribe(recording), "usage": recording.usage})

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
        if not self._authorized(request):
            return _error(401, "User not found.")
        model = self.renamed.get(call.model, call.model)
        if not self._knows(model):
            return _error(400, f"{call.model} is not a valid model ID")
        family = family_of(model, self.families)
        if said := family.objection(call.body):
            return _error(400, "Provider returned error", {"raw": raw(said), "provider_name": family.provider})
        script = call.script = self.answer(call)
        if call.model in self.renamed and not script.model:
            script = call.script = replace(script, model=model)
        await asyncio.sleep(script.headers_after)
        if script.fault is Fault.NO_ANSWER:
            _reset(request)
        if script.body is not None or script.status != 200:
            return _instead(script)
        if call.body.get("stream"):
            return await Stream(request, call, _reset).write()
        return web.json_response(document_of(call))


def record_of(call: Call) -> dict[str, Any]:
    """What `/generation` says of a call."""
    usage, script = usage_of(call), call.script
    spent = {"total_cost": usage["cost"], "usage": usage["cost"], "is_byok": usage["is_byok"]}
    counted = {"tokens_prompt": usage["prompt_tokens"], "tokens_completion": usage["completion_tokens"]}
    named = {"id": call.id, "model": script.model or call.model, "provider_name": script.provider}
    ended = {"cancelled": not call.finished, "finish_reason": script.finish, "upstream_inference_cost": None}
    return {**named, **spent, **counted, **ended, **script.record}


def _reset(request: web.Request) -> None:
    reset(request)
    raise ConnectionResetError


def _instead(script: Script) -> web.Response:
    """What is sent where no stream is: a body as it is, or an error in OpenRouter's form."""
    if script.body is None:
        response = _error(script.status, script.error_message, script.error_metadata, script.headers)
    elif isinstance(script.body, str):
        kind, text = media_type(script.body), script.body
        response = web.Response(status=script.status, text=text, content_type=kind, headers=script.headers)
    else:
        response = web.json_response(dict(script.body), status=script.status, headers=script.headers)
    if script.gzip:
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _error(
    status: int, message: str, metadata: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> web.Response:
    error = {"code": status, "message": message, **({"metadata": {**metadata}} if metadata else {})}
    return web.json_response({"error": error}, status=status, headers=headers)
