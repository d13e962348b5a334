"""What Discord's responses tell the scheduler."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from bot.core.clock import SystemClock
from bot.ui.targets.rate_limit_headers import UNTOLD_S, RateLimitTrace, bucket_of
from bot.ui.targets.requests import DISCORD_EPOCH_S, DiscordRequests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

NEW = int((4e9 - DISCORD_EPOCH_S) * 1000) << 22  # the id of a message that is not old for many years
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
        self.shared: list[bool] = []
        self.others = 0
        self.others_answered = 0

    def learn(self, name: str, *, limit: int, remaining: int, reset_after: float) -> None:
        self.learnt.append((name, limit, remaining, reset_after))

    def limited(self, name: str | None, *, retry_after: float, shared: bool = False) -> None:
        self.limits.append((name, retry_after))
        self.shared.append(shared)

    def other_sent(self) -> Callable[[], None]:
        self.others += 1

        def answered() -> None:
            self.others_answered += 1

        return answered


@asynccontextmanager
async def traced(
    status: int, headers: dict[str, str], *, page: bool = False
) -> AsyncIterator[tuple[Listener, DiscordRequests, aiohttp.ClientSession, str]]:
    """A server that answers everything alike, and a session that is watched."""

    async def answer(_: web.Request) -> web.Response:
        kind = "text/html" if page else "application/json"
        return web.Response(text="{}", status=status, headers=headers, content_type=kind)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listener = Listener()
    requests = DiscordRequests(SystemClock())
    trace = RateLimitTrace(listener, requests)
    async with aiohttp.ClientSession(trace_configs=[trace.config]) as session:
        yield listener, requests, session, f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    await runner.cleanup()


async def test_headers_are_passed_on():
    """The scheduler learns each bucket's state from the responses themselves."""
    async with traced(200, HEADERS) as (listener, _, session, base):
        await session.patch(f"{base}/channels/12/messages/34")
        await session.get(f"{base}/users/@me")
    assert listener.learnt == [("edit:12", 5, 4, 4.5)]


@pytest.mark.parametrize(
    ("scope", "bucket", "shared"),
    [("user", "edit:12", False), ("shared", "edit:12", True), ("global", None, False)],
)
async def test_a_429_names_the_bucket_or_everything(scope: str, bucket: str | None, shared: bool):
    """A limit on all requests together, one that others used up, and one of our own are told apart."""
    headers = {"X-RateLimit-Scope": scope, "Retry-After": "2"}
    async with traced(429, headers) as (listener, requests, session, base):
        await session.patch(f"{base}/channels/12/messages/{NEW}")
        assert (requests.health.held_s > 1) is (bucket is None)
    assert listener.limits == [(bucket, 2.0)]
    assert listener.shared == [shared]


@pytest.mark.parametrize(
    ("retry_after", "reset_after", "wait_s"),
    [
        ("2", "1.5", 1.5),  # the same limit, more exactly
        ("2", "2.000", 2.0),
        ("1", "0.300", 0.3),
        ("3", "0.9", 3.0),  # shared: the header speaks of our own window
        ("1", "4.2", 1.0),
        ("0.35", "4.2", 0.35),
        ("65", None, 65.0),
        (None, "1.5", 1.5),
        (None, None, UNTOLD_S),
        ("soon", "later", UNTOLD_S),
        ("-1", "nan", UNTOLD_S),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None, UNTOLD_S),
    ],
)
async def test_retry_after_is_the_truth_of_a_429(retry_after: str | None, reset_after: str | None, wait_s: float):
    """The window's end counts only where it says the same thing more exactly."""
    headers = {"X-RateLimit-Scope": "user", "Retry-After": retry_after, "X-RateLimit-Reset-After": reset_after}
    sent = {name: value for name, value in headers.items() if value is not None}
    async with traced(429, sent) as (listener, _, session, base):
        await session.post(f"{base}/channels/12/messages")
    assert listener.limits == [("create:12", wait_s)]


async def test_a_page_without_headers_holds_everything_for_longer_each_time():
    """Cloudflare bars the address, whatever the route, and seldom says for how long."""
    async with traced(429, {}, page=True) as (listener, requests, session, base):
        for _ in range(3):
            await session.get(f"{base}/users/@me")
        assert requests.health.held_s > 3 * UNTOLD_S
    assert listener.limits == [(None, UNTOLD_S), (None, 2 * UNTOLD_S), (None, 4 * UNTOLD_S)]


async def test_an_old_message_has_a_limit_of_its_own():
    """Messages over an hour old are edited rarely: a 429 there says nothing about the new ones."""
    async with traced(429, {"X-RateLimit-Scope": "user", "Retry-After": "7"}) as (listener, _, session, base):
        await session.patch(f"{base}/channels/12/messages/34")
    assert listener.limits == [("old edit:12", 7.0)]


async def test_a_message_is_old_after_an_hour():
    """By Discord's clock, a minute early to be safe; while that isn't known nothing is old."""
    now = 1_800_000_000.0
    posted = [int((now - age - DISCORD_EPOCH_S) * 1000) << 22 for age in (0, 3_530, 3_600)]
    requests = DiscordRequests(SystemClock())
    assert not any(map(requests.is_old, posted))
    for date in ("", "yesterday", format_datetime(datetime.fromtimestamp(now, UTC), usegmt=True)):
        requests.dated(date)
    assert list(map(requests.is_old, posted)) == [False, False, True]


async def test_a_429_of_another_route_is_no_news():
    """A command that met its own limit does not slow the replies."""
    headers = {"X-RateLimit-Scope": "user", "Retry-After": "2"}
    async with traced(429, headers) as (listener, _, session, base):
        await session.get(f"{base}/channels/12/messages")
    assert listener.limits == []


@pytest.mark.parametrize("value", ["", "many", "nan", "inf", "-1", "1e300"])
@pytest.mark.parametrize("header", HEADERS)
async def test_headers_that_make_no_sense_are_ignored(header: str, value: str):
    """What a proxy or another server puts there never stops a request."""
    async with traced(200, HEADERS | {header: value}) as (listener, _, session, base):
        assert (await session.patch(f"{base}/channels/12/messages/34")).status == 200
    assert listener.learnt == []


async def test_requests_that_are_no_writes_are_counted():
    """They share the limit on all routes together, but for interactions and webhooks."""
    async with traced(200, {}) as (listener, _, session, base):
        await session.get(f"{base}/channels/12/messages")
        await session.post(f"{base}/interactions/1/token/callback")
        await session.post(f"{base}/webhooks/1/token")
    assert (listener.others, listener.others_answered) == (1, 1)
