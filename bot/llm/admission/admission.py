"""Who may call the model now: one gate for the whole process, so that no limit is met twice."""

from __future__ import annotations

import asyncio
import itertools
import math
from bisect import insort
from typing import TYPE_CHECKING

from bot.core.errors import AdmissionError, ModelError, RateLimitedError, TooManyAtOnceError
from bot.core.events import Waiting, WaitReason
from bot.core.records import ModelClientStatus
from bot.llm.admission.free_quota import FreeQuota
from bot.llm.admission.limits import Shares
from bot.llm.admission.model_state import ModelState
from bot.llm.admission.slot import Slot

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.llm.admission.limits import AdmissionLimits, Caller

FREE_SUFFIX = ":free"
REPORT_S = 5.0  # how often somebody waiting hears how long it will be


class Admission:
    """Admits requests: first come first served within a channel, in turn between channels.

    Nobody overtakes, except those who would otherwise wait for somebody whose share is used up. Belongs to one
    event loop. Nothing here runs by itself: those who wait wake up and let in everybody who is due.
    """

    def __init__(self, limits: AdmissionLimits, clock: Clock) -> None:
        self.limits = limits
        self.open = 0
        self._clock = clock
        self._states: dict[str, ModelState] = {}
        self._waiting: list[Slot] = []  # in the order in which they should go
        self._slots = Shares(per_person=limits.per_person, per_server=limits.per_server)
        self._places = Shares(per_person=limits.waiting_per_person, per_server=limits.waiting_per_server)
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
        """Why the key isn't used at present."""
        return self._key_error

    def status(self) -> ModelClientStatus:
        """How busy it is, for people."""
        return ModelClientStatus(
            open=self.open,
            limit=self.limits.streams,
            waiting=self.waiting,
            key_error=self._key_error.sentence if self._key_error else None,
        )

    def enter(self, model: str, caller: Caller, *, patience_s: float, previous: Slot | None = None) -> Slot:
        """Join the queue. `previous` is the slot of the attempt before, whose place a retry keeps.

        Raises:
            ModelError: there is no point in waiting: the model or the key is closed for longer than `patience_s`,
                or the queue is full.
        """
        now = self._clock.monotonic()
        self._refuse_early(model, now)
        if previous is None:
            self._refuse_if_full(model, caller)
        order = previous.order if previous else self._order(caller.channel_id)
        deadline = now + min(patience_s, self.limits.wait_s)
        slot = Slot(self, model=model, caller=caller, order=order, deadline=deadline)
        insort(self._waiting, slot, key=lambda s: s.order)
        self._places.take(caller)
        self._dispatch()
        if not slot.admission.done() and (opens := self._opens_at(slot)) > slot.deadline:
            slot.leave()
            state = self._states.get(model)
            error = state.error if state and state.error else RateLimitedError(detail="the minute's free requests")
            raise _copy(error, model, opens - now)
        return slot

    def _refuse_early(self, model: str, now: float) -> None:
        if self._key_error:
            raise _copy(self._key_error, model, self._key_error.retry_after)
        state = self._states.get(model)
        if state and state.error and state.refuses and state.until > now:
            raise _copy(state.error, model, state.until - now)
        if model.endswith(FREE_SUFFIX) and (left := self._free.closed_for(self._clock.time())):
            raise RateLimitedError(model=model, retry_after=left, detail="the day's free requests are used up")

    def _refuse_if_full(self, model: str, caller: Caller) -> None:
        whose = self._places.used_up(caller)
        if whose is WaitReason.PERSON:
            raise TooManyAtOnceError(model=model, detail="the person's places in the queue are taken")
        if whose is WaitReason.SERVER or len(self._waiting) >= self.limits.waiting:
            raise AdmissionError(model=model, detail=f"{len(self._waiting)} requests in the queue")

    def _order(self, channel: int) -> tuple[int, int]:
        """Start-time fair queueing: a channel's second waiting request belongs to the next round, and so on."""
        if not self._waiting and not self.open:
            self._rounds.clear()
        round_ = max(self._round, self._rounds.get(channel, -1) + 1)
        self._rounds[channel] = round_
        return round_, next(self._numbers)

    # --- Waiting --------------------------------------------------------------------------------------------

    async def wait(self, slot: Slot) -> None:
        """Sleep until something may have changed for a slot, and let in everybody who is due."""
        now = self._clock.monotonic()
        opens = self._opens_at(slot)
        until = min(opens if opens > now else math.inf, slot.deadline, now + REPORT_S)
        await asyncio.wait({slot.admission}, timeout=max(0.0, until - now))
        self._dispatch()
        if not slot.admission.done() and self._clock.monotonic() >= slot.deadline:
            waiting = self.peek(slot)
            kinds = {WaitReason.RATE_LIMIT: RateLimitedError, WaitReason.PERSON: TooManyAtOnceError}
            kind = kinds.get(waiting.reason, AdmissionError)
            raise kind(model=slot.model, retry_after=waiting.seconds, detail="waited too long in the queue")

    def peek(self, slot: Slot) -> Waiting:
        """What a slot waits for, and for about how long."""
        seconds = self._opens_at(slot) - self._clock.monotonic()
        if seconds > 0:
            return Waiting(reason=WaitReason.RATE_LIMIT, seconds=seconds)
        return Waiting(reason=self._slots.used_up(slot.caller) or WaitReason.CAPACITY)

    def _opens_at(self, slot: Slot) -> float:
        """The earliest monotonic time at which the limits of its model let a slot go."""
        state = self._states.get(slot.model)
        opens = state.opens_at if state else -math.inf
        if not slot.model.endswith(FREE_SUFFIX):
            return opens
        ahead = sum(
            s.model.endswith(FREE_SUFFIX) for s in itertools.takewhile(lambda s: s is not slot, self._waiting)
        )
        return max(opens, self._free.opens_at(ahead))

    def _dispatch(self) -> None:
        """Let in everybody who may go, in order."""
        now = self._clock.monotonic()
        for slot in tuple(self._waiting):
            if self.open >= self.limits.streams:
                return
            if self._may_go(slot, now):
                self._take_out(slot)
                self._admit(slot, now)

    def _may_go(self, slot: Slot, now: float) -> bool:
        state = self._states.get(slot.model)
        if (state and now < state.opens_at) or self._slots.used_up(slot.caller):
            return False
        return not slot.model.endswith(FREE_SUFFIX) or self._free.opens_at(0) <= now

    def _admit(self, slot: Slot, now: float) -> None:
        self.open += 1
        self._slots.take(slot.caller)
        self._round = max(self._round, slot.order[0])
        if state := self._states.get(slot.model):
            slot.is_probe = state.admit(now)
        if slot.model.endswith(FREE_SUFFIX):
            self._free.count(now, self._clock.time())
        slot.admission.set_result(None)

    def leave(self, slot: Slot) -> None:
        """`Slot.leave`'s part here."""
        if not slot.admission.done():
            self._take_out(slot)
        elif slot.admission.exception() is None:
            self.open -= 1
            self._slots.give_back(slot.caller)
            state = self._states.get(slot.model)
            if slot.is_probe and state:
                state.end_probe()
        self._dispatch()

    # --- What the answers teach -----------------------------------------------------------------------------

    def answered(self, slot: Slot) -> None:
        """A model has begun to answer: whatever held it back is over."""
        if self._states.pop(slot.model, None):
            slot.is_probe = False
            self._dispatch()

    def cool_down(self, model: str, seconds: float, error: ModelError) -> None:
        """After a 429: hold every request for this model back; then one goes ahead as a probe."""
        now = self._clock.monotonic()
        state = self._states.setdefault(model, ModelState())
        state.cool_down(now, seconds, error)
        for slot in [s for s in self._waiting if s.model == model and s.deadline < state.until]:
            self._turn_away(slot, _copy(error, model, state.until - now))

    def refuse(self, model: str, error: ModelError) -> None:
        """After a 402: turn everybody away from this model for a minute, twice as long each time."""
        seconds = self._states.setdefault(model, ModelState()).refuse(self._clock.monotonic(), error)
        if seconds is None:
            return  # several requests met the same refusal
        for slot in [s for s in self._waiting if s.model == model]:
            self._turn_away(slot, _copy(error, model, seconds))

    def refuse_all(self, error: ModelError) -> None:
        """The key is no good at present: turn everybody away until `reopen`."""
        self._key_error = error
        for slot in tuple(self._waiting):
            self._turn_away(slot, _copy(error, slot.model, error.retry_after))

    def reopen(self) -> None:
        """The key works again."""
        self._key_error = None

    def learn_free_quota(self, *, per_day: int, used: int) -> None:
        """Take over the provider's own count of the day's requests to free models."""
        self._free.learn(per_day, used, self._clock.time())

    def _take_out(self, slot: Slot) -> None:
        self._waiting.remove(slot)
        self._places.give_back(slot.caller)

    def _turn_away(self, slot: Slot, error: ModelError) -> None:
        self._take_out(slot)
        slot.admission.set_exception(error)


def _copy(error: ModelError, model: str, retry_after: float | None) -> ModelError:
    """The same failure for somebody else; one exception object must not be raised in two tasks."""
    return type(error)(model=model, status=error.status, retry_after=retry_after, detail=error.detail)
