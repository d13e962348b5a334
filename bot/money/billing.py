"""An answer's bill: money is set aside before the call, and what it cost is booked after it."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.core.events import Called, Reasoning, Started, Text, Usage
from bot.core.records import Message, Role
from bot.core.telemetry.meter import CACHE, COST, TOKENS, UNMETERED
from bot.core.tokens import TokenRatio, estimate
from bot.core.units import NANO
from bot.money.ledger import Entry, cost_of
from bot.money.limits import BudgetSpentError
from bot.money.media import media_price

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.core.events import Event
    from bot.core.ports import Catalog, Clock
    from bot.core.records import CompletionRequest
    from bot.core.telemetry.meter import Meter
    from bot.money.budgets import Budgets, Reservation
    from bot.money.ledger import Cost, Ledger
    from bot.money.limits import Charge, Limit
    from bot.money.settlement import Settlement
    from bot.money.unbooked import Unbooked


READING = "reading"  # the state of a ledger's entry for reading a question's files
REPEATED = "repeated"  # the state of a ledger's entry for a call whose request was sent again; no answer by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What the model client reported of a call, whichever way it ended."""

    model: str
    generation_id: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call of a model under way: what may be charged for it, who pays, and the provider's name for it."""

    model: str
    payer_id: int
    reserved_nano_usd: int
    generation_id: str | None


class Billing:
    """Opens bills, and books them."""

    def __init__(
        self,
        *,
        budgets: Budgets,
        ledger: Ledger,
        unbooked: Unbooked,
        catalog: Catalog,
        clock: Clock,
        settlement: Settlement | None = None,
        meter: Meter = UNMETERED,
    ) -> None:
        """`settlement` asks the provider about estimates; None where it keeps no records."""
        self.ratios = TokenRatio()
        self.budgets = budgets
        self.ledger = ledger
        self.catalog = catalog
        self.clock = clock
        self._unbooked = unbooked
        self._settlement = settlement
        self._meter = meter

    def bill(self, charge: Charge) -> Bill:
        return Bill(self, charge)

    async def book(self, entry: Entry, write: Callable[[Entry], Awaitable[int]]) -> None:
        """Book an entry by `write`. Where that fails, it's kept, counts against budgets and is tried again.

        Raises:
            StorageError: what `write` raised.
        """
        self.budgets.learn(entry)
        self._measure(entry)
        try:
            entry_id = await write(entry)
        except StorageError:
            self._unbooked.add(entry, write)
            raise
        is_new = entry_id != 0
        if self._settlement and is_new and entry.cost.estimated and entry.generation_id:
            self._settlement.add(entry_id, entry.generation_id, reported_nano_usd=entry.cost.reported_nano_usd)

    def _measure(self, entry: Entry) -> None:
        self._meter.count(TOKENS, entry.cost.prompt_tokens, kind="prompt")
        self._meter.count(TOKENS, entry.cost.completion_tokens, kind="completion")
        self._meter.count(COST, entry.cost.nano_usd / NANO)

    def measure_cache(self, usage: Usage) -> None:
        """Take in how much of a prompt the provider had in its cache."""
        self._meter.count(CACHE, usage.cached_tokens, result="hit")
        self._meter.count(CACHE, max(0, usage.prompt_tokens - usage.cached_tokens), result="miss")


class Bill:
    """One call's bill: opened before it, told what the model client says during it, booked after it."""

    def __init__(self, billing: Billing, charge: Charge) -> None:
        self._billing = billing
        self._charge = charge
        self._request: CompletionRequest | None = None
        self._reservation: Reservation | None = None
        self._prompt_tokens = 0  # estimated
        self._asked_at = 0.0  # monotonic
        self._first_token_s: float | None = None
        self._model = ""
        self._generation_id: str | None = None
        self._usage: Usage | None = None
        self._is_unreported = False  # a call has begun whose usage has not been reported
        # Such calls whose request was sent again: their model and generation.
        self._repeated: list[tuple[str, str]] = []

    @property
    def user_id(self) -> int:
        """Who pays."""
        return self._charge.user_id

    @property
    def call(self) -> OpenCall:
        """The call under way."""
        return OpenCall(
            model=self._model,
            payer_id=self._charge.user_id,
            reserved_nano_usd=self._reservation.nano_usd if self._reservation else 0,
            generation_id=self._generation_id,
        )

    @property
    def report(self) -> CallReport:
        return CallReport(model=self._model, generation_id=self._generation_id, usage=self._usage)

    @property
    def has_begun(self) -> bool:
        """Whether the provider may charge for something."""
        return self._is_unreported or self._usage is not None

    async def open(self, request: CompletionRequest, *, on_wait: Callable[[], object]) -> CompletionRequest:
        """Set aside what the request will probably cost; calls `on_wait` where that has to wait for other answers.

        Gives the request to send: a free model is asked without the fallbacks that no budget has room for.

        Raises:
            BudgetSpentError: a budget is used up.
            UnbookedError: too much is spent that the database could not take.
        """
        billing = self._billing
        self._request, self._model = request, request.model
        self._prompt_tokens = estimate(request.messages, billing.ratios.of(request.model))
        costs = {model: self._estimate(request, model) for model in (request.model, *request.fallbacks)}
        free = tuple(model for model, cost in costs.items() if cost == 0)
        nano_usd = next((cost for cost in costs.values() if cost != 0), 0)
        try:
            self._reservation = await billing.budgets.reserve(self._charge, nano_usd, on_wait=on_wait)
        except BudgetSpentError:
            if request.model not in free or nano_usd == 0:
                raise
            request = replace(request, fallbacks=free[1:])
            self._reservation = await billing.budgets.reserve(self._charge, 0, on_wait=on_wait)
        self._asked_at = billing.clock.monotonic()
        return request

    def _estimate(self, request: CompletionRequest, model: str) -> int | None:
        """What a model will probably cost, with all that its searches may; those aren't free for any model."""
        info = self._billing.catalog.get(model)
        cost = self._billing.budgets.estimate(
            model, info, prompt_tokens=self._prompt_tokens, max_tokens=request.max_tokens
        )
        if cost is not None and info is not None:
            cost += media_price(request.messages, info)
        return cost if request.web_ceiling is None else (cost or 0) + request.web_ceiling

    @asynccontextmanager
    async def reading(
        self, nano_usd: int | None, *, on_wait: Callable[[], object]
    ) -> AsyncIterator[Callable[[Usage, str], Awaitable[None]]]:
        """Set aside what reading a question's files will probably cost beside the answer, None where unknown.

        Gives what books the cost, by what was used and the model that used it. Raises as `open` does.
        """
        budgets = self._billing.budgets
        reservation = await budgets.reserve(self._charge, nano_usd, on_wait=on_wait)
        try:
            yield self._book_reading
        finally:
            budgets.release(reservation)

    async def _book_reading(self, usage: Usage, model: str) -> None:
        entry = Entry(
            at=int(self._billing.clock.time()),
            place=self._charge.place,
            user_id=self._charge.user_id,
            model=model,
            state=READING,
            cost=cost_of(usage, self._billing.catalog.get(model), guess=None),
        )
        with suppress(StorageError):  # it's kept then, and booked later
            await self._billing.book(entry, self._billing.ledger.book)

    def observe(self, event: Event) -> None:
        """Take in what an event says about the bill."""
        match event:
            case Called() | Started():
                if self._is_unreported and self._generation_id and event.generation_id != self._generation_id:
                    self._repeated.append((self._model, self._generation_id))
                self._model, self._generation_id, self._is_unreported = event.model, event.generation_id, True
            case Reasoning() | Text():
                if self._first_token_s is None:
                    self._first_token_s = self._billing.clock.monotonic() - self._asked_at
            case Usage():
                self._usage, self._is_unreported = event.plus(self._usage), False
                self._billing.measure_cache(event)
                if self._request:
                    self._billing.ratios.learn(self._model, self._request.messages, event.prompt_tokens)

    def entry(self, *, state: str, said: str, reply_id: int | None = None) -> Entry | None:
        """The entry to book for the text `said`; None where nothing was set aside, so nothing was asked."""
        if self._reservation is None:
            return None
        return Entry(
            at=int(self._billing.clock.time()),
            place=self._charge.place,
            user_id=self._charge.user_id,
            model=self._model,
            state=state,
            cost=self._cost(said),
            reply_id=reply_id,
            first_token_ms=None if self._first_token_s is None else round(1000 * self._first_token_s),
            generation_id=self._generation_id,
        )

    async def book_repeated(self) -> None:
        """Book the calls that may be charged for although their request was sent again, each by itself."""
        while self._repeated:
            model, generation_id = self._repeated.pop()
            cost = cost_of(None, self._billing.catalog.get(model), guess=(self._prompt_tokens, 0))
            entry = Entry(
                at=int(self._billing.clock.time()),
                place=self._charge.place,
                user_id=self._charge.user_id,
                model=model,
                state=REPEATED,
                cost=cost,
                generation_id=generation_id,
            )
            with suppress(StorageError):  # it's kept then, and booked later
                await self._billing.book(entry, self._billing.ledger.book)

    def warnings(self, entry: Entry) -> tuple[Limit, ...]:
        """The budgets that this entry nearly uses up."""
        return self._billing.budgets.warnings(self._reservation, entry) if self._reservation else ()

    async def book(self, entry: Entry, write: Callable[[Entry], Awaitable[int]]) -> None:
        """Book the entry in place of what was set aside; see `Billing.book`."""
        try:
            await self.book_repeated()
            await self._billing.book(entry, write)
        finally:
            self.drop()

    def drop(self) -> None:
        """Give back what is still set aside."""
        reservation, self._reservation = self._reservation, None
        if reservation is not None:
            self._billing.budgets.release(reservation)

    def _cost(self, said: str) -> Cost:
        guess = None
        if self._is_unreported:
            ratio = self._billing.ratios.of(self._model)
            guess = (self._prompt_tokens, estimate([Message(Role.ASSISTANT, said)], ratio) if said else 0)
        cost = cost_of(self._usage, self._billing.catalog.get(self._model), guess=guess)
        searches = self._request.web_ceiling if self._request and guess else None
        # How often it searched isn't known yet: the provider's record will say it.
        return replace(cost, nano_usd=cost.nano_usd + searches, estimated=True) if searches else cost
