"""Discord's rate limits: a window for each route and major parameter, and one over everything."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from hashlib import md5

Rate = tuple[int, float]  # so many requests in so many seconds


@dataclass(slots=True, kw_only=True)
class RateLimits:
    """Requests and seconds. The first figures are what bots commonly see, `everything` is documented."""

    create: Rate = (5, 5.0)
    edit: Rate = (5, 5.0)
    typing: Rate = (5, 5.0)
    delete: Rate = (5, 1.0)
    webhook: Rate = (5, 2.0)
    other: Rate = (50, 1.0)
    everything: Rate = (50, 1.0)


@dataclass(slots=True)
class Window:
    """Opens with the first request after the last window ended; its end does not move."""

    limit: int
    seconds: float
    used: int = 0
    ends: float = -math.inf

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.used, self.ends = 0, now + self.seconds
        self.used += 1
        return self.used <= self.limit


@dataclass(slots=True)
class Verdict:
    """What the limits say of one request: the headers to send and, for a 429, its scope and seconds to wait."""

    headers: dict[str, str]
    scope: str | None = None
    retry_after: float = 0.0


@dataclass(slots=True)
class Limiter:
    limits: RateLimits
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def judge(self, bucket: str, major: str, *, counts_globally: bool) -> Verdict:
        """Take a place for a request in `bucket` (see `bucket_of`; empty: no limit of its own)."""
        now = time.monotonic()
        everything = self._window("everything", "")
        if counts_globally and not everything.take(now):
            return _refusal("global", everything.ends - now, {"X-RateLimit-Global": "true"})
        if not bucket:
            return Verdict({})
        window = self._window(bucket, major)
        allowed = window.take(now)
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(max(0, window.limit - window.used)),
            "X-RateLimit-Reset": f"{time.time() + window.ends - now:.3f}",
            "X-RateLimit-Reset-After": f"{_ceil(window.ends - now):.3f}",
            "X-RateLimit-Bucket": md5(bucket.encode(), usedforsecurity=False).hexdigest(),
        }
        return Verdict(headers) if allowed else _refusal("user", window.ends - now, headers)

    def _window(self, bucket: str, major: str) -> Window:
        rate: Rate = getattr(self.limits, bucket, self.limits.other)
        return self.windows.setdefault((bucket, major), Window(*rate))


def bucket_of(method: str, route: str) -> str:
    """The name of the limit that a route falls under; of `RateLimits` or, each by itself, `other`."""
    if route.startswith(("/interactions/", "/webhooks/")):
        return "" if route.startswith("/interactions/") else "webhook"
    return {
        ("POST", "/channels/{channel_id}/messages"): "create",
        ("PATCH", "/channels/{channel_id}/messages/{message_id}"): "edit",
        ("DELETE", "/channels/{channel_id}/messages/{message_id}"): "delete",
        ("POST", "/channels/{channel_id}/typing"): "typing",
    }.get((method, route), f"{method} {route}")


def _refusal(scope: str, after: float, headers: dict[str, str]) -> Verdict:
    more = {"Retry-After": str(math.ceil(after)), "X-RateLimit-Scope": scope}
    return Verdict(headers | more, scope, _ceil(after))


def _ceil(seconds: float) -> float:
    """Whole milliseconds, never too few."""
    return math.ceil(seconds * 1000) / 1000
