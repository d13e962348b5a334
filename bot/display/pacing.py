"""The pacing policy: which write goes next, and when. Pure: the time is an argument."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from bot.display.rate_limits import OTHER, Bucket, GlobalLimit, Request, SlotPacer
from bot.display.target import WriteKind

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")
OLD_EDIT = "old edit"  # the kind, in a bucket's name, of edits to messages over an hour old
IDLE_S = 300.0  # after so long without use a bucket is forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The one write that a display would make now. Times are monotonic seconds.

    Attributes:
        kind: what the write does; only edits are spread evenly over their window.
        bucket: the key of its rate limit.
        since: when the oldest thing not yet shown arrived; the oldest is served first.
        urgent: the first text, or any write once the reply has ended: served before the others, never spread.
        final: the last write of a reply; may use the request that every window of edits keeps for it.
        counts_globally: False outside Discord's limit on all routes together (interaction webhooks).
        not_before: when it may be tried again after a failure.
        optional: sent at once or not at all, and only where it takes nothing from a first text that may come.
    """

    kind: WriteKind
    bucket: str
    since: float
    urgent: bool = False
    final: bool = False
    counts_globally: bool = True
    not_before: float = 0.0
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordLimits:
    """What we assume of Discord until its answers say better.

    Attributes:
        bucket_limit: requests in one window of a bucket (commonly 5).
        bucket_window_s: the length of that window, in seconds (commonly 5).
        old_edit_limit: edits of messages over an hour old in one window (error 30046; reported: 3 in 20 s).
        old_edit_window_s: the length of that window, in seconds.
        global_limit: requests a second of all routes together (Discord's documentation: 50).
        global_reserve: how many of these are left to everything that does not go through the scheduler.
        outside_rate: regular writes a second outside the global limit, about what one process sends with ease.
        recovery_s: seconds in which a limit that 429s had shrunk to nothing would be whole again.
    """

    bucket_limit: int = 5
    bucket_window_s: float = 5.0
    old_edit_limit: int = 3
    old_edit_window_s: float = 20.0
    global_limit: int = 50
    global_reserve: int = 3
    outside_rate: float = 100.0
    recovery_s: float = 60.0


class Pacer:
    """The write budgets, and the one rule that spends them."""

    def __init__(self, limits: DiscordLimits) -> None:
        self._limits = limits
        self._buckets: dict[str, Bucket] = {}
        self._global = GlobalLimit(
            limits.global_limit, reserve=limits.global_reserve, recovery_s=limits.recovery_s
        )
        self._outside = SlotPacer()
        self._checked_at = -math.inf

    # --- The rule ---

    def choose(self, now: float, candidates: Mapping[T, Wanted]) -> tuple[T | None, float]:
        """Who writes now and, if nobody may, when to look again.

        Of those that the limits permit: the urgent first, then the one whose oldest unseen text is oldest. The
        time is infinity where only an answer or another candidate can change anything.
        """
        gates = self._gates(now)
        chosen, rank, again_at = None, (True, math.inf), math.inf
        for candidate, wanted in candidates.items():
            at = max(gates[wanted.counts_globally, wanted.urgent], self._bucket_ready_at(now, wanted))
            if at > now:
                again_at = min(again_at, at)
            elif chosen is None or (not wanted.urgent, wanted.since) < rank:
                chosen, rank = candidate, (not wanted.urgent, wanted.since)
        return chosen, again_at

    def ready_at(self, now: float, wanted: Wanted) -> float:
        """When the limits permit a write, at the earliest `now`; infinity where only an answer can tell."""
        gate = self._gates(now)[wanted.counts_globally, wanted.urgent]
        return max(gate, self._bucket_ready_at(now, wanted))

    def spaced(self, wanted: Wanted, *, created_at: float) -> Wanted:
        """The same write, but a regular edit keeps its distance from the display's last new message."""
        if wanted.kind is not WriteKind.EDIT or wanted.urgent:
            return wanted
        earliest = created_at + self._bucket(wanted.bucket).gap_s
        return wanted if earliest <= wanted.not_before else replace(wanted, not_before=earliest)

    def idle(self, now: float, wanted: Wanted, *, first_texts: int = 0) -> bool:
        """Is there room for an optional write beside the first texts that may come at any moment?"""
        if self._bucket_ready_at(now, wanted) > now:
            return False
        return not wanted.counts_globally or self._global.idle(now, beside=first_texts)

    def _gates(self, now: float) -> dict[tuple[bool, bool], float]:
        """When the limits on all buckets together permit a write, by `counts_globally` and `urgent`."""
        within = self._global.ready_at(now)
        return {
            (True, True): within,
            (True, False): max(within, self._global.slot_at),
            (False, True): now,
            (False, False): max(now, self._outside.ready_at),
        }

    def _bucket_ready_at(self, now: float, wanted: Wanted) -> float:
        earliest = max(now, wanted.not_before)
        bucket = self._buckets.get(wanted.bucket)
        if bucket is None:
            return earliest
        edit = wanted.kind is WriteKind.EDIT
        return bucket.ready_at(earliest, spaced=edit and not wanted.urgent, keep=edit and not wanted.final)

    # --- What it is told ---

    def sent(self, now: float, wanted: Wanted) -> Request:
        """Spend what a write costs; call `answered` when it is over, or `withdrawn` if it was never sent."""
        self._forget_idle(now)
        request = Request(wanted.bucket, now, wanted.counts_globally)
        self._bucket(wanted.bucket).sent(request)
        paced = not (wanted.urgent or wanted.optional)
        if wanted.counts_globally:
            self._global.sent(request, paced=paced)
        elif paced:
            self._outside.take(now, rate=self._limits.outside_rate)
        return request

    def other_ready_at(self, now: float) -> float:
        """When a request that is no display's write may go, at the earliest `now`."""
        return self._global.other_ready_at(now)

    def other_sent(self, now: float, *, announced: bool = False) -> Request:
        """A request starts that is no display's write, and counts in the limit on all routes together."""
        request = Request(OTHER, now)
        self._global.other_sent(request, announced=announced)
        return request

    def other_answered(self, now: float, request: Request) -> None:
        self._global.answered(now, request)

    def learn(
        self, now: float, bucket: str, request: Request | None, *, limit: int, remaining: int, reset_after: float
    ) -> None:
        """An answer came with these headers (`reset_after` in seconds), to `request` or to another program's."""
        window = self._bucket(bucket)
        window.learn(now, request, limit=limit, remaining=remaining, reset_after=reset_after)
        if request:
            self.answered(now, request)

    def answered(self, now: float, request: Request) -> None:
        """A request is over, whatever came of it. Does nothing the second time."""
        if self._bucket(request.bucket).answered(now, request) and request.counts_globally:
            self._global.answered(now, request)

    def withdrawn(self, request: Request) -> None:
        """Nothing was sent after all: give back what it cost."""
        self._bucket(request.bucket).withdrawn(request)
        if request.counts_globally:
            self._global.withdrawn(request)

    def limited(self, now: float, bucket: str | None, *, retry_after: float, shared: bool = False) -> None:
        """A 429 came, for one bucket or (None) for all routes together; `retry_after` in seconds."""
        limit = self._global if bucket is None else self._bucket(bucket)
        limit.limited(now, retry_after=retry_after, shared=shared)

    def _bucket(self, key: str) -> Bucket:
        if key not in self._buckets:
            limits = self._limits
            old = key.startswith(f"{OLD_EDIT}:")
            limit = limits.old_edit_limit if old else limits.bucket_limit
            window_s = limits.old_edit_window_s if old else limits.bucket_window_s
            self._buckets[key] = Bucket(limit, window_s, recovery_s=limits.recovery_s)
        return self._buckets[key]

    def _forget_idle(self, now: float) -> None:
        if now < self._checked_at + IDLE_S:
            return
        self._checked_at = now
        self._buckets = {key: b for key, b in self._buckets.items() if b.idle_since > now - IDLE_S}
