"""What Discord says of its rate limits, response by response, passed on to the scheduler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from bot.core.messages import WriteKind

if TYPE_CHECKING:
    from types import SimpleNamespace

    from bot.core.scheduler import EditScheduler

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
    """Tells the scheduler what the headers of every response of Discord say."""

    def __init__(self, scheduler: EditScheduler) -> None:
        self._scheduler = scheduler
        self.config = aiohttp.TraceConfig()
        self.config.on_request_end.append(self._on_request_end)

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        headers = params.response.headers
        name = bucket_of(params.method, params.url.path)
        if params.response.status == 429:  # noqa: PLR2004 - HTTP: too many requests
            scope = headers.get("X-RateLimit-Scope", "")
            self._scheduler.limited(
                None if scope == "global" else name, retry_after=float(headers.get("Retry-After", 1))
            )
        elif name is not None and "X-RateLimit-Remaining" in headers:
            self._scheduler.learn(
                name,
                limit=int(headers["X-RateLimit-Limit"]),
                remaining=int(headers["X-RateLimit-Remaining"]),
                reset_after=float(headers["X-RateLimit-Reset-After"]),
            )
