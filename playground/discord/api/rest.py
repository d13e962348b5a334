"""The REST API's front door: tokens, rate limits, latency, faults, the log of requests, and the error answers."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.discord.api.limits import Limiter, bucket_of
from playground.discord.state.records import ApiError, Request
from playground.loopback import reset

if TYPE_CHECKING:
    from playground.discord.api.faults import Fault
    from playground.discord.api.limits import RateLimits
    from playground.discord.state.records import File
    from playground.discord.state.world import World

API = "/api/v10"
VIA = {"Via": "1.1 google"}  # without it discord.py takes a 429 for a ban by the network's edge
BODY = web.RequestKey("body", tuple)
UPLOAD_BYTES = 25 * 2**20  # of one request
TOKEN_IN_PATH = ("/webhooks/", "/interactions/")  # routes that need no bot token, outside the global limit
LOST = 599  # the log's status of a request whose connection was reset
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """The middleware that every request of the bot passes."""

    def __init__(self, world: World, *, token: str, limits: RateLimits, latency: float) -> None:
        self.world = world
        self.token = token
        self.limiter = Limiter(limits)
        self.latency = latency  # seconds of a round trip: half before, half after the request is acted on
        self.reachable = True  # when false, every request meets a broken connection
        self.faults: list[Fault] = []
        self.requests: list[Request] = []

    @web.middleware
    async def enter(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        request[BODY] = await _read(request)
        await asyncio.sleep(self.latency / 2)
        if not self.reachable:
            reset(request)
            return web.Response(status=LOST)
        response, scope = await self._judge(request, handler)
        self._note(request, response.status, scope)
        await asyncio.sleep(self.latency / 2)
        response.headers.update(VIA if response.content_type != "text/html" else {})
        return response

    async def _judge(self, request: web.Request, handler: Handler) -> tuple[web.StreamResponse, str | None]:
        """The answer and, for a 429 that the bot caused, its scope."""
        route = route_of(request)
        own_token = route.startswith(TOKEN_IN_PATH)
        if not own_token and request.headers.get("Authorization") != f"Bot {self.token}":
            return answer_json({"message": "401: Unauthorized", "code": 0}, 401), None
        major = "+".join(request.match_info.get(key, "") for key in ("channel_id", "guild_id", "token"))
        verdict = self.limiter.judge(bucket_of(request.method, route), major, counts_globally=not own_token)
        if verdict.scope:
            response: web.StreamResponse = answer_json(verdict.body, 429)
        else:
            response = await self._act(request, route, handler)
        if response.content_type != "text/html" and "X-RateLimit-Global" not in response.headers:
            response.headers.update({**verdict.headers, **response.headers})
        return response, verdict.scope

    async def _act(self, request: web.Request, route: str, handler: Handler) -> web.StreamResponse:
        fault = next((fault for fault in self.faults if fault.strikes(request.method, route)), None)
        if fault is None:
            return await _answer(request, handler)
        response = await _answer(request, handler) if fault.applied else None
        await asyncio.sleep(fault.hang)
        if fault.reset:
            reset(request)
            return web.Response(status=LOST)
        if fault.answers:
            return fault.response()
        return response or await _answer(request, handler)

    def _note(self, request: web.Request, status: int, scope: str | None) -> None:
        channel = request.match_info.get("channel_id", "")
        where = int(channel) if channel.isdecimal() else None
        body = request[BODY][0]
        done = Request(time.monotonic(), request.method, route_of(request), where, status, scope, body)
        self.requests.append(done)
        self.world.changed("request", done)


def route_of(request: web.Request) -> str:
    """The route's pattern as Discord's documentation writes it; `?` and the path where there is no such route."""
    resource = request.match_info.route.resource
    return (resource.canonical if resource else f"?{request.path}").replace(API, "")


async def _read(request: web.Request) -> tuple[Any, list[File]]:
    """The JSON of a request and the files uploaded with it."""
    if not request.content_type.startswith("multipart/"):
        data = await request.read()
        return json.loads(data) if data else {}, []
    form = await request.post()
    uploads = [part for part in form.values() if isinstance(part, web.FileField)]
    body = json.loads(str(form.get("payload_json", "{}")))
    return body, [(upload.filename, upload.file.read()) for upload in uploads]


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        response = answer_json(error.body, error.status)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(math.ceil(error.retry_after))
        return response
    except web.HTTPException as error:
        return answer_json({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)


def answer_json(data: object, status: int = 200) -> web.Response:
    """JSON with exactly the content type that discord.py looks for: no charset."""
    return web.Response(body=json.dumps(data).encode(), status=status, content_type="application/json")
