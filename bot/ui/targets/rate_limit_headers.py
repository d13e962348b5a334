"""What Discord says of its rate limits, response by response, passed on to the scheduler."""

from __future__ import annotations

import asyncio
import contextvars
import re
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.display.target import WriteKind

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import SimpleNamespace

    from bot.display.scheduler import EditScheduler

# Discord's routes that replies are written by; the channel is the only major parameter of the first four.
_ROUTES = (
    ("POST", re.compile(r"/channels/(\d+)/messages$"), WriteKind.CREATE),
    ("PATCH", re.compile(r"/channels/(\d+)/messages/\d+$"), WriteKind.EDIT),
    ("DELETE", re.compile(r"/channels/(\d+)/messages/\d+$"), WriteKind.DELETE),
    ("POST", re.compile(r"/channels/(\d+)/typing$"), WriteKind.TYPING),
    ("POST", re.compile(r"/webhooks/\d+/([^/]+)$"), WriteKind.CREATE),
    ("PATCH", re.compile(r"/webhooks/\d+/([^/]+)/messages/[^/]+$"), WriteKind.EDIT),
    ("DELETE", re.compile(r"/webhooks/\d+/([^/]+)/messages/[^/]+$"), WriteKind.DELETE),
)

# In the context of a write: what to tell when its response arrives. aiohttp calls traces in the request's task.
_ANSWERED: contextvars.ContextVar[asyncio.Future[None] | None] = contextvars.ContextVar("answered", default=None)

_TELLING = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After")


def bucket(kind: WriteKind, major: int | str) -> str:
    """The name of a rate-limit bucket: the kind of write, and the channel's id or the webhook's token."""
    return f"{kind}:{major}"


def bucket_of(method: str, path: str) -> str | None:
    """The bucket that a request fell in; None for those that are no replies' writes."""
    for wanted, pattern, kind in _ROUTES:
        if method == wanted and (match := pattern.search(path)):
            return bucket(kind, match[1])
    return None


class RateLimitTrace:
    """Sees every response of Discord: tells the scheduler what its headers say, and writers that it is there."""

    def __init__(self, scheduler: EditScheduler) -> None:
        self._scheduler = scheduler
        self._sleeping: set[asyncio.Task[Any]] = set()
        self.config = aiohttp.TraceConfig()
        self.config.on_request_end.append(self._on_request_end)

    async def until_answered(self, call: Coroutine[Any, Any, Any]) -> None:
        """Make a request by discord.py and return as soon as Discord has taken it.

        Where a response uses up its rate limit, discord.py sleeps to the end of the window before it returns: up
        to five seconds in which the reply would seem to be unwritten. That sleep goes on behind the scenes.
        """
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        context = contextvars.copy_context()
        context.run(_ANSWERED.set, answered)
        task = asyncio.create_task(call, context=context)
        try:
            await asyncio.wait({task, answered}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done():
            task.result()
        else:
            self._sleeping.add(task)
            task.add_done_callback(self._sleeping.discard)

    async def aclose(self) -> None:
        """End the sleeps that are left."""
        sleeping = list(self._sleeping)
        for task in sleeping:
            task.cancel()
        await asyncio.gather(*sleeping, return_exceptions=True)

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        headers = params.response.headers
        answered = _ANSWERED.get()
        if answered is not None and params.response.ok and not answered.done():
            answered.set_result(None)
        name = bucket_of(params.method, params.url.path)
        if params.response.status == 429:  # noqa: PLR2004 - HTTP: too many requests
            everywhere = headers.get("X-RateLimit-Scope") == "global"
            if everywhere or name is not None:
                # Retry-After is in whole seconds, the other more exact where it is sent.
                seconds = headers.get("X-RateLimit-Reset-After") or headers.get("Retry-After") or "1"
                self._scheduler.limited(None if everywhere else name, retry_after=float(seconds))
        elif name is not None and all(header in headers for header in _TELLING):
            self._scheduler.learn(
                name,
                limit=int(headers["X-RateLimit-Limit"]),
                remaining=int(headers["X-RateLimit-Remaining"]),
                reset_after=float(headers["X-RateLimit-Reset-After"]),
            )
