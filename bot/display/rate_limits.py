"""Discord's rate limits as seen from this end of the wire. Pure: the time is an argument.

Discord counts in fixed windows that open when their first request arrives there. We only know when we sent it and
when its answer came, so whatever is uncertain is counted on the safe side. Times are monotonic seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SHRINK = 0.25  # share of an allowance that an unexpected 429 takes away
KEEP = 0.6  # for this part of a window's last share, its last request is kept for a final edit
SECOND_S = 1.02  # the global limit's window, and a little for differences between clocks and trips
QUIET_S = 10.0  # after so long without an unannounced request of others, writes use most of their reserve
OTHER = ""  # the bucket of requests that don't pass the scheduler
HUNG_S = 10.0  # a request unanswered for so long has arrived, or been lost, long ago
REMEMBER_S = 150.0  # the fastest round trip is that of the last one to two spans of this length
TRUST_S, TRUST_COUNT = 3.0, 10  # no round trip counts as fast before this time and so many answers
CATCH_UP = 10  # slots that may be caught up after waking late, as a busy process does


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request on its way; equal only to itself."""

    bucket: str
    sent_at: float
    counts_globally: bool = True


class Allowance:
    """A limit that shrinks at an unexpected 429 and comes back with time.

    Args:
        limit: requests in a window.
        recovery_s: seconds in which all of the limit would come back.
    """

    def __init__(self, limit: int, *, recovery_s: float) -> None:
        self.limit = limit
        self._recovery_s = recovery_s
        self._lost = 0.0
        self._lost_at = -math.inf
        self._until = -math.inf

    def at(self, now: float) -> int:
        """How many requests a window may have now: at least one."""
        return max(1, math.floor(self.limit - self._lost_by(now))) if self._lost else self.limit

    def shrink(self, now: float, *, until: float) -> None:
        """Take a quarter away; further 429s before `until` are part of the same event."""
        if now < self._until:
            return
        lost = self._lost_by(now) + max(1.0, SHRINK * self.at(now))
        self._lost, self._lost_at, self._until = min(lost, self.limit - 1.0), now, until

    def _lost_by(self, now: float) -> float:
        return max(0.0, self._lost - (now - self._lost_at) * self.limit / self._recovery_s)


class SlotPacer:
    """Slots at even distances, so many a second. Waking late loses none: a few can be caught up."""

    def __init__(self) -> None:
        self.ready_at = -math.inf

    def take(self, now: float, *, rate: float) -> None:
        self.ready_at = max(self.ready_at, now - CATCH_UP / rate) + 1 / rate


class Bucket:
    """The window of one route in one channel.

    An answer tells its end (`X-RateLimit-Reset-After`); until then it can't be over. Requests in flight when it
    ends may fall in the next one and are counted there.
    """

    def __init__(self, limit: int, window_s: float, *, recovery_s: float) -> None:
        self._allowance = Allowance(limit, recovery_s=recovery_s)
        self._window_s = window_s
        self._in_flight: set[Request] = set()
        self._used = 0
        self._opened_at = -math.inf
        self._last_at = -math.inf
        self._reset_at = -math.inf  # infinity: open, its end not known yet

    @property
    def gap_s(self) -> float:
        """The distance of requests spread evenly over a whole window."""
        return self._window_s / self._allowance.limit

    @property
    def idle_since(self) -> float:
        """When what happened here stops to matter; infinity while something is in flight."""
        return math.inf if self._in_flight else self._reset_at

    def ready_at(self, now: float, *, spaced: bool, keep: bool) -> float:
        """When one more request may go, at the earliest `now`; infinity where only an answer can tell.

        Args:
            now: the time.
            spaced: spread what the window has left evenly over the rest of it.
            keep: save the last request until the window's last share (a second, of 5 in 5 s).
        """
        allowed = self._allowance.at(now)
        if now >= self._reset_at:
            return now if len(self._in_flight) < allowed else math.inf
        left = allowed - self._used
        if left <= 0:
            return self._reset_at
        end = self._reset_at if self._reset_at < math.inf else self._opened_at + self._window_s
        kept_until = end - KEEP * self.gap_s
        if spaced:
            return max(now, self._last_at + (kept_until - self._last_at) / left)
        return max(now, kept_until) if keep and left == 1 else now

    def sent(self, request: Request) -> None:
        if request.sent_at >= self._reset_at:
            self._opened_at, self._reset_at, self._used = request.sent_at, math.inf, len(self._in_flight)
        self._last_at = request.sent_at
        self._used += 1
        self._in_flight.add(request)

    def learn(
        self, now: float, request: Request | None, *, limit: int, remaining: int, reset_after: float
    ) -> None:
        """Take in an answer's headers; `request` is the one it answers, None if that isn't ours."""
        self._allowance.limit = max(1, limit)
        # The answer to a request sent before this window opened may describe the previous one.
        if request is None or request.sent_at >= self._opened_at:
            others = len(self._in_flight) - (request in self._in_flight)
            self._take(now, used=limit - remaining, others=others, reset_after=reset_after)

    def _take(self, now: float, *, used: int, others: int, reset_after: float) -> None:
        end = now + reset_after
        if used == 1:
            self._window_s = reset_after
        if now >= self._reset_at or end > self._reset_at + self._window_s / 2:  # a window unknown until now
            self._opened_at, self._reset_at, self._used = now, math.inf, 0
            used += others
        # An answer travels, so it tells the end too late: the earliest one told is the best.
        self._reset_at = min(self._reset_at, end)
        self._used = max(self._used, used)

    def answered(self, now: float, request: Request) -> bool:
        """A request is no longer in flight; False if that was known."""
        if request not in self._in_flight:
            return False
        self._in_flight.remove(request)
        if not self._in_flight and self._reset_at == math.inf:
            # No answer is left to tell the window's end: at the latest a whole window from now.
            self._reset_at = now + self._window_s
        return True

    def withdrawn(self, request: Request) -> None:
        """A request was never sent."""
        self._in_flight.discard(request)
        self._used = max(0, self._used - 1)
        if not self._in_flight and not self._used:
            self._reset_at = -math.inf  # it was to open a window, and did not

    def limited(self, now: float, *, retry_after: float, shared: bool = False) -> None:
        """A 429: nothing more until then, and less afterwards unless others used the limit up."""
        self._reset_at = now + retry_after
        self._used = self._allowance.limit
        if not shared:
            self._allowance.shrink(now, until=self._reset_at)


class FastestTrip:
    """The fastest round trip of late, in seconds.

    It must outlast a minute in which everything is slow, or it would be too long afterwards. It is 0, the safe
    side, until there are enough answers: those to a process's first requests may all be late.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._answers = 0
        self._since = math.inf
        self._lately, self._before = math.inf, math.inf

    def add(self, now: float, trip_s: float) -> None:
        """Take in the round trip of an answer that came now."""
        self._answers += 1
        if self._answers == 1:
            self._since = now
        if now - self._since > REMEMBER_S:
            self._since, self._lately, self._before = now, math.inf, self._lately
        self._lately = min(self._lately, trip_s)
        if self._answers >= TRUST_COUNT and (self._before < math.inf or now - self._since > TRUST_S):
            self.seconds = min(self._lately, self._before)


class GlobalLimit:
    """The limit on all routes together: so many requests in any second, as the server counts.

    A request reached the server at least one way's time before its answer came, and a later one needs at least
    one way's time to get there: together at least the fastest round trip. So the two are a second apart at the
    server if the later one is sent a second, less that round trip, after the earlier one's answer. Jitter doesn't
    change that.
    """

    def __init__(self, limit: int, *, recovery_s: float, reserve: int = 0) -> None:
        """`reserve` of the `limit` is for requests that don't pass the scheduler."""
        self._allowance = Allowance(limit - reserve, recovery_s=recovery_s)
        self._reserve = reserve
        self._places: dict[Request, float] = {}  # until when each request counts
        self._paused_until = -math.inf
        self._other_at = -math.inf  # when another request last started unannounced
        self._pace = SlotPacer()
        self._fastest = FastestTrip()

    def ready_at(self, now: float) -> float:
        """When one more request may go, at the earliest `now`; other requests use up the reserve first."""
        counted = self._counted(now)
        others = sum(request.bucket == OTHER for request in self._places)
        unneeded = max(self._unneeded(now), min(self._reserve, others))
        return self._opens_at(now, counted, self._allowance.at(now) + unneeded)

    def other_ready_at(self, now: float) -> float:
        """The same for a request that doesn't pass the scheduler, which may use the reserve."""
        return self._opens_at(now, self._counted(now), self._allowance.at(now) + self._reserve)

    def _unneeded(self, now: float) -> int:
        """How much of the reserve writes may use: where others are rare, one place is enough for them."""
        return max(0, self._reserve - 1) if now >= self._other_at + QUIET_S else 0

    def _opens_at(self, now: float, counted: list[float], allowed: int) -> float:
        at = max(now, self._paused_until)
        return max(at, sorted(counted)[len(counted) - allowed]) if len(counted) >= allowed else at

    @property
    def slot_at(self) -> float:
        """The next slot of an even pace, which soon leaves a place for what can't wait."""
        return self._pace.ready_at

    def idle(self, now: float, *, beside: int = 0) -> bool:
        """Is more than half of everything free, and enough for one request `beside` so many others?"""
        counted, allowed = len(self._counted(now)), self._allowance.at(now)
        return now >= self._paused_until and 2 * counted < allowed and counted + 1 + beside <= allowed

    def sent(self, request: Request, *, paced: bool) -> None:
        self._places[request] = request.sent_at + HUNG_S
        if paced:
            now = request.sent_at  # the pace leaves one more place a second to what can't wait
            self._pace.take(now, rate=self._allowance.at(now) + max(0, self._unneeded(now) - 1))

    def other_sent(self, request: Request, *, announced: bool) -> None:
        """Another request starts; it may have been `announced` by asking `other_ready_at` before."""
        self.sent(request, paced=False)
        if not announced:
            self._other_at = request.sent_at

    def answered(self, now: float, request: Request) -> None:
        self._fastest.add(now, now - request.sent_at)
        self._places[request] = now + SECOND_S - self._fastest.seconds

    def withdrawn(self, request: Request) -> None:
        """A request was never sent."""
        self._places.pop(request, None)

    def limited(self, now: float, *, retry_after: float, shared: bool = False) -> None:
        """A 429: nothing more until then, and less afterwards unless others used the limit up."""
        self._paused_until = max(self._paused_until, now + retry_after)
        if not shared:
            self._allowance.shrink(now, until=max(self._paused_until, now + SECOND_S))

    def _counted(self, now: float) -> list[float]:
        if any(until <= now for until in self._places.values()):
            self._places = {request: until for request, until in self._places.items() if until > now}
        return list(self._places.values())
