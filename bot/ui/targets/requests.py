"""Requests to Discord that the bot waits for only so long: the wait ends, the request goes on.

discord.py keeps state for the whole process while it sleeps inside a request: after a global 429 it closes a gate
for everybody, sleeps, and opens it again. Cancelled in that sleep, it never opens the gate, and no request goes
out until a restart. So nothing here cancels a request.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.units import DISCORD_EPOCH_S, HOUR_S, MINUTE_S
from bot.ui.targets.failures import reason
from bot.ui.targets.refusals import HeldError, Refusals

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from bot.core.ports import Clock

T = TypeVar("T")
log = logging.getLogger(__name__)

WRITE_TIMEOUT_S = 20.0  # inside a call, discord.py waits for the end of a rate-limit window, usually 5 s
OLD_S = HOUR_S - MINUTE_S  # from then on Discord limits a message's edits more strictly; a minute to be safe

# In the context of a request: what to tell when its response arrives. aiohttp calls traces in the request's task.
_TAKEN: contextvars.ContextVar[asyncio.Future[None] | None] = contextvars.ContextVar("taken", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHealth:
    """Whether Discord answers; times are in seconds.

    Attributes:
        outstanding: requests that nobody has answered yet.
        waiting_s: how long the oldest of them has waited; 0 without any.
        silent_s: how long ago Discord answered anything.
        held_s: how long Discord asked the bot to send nothing.
    """

    outstanding: int
    waiting_s: float
    silent_s: float
    held_s: float

    def is_mute(self, *, after_s: float) -> bool:
        """Whether requests wait, and nothing has been answered for so long without a reason that we know."""
        return not self.held_s and min(self.waiting_s, self.silent_s) >= after_s


class DiscordRequests:
    """Starts requests, waits for them, and knows how they fare. Belongs to one event loop."""

    def __init__(
        self,
        clock: Clock,
        *,
        admit: Callable[[], Awaitable[Callable[[], None]]] | None = None,
        on_busy: Callable[[], None] = lambda: None,
    ) -> None:
        """`admit` waits until something may be read, and returns what to call when that is over.

        `on_busy` is called when a request begins and no other is outstanding.
        """
        self._admit = admit
        self.refusals = Refusals()
        self.idle = asyncio.Event()  # no request is outstanding
        self.idle.set()
        self._on_busy = on_busy
        self._clock = clock
        self._outstanding: dict[asyncio.Task[Any], float] = {}
        self._taken: dict[asyncio.Task[Any], asyncio.Future[None]] = {}  # done when Discord has taken the request
        self._sleeping: set[asyncio.Task[Any]] = set()  # taken, and kept by discord.py for a rate limit
        self._heard_at = clock.monotonic()
        self._held_until = float("-inf")
        self._dated: tuple[float, float] | None = None  # the monotonic time of an answer, and its epoch seconds

    @property
    def health(self) -> RequestHealth:
        """How requests fare now."""
        now = self._clock.monotonic()
        return RequestHealth(
            outstanding=len(self._outstanding),
            waiting_s=now - min(self._outstanding.values(), default=now),
            silent_s=now - self._heard_at,
            held_s=max(0.0, self._held_until - now),
        )

    def heard(self) -> None:
        """Discord answered something that its limit on all routes together applies to."""
        self._heard_at = self._clock.monotonic()

    def dated(self, date: str) -> None:
        """An answer's `Date` header: this computer's clock may be wrong, and messages have Discord's time."""
        now = self._clock.monotonic()
        if self._dated is None or now > self._dated[0] + MINUTE_S:
            with suppress(ValueError):
                self._dated = now, parsedate_to_datetime(date).timestamp()

    def is_old(self, message_id: int) -> bool:
        """Whether a message counts as over an hour old; False while Discord's time isn't known."""
        if self._dated is None:
            return False
        at, epoch_s = self._dated
        posted_s = (message_id >> 22) / 1000 + DISCORD_EPOCH_S
        return epoch_s + self._clock.monotonic() - at - posted_s > OLD_S

    def taken(self) -> None:
        """Discord took the request in whose context this is called."""
        future = _TAKEN.get()
        if future is not None and not future.done():
            future.set_result(None)

    def held(self, *, retry_after: float) -> None:
        """Discord takes nothing from this bot for so many seconds."""
        self._held_until = max(self._held_until, self._clock.monotonic() + retry_after)

    async def read(self, call: Callable[[], Coroutine[Any, Any, T]], *, timeout_s: float) -> T:
        """Ask for something when there is room in Discord's limits, unless the answer can't come in time.

        Raises:
            HeldError: nothing was asked.
            TimeoutError: no answer came; the request goes on.
        """
        if (held_s := self.health.held_s) > timeout_s:
            raise HeldError(retry_after=held_s)
        over: Callable[[], None] | None = None
        if self._admit is not None:
            async with asyncio.timeout(timeout_s):
                over = await self._admit()
        try:
            return await self.outcome(self.begin(call()), timeout_s=timeout_s)
        finally:
            if over is not None:
                over()

    def begin(self, call: Coroutine[Any, Any, T], *, until_taken: bool = False) -> asyncio.Task[T]:
        """Start a request; with `until_taken` it counts as over once Discord has taken it.

        Where a response uses up its rate limit, discord.py sleeps to the end of the window before it returns: up
        to five seconds in which the reply would seem unwritten. That sleep then goes on behind the scenes.
        """
        taken = asyncio.get_running_loop().create_future() if until_taken else None
        context = contextvars.copy_context()
        context.run(_TAKEN.set, taken)
        task = asyncio.create_task(call, context=context)
        self._outstanding[task] = self._clock.monotonic()
        if self.idle.is_set():
            self.idle.clear()
            self._on_busy()
        if taken is not None:
            self._taken[task] = taken
            taken.add_done_callback(lambda _: self._put_to_sleep(task))
        task.add_done_callback(self._over)
        return task

    async def outcome(self, task: asyncio.Task[T], *, timeout_s: float) -> T:
        """Wait for a request and return its result, None if it was only to be taken; raises as `over` does."""
        await self.over(task, timeout_s=timeout_s)
        if task.done() and task.cancelled():  # given up, which is no reason to end what waits for it
            raise TimeoutError
        return task.result() if task.done() else None  # type: ignore[return-value] # see the docstring

    async def over(self, task: asyncio.Task[Any], *, timeout_s: float) -> None:
        """Wait until a request is over. Time in which Discord takes nothing doesn't count.

        Raises:
            TimeoutError: the request goes on.
        """
        taken, wait_s = self._taken.get(task), timeout_s
        while not (task.done() or (taken and taken.done())):
            awaited: set[asyncio.Future[Any]] = {task, taken} if taken else {task}
            done, _ = await asyncio.wait(awaited, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            if not done and not (held_s := self.health.held_s):
                raise TimeoutError
            if not done:
                wait_s = held_s + timeout_s

    def give_up(self, *, after_s: float) -> int:
        """Cancel the requests that have waited so long, and return how many; for when nothing else helps."""
        latest = self._clock.monotonic() - after_s
        lost = [task for task, begun in self._outstanding.items() if begun <= latest]
        for task in lost:
            task.cancel()
        return len(lost)

    async def aclose(self) -> None:
        """Cancel what is left; only for when nothing more will be sent."""
        left = [*self._outstanding, *self._sleeping]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _put_to_sleep(self, task: asyncio.Task[Any]) -> None:
        if task in self._outstanding:
            self._sleeping.add(task)
            self._end(task)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._outstanding.pop(task, None)
        if not self._outstanding:
            self.idle.set()

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._end(task)
        self._taken.pop(task, None)
        self._sleeping.discard(task)
        if not task.cancelled() and (error := task.exception()):  # asked for here, so that asyncio needn't warn
            log.debug("a request to Discord failed: %s", reason(error))


@dataclass(frozen=True, slots=True)
class _Overdue:
    """A write that took too long and may happen yet; `nonce` is a create's."""

    task: asyncio.Task[Any]
    nonce: int | None


class ReplyWrites:
    """The writes of one reply, one after the other.

    An overdue write has to end before the next begins: it would bring back an older text, or post a page twice.
    """

    def __init__(self, requests: DiscordRequests) -> None:
        self._requests = requests
        self._overdue: _Overdue | None = None

    async def make(
        self,
        action: str,
        write: Callable[[], Coroutine[Any, Any, T]],
        *,
        nonce: int | None = None,
        until_taken: bool = False,
    ) -> T:
        """Make a write; a create whose earlier attempt turns out to have worked returns that one's message.

        Raises:
            ScreenError: `action` says for the log what Discord refused.
        """
        with self._requests.refusals.mapped(action):
            if (earlier := await self._end_overdue(nonce)) is not None:
                return earlier.result()  # type: ignore[no-any-return] # a create's, as is this one
            task = self._requests.begin(write(), until_taken=until_taken)
            self._overdue = _Overdue(task, nonce)
            result = await self._requests.outcome(task, timeout_s=WRITE_TIMEOUT_S)
            self._overdue = None
            return result

    async def _end_overdue(self, nonce: int | None) -> asyncio.Task[Any] | None:
        """Wait for a write that is overdue; return it if it has done the create that is wanted now."""
        if (overdue := self._overdue) is None:
            return None
        await self._requests.over(overdue.task, timeout_s=WRITE_TIMEOUT_S)
        self._overdue, task = None, overdue.task
        worked = task.done() and not task.cancelled() and task.exception() is None
        return task if worked and nonce is not None and nonce == overdue.nonce else None
