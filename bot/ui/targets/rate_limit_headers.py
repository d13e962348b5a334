"""What Discord says about its rate limits, response by response, passed on to the scheduler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from bot.display.pacing import OLD_EDIT
from bot.display.target import WriteKind
from bot.ui.targets.refusals import TOO_MANY_REQUESTS, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import SimpleNamespace

    from bot.display.scheduler import EditScheduler
    from bot.ui.targets.requests import DiscordRequests

# Discord's routes that replies are written by; the channel is the only major parameter of the first four.
_ROUTES = (
    ("POST", re.compile(r"/channels/(\d+)/messages$"), WriteKind.CREATE),
    ("PATCH", re.compile(r"/channels/(\d+)/messages/(\d+)$"), WriteKind.EDIT),
    ("DELETE", re.compile(r"/channels/(\d+)/messages/\d+$"), WriteKind.DELETE),
    ("POST", re.compile(r"/channels/(\d+)/typing$"), WriteKind.TYPING),
    ("POST", re.compile(r"/webhooks/\d+/([^/]+)$"), WriteKind.CREATE),
    ("PATCH", re.compile(r"/webhooks/\d+/([^/]+)/messages/[^/]+$"), WriteKind.EDIT),
    ("DELETE", re.compile(r"/webhooks/\d+/([^/]+)/messages/[^/]+$"), WriteKind.DELETE),
)
_NOT_GLOBAL = re.compile(r"/(?:webhooks|interactions)/\d+/")  # outside the limit on all routes together
_TELLING = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset-After")
UNTOLD_S, UNTOLD_CAP_S = 10.0, 300.0  # the wait after a 429 that names none: at first, at most


def bucket(kind: WriteKind | str, major: int | str) -> str:
    """The name of a rate-limit bucket: the kind of write, and the channel's id or the webhook's token."""
    return f"{kind}:{major}"


def bucket_of(method: str, path: str) -> str | None:
    """The bucket that a request falls in; None for those that write no reply."""
    for wanted, pattern, kind in _ROUTES:
        if method == wanted and (match := pattern.search(path)):
            return bucket(kind, match[1])
    return None


def wait_of(headers: Mapping[str, str]) -> float | None:
    """The seconds that a 429 says to wait; None if it says nothing.

    `Retry-After` is the truth. `X-RateLimit-Reset-After` is more exact where it rounds up to it, and speaks of
    another limit where it doesn't.
    """
    told, exact = seconds(headers.get("Retry-After")), seconds(headers.get("X-RateLimit-Reset-After"))
    if told is None or (exact is not None and told - 1 < exact <= told):
        return exact
    return told


class RateLimitTrace:
    """Sees every request to Discord: tells the scheduler what the answers' headers say, and who got an answer."""

    def __init__(self, scheduler: EditScheduler, requests: DiscordRequests) -> None:
        self._scheduler = scheduler
        self._requests = requests
        self._untold_s = UNTOLD_S
        self.config = aiohttp.TraceConfig()
        self.config.on_request_start.append(self._on_request_start)
        self.config.on_request_end.append(self._on_request_end)
        self.config.on_request_exception.append(self._on_request_exception)

    async def _on_request_start(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        is_gateway = params.url.scheme in {"ws", "wss"}
        apart = is_gateway or _NOT_GLOBAL.search(params.url.path)
        context.counted = None if apart else self._scheduler.other_sent()

    async def _on_request_exception(
        self,
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if context.counted:
            context.counted()

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        response, path = params.response, params.url.path
        if context.counted:
            context.counted()
            self._requests.heard()
            self._requests.dated(response.headers.get("Date", ""))
        if response.ok:
            self._untold_s = UNTOLD_S
            self._requests.taken()
        name = bucket_of(params.method, path)
        if response.status == TOO_MANY_REQUESTS:
            edited = _ROUTES[1][1].search(path) if params.method == "PATCH" else None
            if edited and self._requests.is_old(int(edited[2])):
                name = bucket(OLD_EDIT, edited[1])
            self._limited(name, response.headers)
        elif name is not None and all(header in response.headers for header in _TELLING):
            self._learn(name, response.headers)

    def _limited(self, name: str | None, headers: Mapping[str, str]) -> None:
        told, scope = wait_of(headers), headers.get("X-RateLimit-Scope")
        # The page by which Cloudflare bars an address: it has none of Discord's headers, often not even a time.
        is_edge = scope is None and "json" not in headers.get("Content-Type", "")
        wait_s = self._untold_s if told is None else told
        if told is None:
            self._untold_s = min(UNTOLD_CAP_S, 2 * self._untold_s)
        if scope == "global" or "X-RateLimit-Global" in headers or is_edge:
            self._requests.held(retry_after=wait_s)
            self._scheduler.limited(None, retry_after=wait_s)
        elif name is not None:
            self._scheduler.limited(name, retry_after=wait_s, shared=scope == "shared")

    def _learn(self, name: str, headers: Mapping[str, str]) -> None:
        limit, remaining, reset_after = (seconds(headers[header]) for header in _TELLING)
        if limit is not None and remaining is not None and reset_after is not None:
            self._scheduler.learn(name, limit=int(limit), remaining=int(remaining), reset_after=reset_after)
