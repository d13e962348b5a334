"""Every write that shows a reply passes through here; the text that has waited longest goes first."""

from __future__ import annotations

import asyncio
import logging
import math
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

from bot.core.telemetry.meter import LIMITED, STALENESS, UNMETERED, WRITES
from bot.core.telemetry.trail import trail
from bot.display.pacing import DiscordLimits, Pacer, Wanted
from bot.display.target import WriteKind

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.core.ports import Clock
    from bot.core.telemetry.meter import Meter
    from bot.display.rate_limits import Request

log = logging.getLogger(__name__)
TICK_S = 0.001  # the shortest wait, so that rounding never makes a busy loop
LOOK_S = 0.1  # how often a request that waits for room looks again, since answers make room
GRACE_S = 2.0  # for writes in flight when the scheduler closes

_request: ContextVar[Request | None] = ContextVar("request", default=None)  # the one the running write makes


def _nothing() -> None:
    pass


class Display(Protocol):
    """What one reply shows. Compared by identity and referenced weakly, so an ordinary class."""

    def wanted(self) -> Wanted | None:
        """The write it would make now, None when everything is shown. Called often, so cheap and pure."""
        ...

    async def write(self, kind: WriteKind) -> bool:
        """Make a write of this kind with the newest text; False if there is nothing left to write.

        The budget has paid for this kind and no other. Handles every failure itself. Only one write runs at a
        time, except typing indicators, which nothing waits for.
        """
        ...


class EditScheduler:
    """Gives every request that Discord's limits permit to the display whose oldest unseen text is oldest.

    There is no queue of edits: a display wants a write or not, and decides at the last moment what to write.
    Nothing runs while nobody wants a write. Belongs to one event loop.
    """

    def __init__(self, clock: Clock, limits: DiscordLimits | None = None, *, meter: Meter = UNMETERED) -> None:
        self._clock = clock
        self._meter = meter
        self._pacer = Pacer(limits or DiscordLimits())
        self._waiting: dict[Display, Wanted] = {}
        self._writing: dict[Display, asyncio.Task[None]] = {}
        self._created_at: WeakKeyDictionary[Display, float] = WeakKeyDictionary()
        self._before_text: WeakSet[Display] = WeakSet()  # their first text may come at any moment
        self._typing: WeakSet[Display] = WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._admitting = asyncio.Lock()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf
        self._closed = False

    def mark(self, display: Display) -> None:
        """A display may want something new. Cheap: call it as often as you like.

        An optional write is sent at once or, where room is short, not at all: mark again for another chance.
        """
        if self._closed or display in self._writing:
            return  # it is asked again when its write is over
        wanted = self._ask(display)
        if wanted is None or wanted.optional:
            self._waiting.pop(display, None)
            if wanted and self._has_room_for(display, wanted):
                self._start(display, wanted)
        elif self._alarm is None or self._waiting.get(display) != wanted:
            self._waiting[display] = wanted
            self._wake_by(self._pacer.ready_at(self._clock.monotonic(), wanted))

    def forget(self, display: Display) -> None:
        """Nothing more is wanted of a display, ever. A write in flight ends by itself."""
        self._waiting.pop(display, None)
        self._writing.pop(display, None)
        self._before_text.discard(display)

    def learn(self, bucket: str, *, limit: int, remaining: int, reset_after: float) -> None:
        """Take in the rate-limit headers of an answer as soon as it arrives; `reset_after` is in seconds.

        Called from within a display's `write`, the answer counts as that write's. discord.py may keep the write
        until its window is over; for the budgets it is over now.
        """
        now, request = self._clock.monotonic(), _request.get()
        if request and request.bucket != bucket:
            request = None
        self._pacer.learn(now, bucket, request, limit=limit, remaining=remaining, reset_after=reset_after)
        self._wake_by(now)

    def other_sent(self) -> Callable[[], None]:
        """A request starts that counts in the limit on all routes together; call the result when it's over.

        Does nothing from within a display's `write`: that request is counted already.
        """
        if _request.get() is not None:
            return _nothing
        request = self._pacer.other_sent(self._clock.monotonic())
        return lambda: self._other_answered(request)

    async def admit(self) -> Callable[[], None]:
        """Wait until a request that is no display's write fits in, and count it; call the result when it's over.

        The request has to start, in a task of its own, before that call.
        """
        async with self._admitting:  # first come, first served
            while (at := self._pacer.other_ready_at(now := self._clock.monotonic())) > now:
                await self._clock.sleep(min(LOOK_S, max(TICK_S, at - now)))
            request = self._pacer.other_sent(now, announced=True)
        token = _request.set(request)  # so that it isn't counted again when it starts

        def over() -> None:
            _request.reset(token)
            self._other_answered(request)

        return over

    def _other_answered(self, request: Request) -> None:
        now = self._clock.monotonic()
        self._pacer.other_answered(now, request)
        self._wake_by(now)  # what waits was told a later time while no answer was there

    def limited(self, bucket: str | None, *, retry_after: float, shared: bool = False) -> None:
        """A 429 came, for one bucket or (None) for all routes together; `retry_after` is in seconds.

        Nothing more goes until then. After that the budget is smaller and recovers within a minute, except where
        the limit is `shared`: then others used it up, and pacing ourselves tighter would not help.
        """
        self._meter.count(LIMITED, scope="shared" if shared else "bucket" if bucket else "global")
        log.warning("429 from Discord (%s): waiting %.2f s", bucket or "global", retry_after)
        self._pacer.limited(self._clock.monotonic(), bucket, retry_after=retry_after, shared=shared)

    async def aclose(self) -> None:
        """Start nothing more; writes in flight get two seconds to end, then nobody waits for them."""
        self._closed = True
        self._waiting.clear()
        if self._alarm:
            self._alarm.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ask(self, display: Display) -> Wanted | None:
        try:
            wanted = display.wanted()
        except Exception:
            log.exception("A display failed to say what it wants")
            return None
        if wanted and wanted.optional:
            self._before_text.add(display)
        else:
            self._before_text.discard(display)
        return wanted and self._pacer.spaced(wanted, created_at=self._created_at.get(display, -math.inf))

    def _has_room_for(self, display: Display, wanted: Wanted) -> bool:
        if wanted.kind is WriteKind.TYPING and display in self._typing:
            return False
        return self._pacer.idle(self._clock.monotonic(), wanted, first_texts=len(self._before_text))

    def _wake_by(self, at: float) -> None:
        """Make sure that `_serve` runs at this time or sooner: there is one alarm, moved forward where needed."""
        if self._closed or not self._waiting or at >= self._alarm_at:
            return
        if self._alarm:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self._own(self._serve_at(at))

    async def _serve_at(self, at: float) -> None:
        trail.set(None)  # it serves all replies, whichever set it
        wait_s = at - self._clock.monotonic()
        await self._clock.sleep(max(TICK_S, wait_s) if wait_s > 0 else 0)
        self._alarm, self._alarm_at = None, math.inf
        self._serve()

    def _serve(self) -> None:
        """Start every write that may go now, and set the alarm for the next."""
        now = self._clock.monotonic()
        while True:
            choice = self._pacer.choose(now, self._waiting)
            display, again_at = choice
            if display is None:
                break
            wanted = self._ask(display)  # again: what it said when it was marked may be out of date
            if wanted and self._pacer.ready_at(now, wanted) > now:
                self._waiting[display] = wanted
                continue
            del self._waiting[display]
            if wanted:
                self._start(display, wanted)
        self._wake_by(again_at)

    def _start(self, display: Display, wanted: Wanted) -> None:
        now = self._clock.monotonic()
        request = self._pacer.sent(now, wanted)
        if wanted.kind is WriteKind.CREATE:
            self._created_at[display] = now
        elif wanted.kind is WriteKind.TYPING:
            self._typing.add(display)
        task = self._own(self._write(display, wanted, request))
        if wanted.kind is not WriteKind.TYPING:
            self._writing[display] = task

    async def _write(self, display: Display, wanted: Wanted, request: Request) -> None:
        kind = wanted.kind
        _request.set(request)
        sent = True
        try:
            sent = await display.write(kind)
        except Exception:
            log.exception("A display failed to write")
        finally:
            now = self._clock.monotonic()
            if sent:
                self._pacer.answered(now, request)
                self._measure(wanted, now)
            else:
                self._pacer.withdrawn(request)
        if kind is WriteKind.TYPING:
            self._typing.discard(display)
        if self._writing.get(display) is asyncio.current_task():
            del self._writing[display]
            self.mark(display)
        self._wake_by(now)

    def _measure(self, wanted: Wanted, now: float) -> None:
        self._meter.count(WRITES, kind=wanted.kind)
        if wanted.kind in (WriteKind.CREATE, WriteKind.EDIT):
            self._meter.observe(STALENESS, now - wanted.since)

    @property
    def waiting(self) -> int:
        """How many displays want a write that the limits don't permit yet."""
        return len(self._waiting)

    def _own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._disown)
        return task

    def _disown(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("The edit scheduler met a bug", exc_info=error)
