"""Who may call the model now: one gate for the whole process, so that no limit is met twice."""

from __future__ import annotations

import asyncio
import itertools
import math
from bisect import insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from bot.core.errors import AdmissionError, ModelError, RateLimitedError
from bot.core.events import Waiting, WaitReason
from bot.llm.admission.free_quota import FreeQuota

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from bot.core.ports import Clock

FREE_SUFFIX = ":free"
REFUSAL_S, REFUSAL_CAP_S = 60.0, 3600.0  # how long a model out of credits is left alone: at first, at most
PROBE_S = 2.0  # after a hold one request goes ahead; the rest follow when it is answered, or after this
REPORT_S = 5.0  # how often somebody waiting hears how long it will be


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """The bounds of admission. Times are in seconds.

    Attributes:
        streams: completions open at once in this process.
        waiting: requests in line at once; more are refused.
        wait_s: the longest a request waits in line.
        free_per_minute: OpenRouter's limit on all models ending in `:free` together, account-wide.
        free_per_day: likewise a UTC day; None until the provider has said.
    """

    streams: int = 256
    waiting: int = 1000
    wait_s: float = 120.0
    free_per_minute: int = 20
    free_per_day: int | None = None


@dataclass(slots=True)
class _ModelState:
    """What is known of one model: closed until when, why, and whether it has answered since."""

    until: float = -math.inf
    error: ModelError | None = None
    refuses: bool = False  # tell those who ask at once, instead of letting them wait
    strikes: int = 0
    half_open: bool = False  # nothing has been answered since the last hold
    probe_until: float = -math.inf


class Slot:
    """A place in line and then a slot: a context manager that gives it back.

    Await it through `turns`. `answered` tells the others that the model works.
    """

    def __init__(
        self, gate: Admission, *, model: str, channel: int, order: tuple[int, int], deadline: float
    ) -> None:
        self.model = model
        self.channel = channel
        self.order = order
        self.deadline = deadline
        self.admission: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_probe = False  # is the one that tries a model previous after a hold
        self.left = False
        self._gate = gate

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Give the slot, or the place in line, back; leaving twice does nothing."""
        if not self.left:
            self.left = True
            self._gate.leave(self)

    async def turns(self) -> AsyncIterator[Waiting]:
        """Wait for admission, saying every few seconds for what; ends once admitted.

        Raises:
            ModelError: the model or the key has been closed meanwhile, or the line is too long or too slow.
        """
        while not self.admission.done():
            yield self._gate.peek(self)
            await self._gate.wait(self)
        self.admission.result()

    def answered(self) -> None:
        """Say that the model has begun to answer."""
        self._gate.answered(self)


class Admission:
    """Admits requests: first come first served within a channel, in turn between channels.

    Belongs to one event loop. Nothing here runs by itself: those who wait wake up and let in whoever is due.
    """

    def __init__(self, limits: AdmissionLimits, clock: Clock) -> None:
        self.limits = limits
        self.open = 0
        self._clock = clock
        self._states: dict[str, _ModelState] = {}
        self._waiting: list[Slot] = []  # in the order in which they should go
        self._numbers = itertools.count()
        self._round = 0  # of the slot admitted last; see `_order`
        self._rounds: dict[int, int] = {}  # channel: round of its newest slot
        self._key_error: ModelError | None = None
        self._free = FreeQuota(per_minute=limits.free_per_minute, per_day=limits.free_per_day)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def key_error(self) -> ModelError | None:
        """Why the key is not used at present."""
        return self._key_error

    def enter(self, model: str, channel: int, *, patience_s: float, previous: Slot | None = None) -> Slot:
        """Join the line. `previous` is the slot of the attempt before, whose place a retry keeps.

        Raises:
            ModelError: there is no point in waiting: the model or the key is closed for longer than `patience_s`,
                or the line is full.
        """
        now = self._clock.monotonic()
        patience_s = min(patience_s, self.limits.wait_s)
        self._refuse_early(model, now)
        order = previous.order if previous else self._order(channel)
        slot = Slot(self, model=model, channel=channel, order=order, deadline=now + patience_s)
        insort(self._waiting, slot, key=lambda t: t.order)
        self._dispatch()
        if not slot.admission.done() and (opens := self._opens_at(slot)) > slot.deadline:
            slot.leave()
            state = self._states.get(model)
            error = state.error if state and state.error else RateLimitedError(detail="the minute's free requests")
            raise _retry(error, model, opens - now)
        return slot

    def _refuse_early(self, model: str, now: float) -> None:
        if self._key_error:
            raise _retry(self._key_error, model, self._key_error.retry_after)
        state = self._states.get(model)
        if state and state.error and state.refuses and state.until > now:
            raise _retry(state.error, model, state.until - now)
        if model.endswith(FREE_SUFFIX) and (left := self._free.closed_for(self._clock.time())):
            raise RateLimitedError(model=model, retry_after=left, detail="the day's free requests are used up")
        if len(self._waiting) >= self.limits.waiting:
            raise AdmissionError(model=model, detail=f"{len(self._waiting)} requests in line")

    def _order(self, channel: int) -> tuple[int, int]:
        """Start-time fair queueing: a channel's second request in line belongs to the next round, and so on."""
        if not self._waiting and not self.open:
            self._rounds.clear()
        round_ = max(self._round, self._rounds.get(channel, -1) + 1)
        self._rounds[channel] = round_
        return round_, next(self._numbers)

    # --- Waiting --------------------------------------------------------------------------------------------

    async def wait(self, slot: Slot) -> None:
        """Sleep until something may have changed for a slot, and let in whoever is due."""
        now = self._clock.monotonic()
        opens = self._opens_at(slot)
        until = min(opens if opens > now else math.inf, slot.deadline, now + REPORT_S)
        await asyncio.wait({slot.admission}, timeout=max(0.0, until - now))
        self._dispatch()
        if not slot.admission.done() and self._clock.monotonic() >= slot.deadline:
            seconds = self.peek(slot).seconds
            error = RateLimitedError if self._is_held(slot) else AdmissionError
            raise error(model=slot.model, retry_after=seconds, detail="waited too long in line")

    def peek(self, slot: Slot) -> Waiting:
        """What a slot waits for, and how long about."""
        now = self._clock.monotonic()
        if not self._is_held(slot):
            return Waiting(reason=WaitReason.CAPACITY)
        return Waiting(reason=WaitReason.RATE_LIMIT, seconds=max(0.0, self._opens_at(slot) - now))

    def _is_held(self, slot: Slot) -> bool:
        return self._opens_at(slot) > self._clock.monotonic()

    def _opens_at(self, slot: Slot) -> float:
        """The earliest monotonic time at which the limits of its model let a slot go."""
        state = self._states.get(slot.model, _ModelState())
        opens = max(state.until, state.probe_until if state.half_open else -math.inf)
        if not slot.model.endswith(FREE_SUFFIX):
            return opens
        ahead = sum(
            t.model.endswith(FREE_SUFFIX) for t in itertools.takewhile(lambda t: t is not slot, self._waiting)
        )
        return max(opens, self._free.opens_at(ahead))

    def _dispatch(self) -> None:
        """Let in everybody who may go, in order."""
        now = self._clock.monotonic()
        for slot in tuple(self._waiting):
            if self.open >= self.limits.streams:
                return
            if self._may_go(slot.model, now):
                self._waiting.remove(slot)
                self._admit(slot, now)

    def _may_go(self, model: str, now: float) -> bool:
        state = self._states.get(model)
        if state and (now < state.until or (state.half_open and now < state.probe_until)):
            return False
        return not model.endswith(FREE_SUFFIX) or self._free.opens_at(0) <= now

    def _admit(self, slot: Slot, now: float) -> None:
        self.open += 1
        self._round = max(self._round, slot.order[0])
        state = self._states.get(slot.model)
        if state and state.half_open:
            slot.is_probe = True
            state.probe_until = now + PROBE_S
        if slot.model.endswith(FREE_SUFFIX):
            self._free.count(now, self._clock.time())
        slot.admission.set_result(None)

    def leave(self, slot: Slot) -> None:
        """`Slot.leave`'s part here."""
        if not slot.admission.done():
            self._waiting.remove(slot)
        elif slot.admission.exception() is None:
            self.open -= 1
            state = self._states.get(slot.model)
            if slot.is_probe and state:
                state.probe_until = -math.inf
        self._dispatch()

    # --- What the answers teach -----------------------------------------------------------------------------

    def answered(self, slot: Slot) -> None:
        """A model has begun to answer: whatever held it back is over."""
        if self._states.pop(slot.model, None):
            slot.is_probe = False
            self._dispatch()

    def cool_down(self, model: str, seconds: float, error: ModelError) -> None:
        """After a 429: hold every request for this model back; then one goes ahead."""
        state = self._states.setdefault(model, _ModelState())
        now = self._clock.monotonic()
        state.refuses = state.refuses and state.until > now
        state.until = max(state.until, now + seconds)
        state.error, state.half_open, state.probe_until = error, True, -math.inf
        for slot in [t for t in self._waiting if t.model == model and t.deadline < state.until]:
            self._turn_away(slot, _retry(error, model, state.until - now))

    def refuse(self, model: str, error: ModelError) -> None:
        """After a 402: turn everybody away from this model for a minute, twice as long each time."""
        state = self._states.setdefault(model, _ModelState())
        now = self._clock.monotonic()
        if state.refuses and now < state.until:
            return  # several requests met the same refusal
        seconds = min(REFUSAL_CAP_S, REFUSAL_S * 2.0**state.strikes)
        state.until, state.error, state.refuses, state.half_open = now + seconds, error, True, True
        state.strikes += 1
        for slot in [t for t in self._waiting if t.model == model]:
            self._turn_away(slot, _retry(error, model, seconds))

    def refuse_all(self, error: ModelError) -> None:
        """The key is no good at present: turn everybody away until `reopen`."""
        self._key_error = error
        for slot in tuple(self._waiting):
            self._turn_away(slot, _retry(error, slot.model, error.retry_after))

    def reopen(self) -> None:
        """The key works previous."""
        self._key_error = None

    def learn_free_quota(self, *, per_day: int, used: int) -> None:
        """Take over the provider's own count of the day's requests to free models."""
        self._free.learn(per_day, used, self._clock.time())

    def _turn_away(self, slot: Slot, error: ModelError) -> None:
        self._waiting.remove(slot)
        slot.admission.set_exception(error)


def _retry(error: ModelError, model: str, retry_after: float | None) -> ModelError:
    """The same failure for somebody else; one exception object must not be raised in two tasks."""
    return type(error)(model=model, status=error.status, retry_after=retry_after, detail=error.detail)
