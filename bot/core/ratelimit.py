"""Discord's rate limits as seen from this end of the wire. Pure: told the time, they never look at a clock.

Discord counts in fixed windows that open when their first request arrives there. From here only the moments of
sending and of the answer are known, so everything uncertain is counted on the safe side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHRINK = 0.25  # the part of an allowance that an unexpected 429 takes away
HUNG_S = 10.0  # a request without an answer for so long is taken not to have arrived lately
CREEP = 0.02  # how fast the quickest round trip is forgotten, a part of the difference with every answer
LATE_SLOTS = 2.0  # how many slots of an even pace may be caught up after waking late


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request on its way, by identity."""

    bucket: str
    sent_at: float
    counts_globally: bool = True


class Allowance:
    """A limit that shrinks with every unexpected 429 and comes back over time.

    Args:
        limit: requests in a window.
        recovery_s: seconds in which a lost whole limit would be restored, evenly.
    """

    def __init__(self, limit: int, *, recovery_s: float) -> None:
        self.limit = limit
        self._recovery_s = recovery_s
        self._lost = 0.0
        self._lost_at = -math.inf

    def at(self, now: float) -> int:
        """How many requests a window may have now: at least one."""
        if not self._lost:
            return self.limit
        return max(1, math.floor(self.limit - self._still_lost(now)))

    def shrink(self, now: float) -> None:
        self._lost = self._still_lost(now) + max(1.0, SHRINK * self.at(now))
        self._lost = min(self._lost, self.limit - 1.0)
        self._lost_at = now

    def _still_lost(self, now: float) -> float:
        return max(0.0, self._lost - (now - self._lost_at) * self.limit / self._recovery_s) if self._lost else 0.0


class Pace:
    """Slots evenly apart, `rate` a second. Waking late does not lose them: two may be caught up."""

    def __init__(self) -> None:
        self._next = -math.inf

    def ready_at(self) -> float:
        return self._next

    def take(self, now: float, *, rate: float) -> None:
        gap = 1 / rate
        self._next = max(self._next, now - LATE_SLOTS * gap) + gap


class Bucket:
    """The window of one route in one channel.

    Its end is known from the first answer on (`X-RateLimit-Reset-After`); until then it cannot be over.
    Requests in flight when it ends may fall in the next and are counted there.
    """

    def __init__(self, limit: int, window_s: float, *, recovery_s: float) -> None:
        self._allowance = Allowance(limit, recovery_s=recovery_s)
        self._window_s = window_s
        self._in_flight: list[Request] = []
        self._used = 0
        self._opened_at = -math.inf
        self._last_at = -math.inf
        self._reset_at = -math.inf  # infinity: open, and its end not known yet

    def ready_at(self, now: float, *, spaced: bool, keep: bool) -> float:
        """When one more request may go; infinity where only an answer can tell.

        Args:
            now: monotonic seconds.
            spaced: spread what is left evenly over the rest of the window.
            keep: leave the window's last request to others until its last share (a second of 5 per 5 s).
        """
        allowed = self._allowance.at(now)
        if now >= self._reset_at:
            return now if len(self._in_flight) < allowed else math.inf
        left = allowed - self._used
        if left <= 0:
            return self._reset_at
        at, end = now, self._expected_end()
        if spaced:
            at = max(at, self._last_at + (end - self._last_at) / (left + 1))
        if keep and left == 1:
            at = max(at, end - self._window_s / self._allowance.limit)
        return at

    def send(self, request: Request) -> None:
        now = request.sent_at
        if now >= self._reset_at:
            self._opened_at, self._used, self._reset_at = now, len(self._in_flight), math.inf
        self._used += 1
        self._last_at = now
        self._in_flight.append(request)

    def answered(self, now: float) -> Request | None:
        """An answer came, presumably to the oldest request in flight."""
        return self._in_flight.pop(0) if self._in_flight else None

    def learn(self, now: float, request: Request | None, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take the headers of an answer; `request` is ours that it answers, None for somebody else's."""
        self._allowance.limit = limit
        if request is not None and request.sent_at < self._opened_at:
            return  # it may speak of the window before
        end, used = now + reset_after, limit - remaining
        if used == 1:
            self._window_s = reset_after
        if now >= self._reset_at or self._reset_at + self._window_s / 2 < end < math.inf > self._reset_at:
            self._opened_at, self._used = now, len(self._in_flight)
            self._reset_at = math.inf
        # Each answer's end is late by its way back, so the earliest is the best.
        self._reset_at = min(self._reset_at, end)
        self._used = max(self._used, used)
