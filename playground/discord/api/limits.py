"""Discord's rate limits: a window for each route and major parameter, and one over everything."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from hashlib import md5

from playground.discord.state.rules import Rate, Window

WRITES = {"create", "edit", "delete"}
SHARED = "The write action you are performing on the channel has hit the write rate limit."


@dataclass(slots=True, kw_only=True)
class RateLimits:
    """Requests and seconds. The first figures are what bots commonly see, `everything` is documented.

    `shared` is what everybody in a channel has together; a bot learns of it only by being refused.
    """

    create: Rate = (5, 5.0)
    edit: Rate = (5, 5.0)
    typing: Rate = (5, 5.0)
    delete: Rate = (5, 1.0)
    webhook: Rate = (5, 2.0)
    reaction: Rate = (1, 0.25)
    other: Rate = (50, 1.0)
    everything: Rate = (50, 1.0)
    shared: Rate | None = None


@dataclass(slots=True)
class Verdict:
    """What the limits say of one request: the headers to send and, for a 429, its scope and seconds to wait."""

    headers: dict[str, str]
    scope: str | None = None
    retry_after: float = 0.0

    @property
    def body(self) -> dict[str, object]:
        """What a refusal says."""
        if self.scope == "shared":
            said = {"message": SHARED, "code": 20028}
        else:
            said = {"message": "You are being rate limited.", "code": 0}
        return {**said, "retry_after": self.retry_after, "global": self.scope == "global"}


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
        if not allowed:
            return _refusal("user", window.ends - now, headers)
        return self._judge_shared(bucket, major, now, headers)

    def _judge_shared(self, bucket: str, major: str, now: float, headers: dict[str, str]) -> Verdict:
        """The limit that others use up as well: its end is in `Retry-After`, the headers tell of the bot's own."""
        if self.limits.shared is None or bucket not in WRITES:
            return Verdict(headers)
        together = self._window("shared", major)
        return Verdict(headers) if together.take(now) else _refusal("shared", together.ends - now, headers)

    def _window(self, bucket: str, major: str) -> Window:
        rate: Rate = getattr(self.limits, bucket, None) or self.limits.other
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
        ("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"): "reaction",
    }.get((method, route), f"{method} {route}")


def _refusal(scope: str, after: float, headers: dict[str, str]) -> Verdict:
    more = {"Retry-After": str(math.ceil(after)), "X-RateLimit-Scope": scope}
    return Verdict(headers | more, scope, _ceil(after))


def _ceil(seconds: float) -> float:
    """Whole milliseconds, never too few."""
    return math.ceil(seconds * 1000) / 1000
