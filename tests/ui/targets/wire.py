"""discord.py's own HTTP client, and everything of ours around it, in front of a server of the test's making."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord
from aiohttp import web

from bot.core.clock import SystemClock
from bot.display.scheduler import EditScheduler
from bot.ui.targets.rate_limit_headers import RateLimitTrace
from bot.ui.targets.reply_targets import ChannelTarget
from bot.ui.targets.requests import DiscordRequests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import pytest

VIA = {"Via": "1.1 google"}  # without it discord.py takes a 429 for a ban by the network's edge
AUTHOR = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}


def message(content: str, message_id: int = 34) -> dict[str, Any]:
    """A message as Discord sends it."""
    return {
        "id": str(message_id),
        "channel_id": "12",
        "content": content,
        "author": AUTHOR,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
    }


def answer(body: object, *, status: int = 200, headers: dict[str, str] = VIA) -> web.Response:
    response = web.json_response(body, status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"  # discord.py compares it exactly
    return response


def limited(
    retry_after: float, *, scope: str = "global", code: int = 0, headers: dict[str, str] | None = None
) -> web.Response:
    """A 429."""
    told = {"Retry-After": str(retry_after), "X-RateLimit-Scope": scope}
    everywhere = {"X-RateLimit-Global": "true"} if scope == "global" else {}
    body = {"message": "Rate limited.", "retry_after": retry_after, "global": scope == "global", "code": code}
    return answer(body, status=429, headers=VIA | told | everywhere | (headers or {}))


@dataclass(frozen=True)
class Connection:
    """A bot without a gateway."""

    client: discord.Client
    requests: DiscordRequests
    scheduler: EditScheduler

    @property
    def target(self) -> ChannelTarget:
        return ChannelTarget(self.client.get_partial_messageable(12), requests=self.requests)


async def _me(_: web.Request) -> web.Response:
    return answer(AUTHOR)


@asynccontextmanager
async def connected(
    handle: Callable[[web.Request], Awaitable[web.Response]], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Connection]:
    """A bot that is logged in to a server; `handle` answers all further requests."""
    clock = SystemClock()
    scheduler = EditScheduler(clock)
    requests = DiscordRequests(clock, admit=scheduler.admit)
    trace = RateLimitTrace(scheduler, requests)
    intents = discord.Intents(guilds=True)
    client = discord.Client(intents=intents, http_trace=trace.config, max_ratelimit_timeout=30)
    app = web.Application()
    app.router.add_get("/api/users/@me", _me)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{runner.addresses[0][1]}/api")
    await client._async_setup_hook()
    await client.http.static_login("token")
    yield Connection(client, requests, scheduler)
    await requests.aclose()
    await scheduler.aclose()
    await client.http.close()
    await runner.cleanup()
