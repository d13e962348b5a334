"""Faults that a test or the page orders for requests."""

from __future__ import annotations

import fnmatch
import json
import math
from dataclasses import dataclass, field

from aiohttp import web

# What the network's edge sends to an address that it blocks for a while.
EDGE_PAGE = "<!DOCTYPE html><title>Access denied | discord.com used Cloudflare to restrict access</title>"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with the next `times` requests that match, or with every `every`th of them.

    Without `status`, `reset` or `edge` a request is only slow: it hangs, then all goes well.
    """

    method: str  # both are patterns, as `PATCH`, `*`, `/channels/*/messages`
    route: str
    times: int | None = 1  # None: always
    every: int = 1
    status: int = 0
    code: int = 0
    message: str = "The playground was told to fail."
    retry_after: float | None = None  # seconds, of a 429
    scope: str = ""  # of a 429: user, global or shared
    headers: dict[str, str] = field(default_factory=dict)
    edge: bool = False  # the page of the network's edge: a 429 without any of Discord's headers
    reset: bool = False
    hang: float = 0.0  # seconds
    applied: bool = False  # the write happens, though the answer is lost
    seen: int = 0

    def strikes(self, method: str, route: str) -> bool:
        if self.times == 0 or not fnmatch.fnmatch(method, self.method) or not fnmatch.fnmatch(route, self.route):
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.times = None if self.times is None else self.times - 1
        return True

    @property
    def answers(self) -> bool:
        """Whether it answers in Discord's place."""
        return bool(self.status or self.edge)

    def response(self) -> web.Response:
        if self.edge:
            return web.Response(status=429, text=EDGE_PAGE, content_type="text/html")
        body: dict[str, object] = {"message": self.message, "code": self.code}
        headers = dict(self.headers)
        if self.retry_after is not None:
            body |= {"retry_after": self.retry_after, "global": self.scope == "global"}
            headers = {"Retry-After": str(math.ceil(self.retry_after)), **headers}
        headers |= {"X-RateLimit-Scope": self.scope} if self.scope else {}
        headers |= {"X-RateLimit-Global": "true"} if self.scope == "global" else {}
        data = json.dumps(body).encode()
        return web.Response(status=self.status, body=data, content_type="application/json", headers=headers)
