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
from bot.core.quota import FreeQuota

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from bot.core.ports import Clock

FREE_SUFFIX = ":free"
REFUSAL_S, REFUSAL_CAP_S = 60.0, 3600.0  # how long a model out of credits is left alone: at first, at most
SCOUT_S = 2.0  # after a hold one request goes ahead; the rest follow when it is answered, or after this
REPORT_S = 5.0  # how often somebody waiting hears how long it will be


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
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
class _Lane:
    """What is known of one model: closed until when, why, and whether it has answered since."""

    until: float = -math.inf
    error: ModelError | None = None
    refuses: bool = False  # tell those who ask at once, instead of letting them wait
    strikes: int = 0
    doubtful: bool = False  # nothing has been answered since the last hold
    scout_until: float = -math.inf


class Ticket:
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
        self.scouts = False  # is the one that tries a model again after a hold
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
            yield self._gate.prospect(self)
            await self._gate.wait(self)
        self.admission.result()

    def answered(self) -> None:
        """Say that the model has begun to answer."""
        self._gate.answered(self)


class Admission:
    """Admits requests: first come first served within a channel, in turn between channels.

    Belongs to one event loop. Nothing here runs by itself: those who wait wake up and let in whoever is due.
    """

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.open = 0
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._line: list[Ticket] = []  # in the order in which they should go
        self._numbers = itertools.count()
        self._round = 0  # of the ticket admitted last; see `_order`
        self._rounds: dict[int, int] = {}  # channel: round of its newest ticket
        self._key_error: ModelError | None = None
        self._free = FreeQuota(per_minute=limits.free_per_minute, per_day=limits.free_per_day)

    @property
    def waiting(self) -> int:
        return len(self._line)

    @property
    def key_error(self) -> ModelError | None:
        """Why the key is not used at present."""
        return self._key_error

    def enter(self, model: str, channel: int, *, patience_s: float, again: Ticket | None = None) -> Ticket:
        """Join the line. `again` is the ticket of the attempt before, whose place a retry keeps.

        Raises:
            ModelError: there is no point in waiting: the model or the key is closed for longer than `patience_s`,
                or the line is full.
        """
        now = self._clock.monotonic()
        patience_s = min(patience_s, self.limits.wait_s)
        self._refuse_early(model, now)
        order = again.order if again else self._order(channel)
        ticket = Ticket(self, model=model, channel=channel, order=order, deadline=now + patience_s)
        insort(self._line, ticket, key=lambda t: t.order)
        self._dispatch()
        if not ticket.admission.done() and (opens := self._opens_at(ticket)) > ticket.deadline:
            ticket.leave()
            lane = self._lanes.get(model)
            error = lane.error if lane and lane.error else RateLimitedError(detail="the minute's free requests")
            raise _again(error, model, opens - now)
        return ticket

    def _refuse_early(self, model: str, now: float) -> None:
        if self._key_error:
            raise _again(self._key_error, model, self._key_error.retry_after)
        lane = self._lanes.get(model)
        if lane and lane.error and lane.refuses and lane.until > now:
            raise _again(lane.error, model, lane.until - now)
        if model.endswith(FREE_SUFFIX) and (left := self._free.closed_for(self._clock.time())):
            raise RateLimitedError(model=model, retry_after=left, detail="the day's free requests are used up")
        if len(self._line) >= self.limits.waiting:
            raise AdmissionError(model=model, detail=f"{len(self._line)} requests in line")

    def _order(self, channel: int) -> tuple[int, int]:
        """Start-time fair queueing: a channel's second request in line belongs to the next round, and so on."""
        if not self._line and not self.open:
            self._rounds.clear()
        round_ = max(self._round, self._rounds.get(channel, -1) + 1)
        self._rounds[channel] = round_
        return round_, next(self._numbers)

    # --- Waiting --------------------------------------------------------------------------------------------

    async def wait(self, ticket: Ticket) -> None:
        """Sleep until something may have changed for a ticket, and let in whoever is due."""
        now = self._clock.monotonic()
        opens = self._opens_at(ticket)
        until = min(opens if opens > now else math.inf, ticket.deadline, now + REPORT_S)
        await asyncio.wait({ticket.admission}, timeout=max(0.0, until - now))
        self._dispatch()
        if not ticket.admission.done() and self._clock.monotonic() >= ticket.deadline:
            seconds = self.prospect(ticket).seconds
            error = RateLimitedError if self._is_held(ticket) else AdmissionError
            raise error(model=ticket.model, retry_after=seconds, detail="waited too long in line")

    def prospect(self, ticket: Ticket) -> Waiting:
        """What a ticket waits for, and how long about."""
        now = self._clock.monotonic()
        if not self._is_held(ticket):
            return Waiting(reason=WaitReason.CAPACITY)
        return Waiting(reason=WaitReason.RATE_LIMIT, seconds=max(0.0, self._opens_at(ticket) - now))

    def _is_held(self, ticket: Ticket) -> bool:
        return self._opens_at(ticket) > self._clock.monotonic()

    def _opens_at(self, ticket: Ticket) -> float:
        """The earliest monotonic time at which the limits of its model let a ticket go."""
        lane = self._lanes.get(ticket.model, _Lane())
        opens = max(lane.until, lane.scout_until if lane.doubtful else -math.inf)
        if not ticket.model.endswith(FREE_SUFFIX):
            return opens
        ahead = sum(
            t.model.endswith(FREE_SUFFIX) for t in itertools.takewhile(lambda t: t is not ticket, self._line)
        )
        return max(opens, self._free.opens_at(ahead))

    def _dispatch(self) -> None:
        """Let in everybody who may go, in order."""
        now = self._clock.monotonic()
        for ticket in tuple(self._line):
            if self.open >= self.limits.streams:
                return
            if self._may_go(ticket.model, now):
                self._line.remove(ticket)
                self._admit(ticket, now)

    def _may_go(self, model: str, now: float) -> bool:
        lane = self._lanes.get(model)
        if lane and (now < lane.until or (lane.doubtful and now < lane.scout_until)):
            return False
        return not model.endswith(FREE_SUFFIX) or self._free.opens_at(0) <= now

    def _admit(self, ticket: Ticket, now: float) -> None:
        self.open += 1
        self._round = max(self._round, ticket.order[0])
        lane = self._lanes.get(ticket.model)
        if lane and lane.doubtful:
            ticket.scouts = True
            lane.scout_until = now + SCOUT_S
        if ticket.model.endswith(FREE_SUFFIX):
            self._free.count(now, self._clock.time())
        ticket.admission.set_result(None)

    def leave(self, ticket: Ticket) -> None:
        """`Ticket.leave`'s part here."""
        if not ticket.admission.done():
            self._line.remove(ticket)
        elif ticket.admission.exception() is None:
            self.open -= 1
            lane = self._lanes.get(ticket.model)
            if ticket.scouts and lane:
                lane.scout_until = -math.inf
        self._dispatch()

    # --- What the answers teach -----------------------------------------------------------------------------

    def answered(self, ticket: Ticket) -> None:
        """A model has begun to answer: whatever held it back is over."""
        if self._lanes.pop(ticket.model, None):
            ticket.scouts = False
            self._dispatch()

    def cool(self, model: str, seconds: float, error: ModelError) -> None:
        """After a 429: hold every request for this model back; then one goes ahead."""
        lane = self._lanes.setdefault(model, _Lane())
        now = self._clock.monotonic()
        lane.refuses = lane.refuses and lane.until > now
        lane.until = max(lane.until, now + seconds)
        lane.error, lane.doubtful, lane.scout_until = error, True, -math.inf
        for ticket in [t for t in self._line if t.model == model and t.deadline < lane.until]:
            self._turn_away(ticket, _again(error, model, lane.until - now))

    def refuse(self, model: str, error: ModelError) -> None:
        """After a 402: turn everybody away from this model for a minute, twice as long each time."""
        lane = self._lanes.setdefault(model, _Lane())
        now = self._clock.monotonic()
        if lane.refuses and now < lane.until:
            return  # several requests met the same refusal
        seconds = min(REFUSAL_CAP_S, REFUSAL_S * 2.0**lane.strikes)
        lane.until, lane.error, lane.refuses, lane.doubtful = now + seconds, error, True, True
        lane.strikes += 1
        for ticket in [t for t in self._line if t.model == model]:
            self._turn_away(ticket, _again(error, model, seconds))

    def refuse_all(self, error: ModelError) -> None:
        """The key is no good at present: turn everybody away until `reopen`."""
        self._key_error = error
        for ticket in tuple(self._line):
            self._turn_away(ticket, _again(error, ticket.model, error.retry_after))

    def reopen(self) -> None:
        """The key works again."""
        self._key_error = None

    def learn_free_quota(self, *, per_day: int, used: int) -> None:
        """Take over the provider's own count of the day's requests to free models."""
        self._free.learn(per_day, used, self._clock.time())

    def _turn_away(self, ticket: Ticket, error: ModelError) -> None:
        self._line.remove(ticket)
        ticket.admission.set_exception(error)


def _again(error: ModelError, model: str, retry_after: float | None) -> ModelError:
    """The same failure for somebody else; one exception object must not be raised in two tasks."""
    return type(error)(model=model, status=error.status, retry_after=retry_after, detail=error.detail)
