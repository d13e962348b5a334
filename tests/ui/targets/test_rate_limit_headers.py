"""What Discord's responses tell the scheduler and the writers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.ui.targets.rate_limit_headers import RateLimitTrace, bucket_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEADERS = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "4.5"}


@pytest.mark.parametrize(
    ("method", "path", "bucket"),
    [
        ("POST", "/api/v10/channels/12/messages", "create:12"),
        ("PATCH", "/api/v10/channels/12/messages/34", "edit:12"),
        ("DELETE", "/api/v10/channels/12/messages/34", "delete:12"),
        ("POST", "/api/v10/channels/12/typing", "typing:12"),
        ("POST", "/api/v10/webhooks/1/token", "create:token"),
        ("PATCH", "/api/v10/webhooks/1/token/messages/@original", "edit:token"),
        ("PATCH", "/api/v10/webhooks/1/token/messages/34", "edit:token"),
        ("GET", "/api/v10/channels/12/messages", None),
        ("POST", "/api/v10/interactions/1/token/callback", None),
    ],
)
def test_every_route_that_replies_are_written_by_has_its_bucket(method: str, path: str, bucket: str | None):
    """The buckets have the names that targets ask for."""
    assert bucket_of(method, path) == bucket


class Listener:
    """What a scheduler would be told."""

    def __init__(self) -> None:
        self.learnt: list[tuple[str, int, int, float]] = []
        self.limits: list[tuple[str | None, float]] = []

    def learn(self, name: str, *, limit: int, remaining: int, reset_after: float) -> None:
        self.learnt.append((name, limit, remaining, reset_after))

    def limited(self, name: str | None, *, retry_after: float) -> None:
        self.limits.append((name, retry_after))


@asynccontextmanager
async def traced(
    status: int, headers: dict[str, str]
) -> AsyncIterator[tuple[Listener, RateLimitTrace, aiohttp.ClientSession, str]]:
    """A server that answers everything alike, and a session that is watched."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({}, status=status, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener = Listener()
    trace = RateLimitTrace(listener)
    async with aiohttp.ClientSession(trace_configs=[trace.config]) as session:
        yield listener, trace, session, f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    await runner.cleanup()


async def test_headers_are_passed_on():
    """The scheduler learns each bucket's state from the responses themselves."""
    async with traced(200, HEADERS) as (listener, _, session, base):
        await session.patch(f"{base}/channels/12/messages/34")
        await session.get(f"{base}/users/@me")
    assert listener.learnt == [("edit:12", 5, 4, 4.5)]


@pytest.mark.parametrize(("scope", "bucket"), [("user", "edit:12"), ("global", None)])
async def test_a_429_names_the_bucket_or_everything(scope: str, bucket: str | None):
    """A limit on all requests together is told from one on a route."""
    headers = {"X-RateLimit-Scope": scope, "X-RateLimit-Reset-After": "1.5", "Retry-After": "2"}
    async with traced(429, headers) as (listener, _, session, base):
        await session.patch(f"{base}/channels/12/messages/34")
    assert listener.limits == [(bucket, 1.5)]


async def test_a_429_of_another_route_is_no_news():
    """A command that met its own limit does not slow the replies."""
    headers = {"X-RateLimit-Scope": "user", "Retry-After": "2"}
    async with traced(429, headers) as (listener, _, session, base):
        await session.get(f"{base}/channels/12/messages")
    assert listener.limits == []


async def test_a_write_is_done_when_discord_has_answered():
    """What discord.py does after the response, such as sleeping, does not hold the writer up."""
    over = asyncio.Event()

    async def call() -> None:
        await session.patch(f"{base}/channels/12/messages/34")
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    async with traced(200, HEADERS) as (_, trace, session, base):
        await asyncio.wait_for(trace.until_answered(call()), 5)
        assert not over.is_set()
        await trace.aclose()
        assert over.is_set()


async def test_a_write_that_fails_raises():
    """An answer that is no success waits for what discord.py makes of it."""

    async def call() -> None:
        async with session.patch(f"{base}/channels/12/messages/34") as response:
            response.raise_for_status()

    async with traced(500, {}) as (_, trace, session, base):
        with pytest.raises(aiohttp.ClientResponseError):
            await asyncio.wait_for(trace.until_answered(call()), 5)
