"""Budgets: what may still be spent, reserved before a call and booked after it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.core.errors import StorageError
from bot.money.ledger import (
    ALL,
    Period,
    accounts,
    allowance_account,
    channel_account,
    guild_account,
    period_name,
    person_account,
    price,
    resets_at,
)
from bot.money.limits import BudgetSpentError, Charge, Limit, Payer
from bot.money.reservations import RENEW_S
from bot.settings.catalog import BUDGETS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.core.ports import Clock
    from bot.core.records import ModelInfo, Place
    from bot.money.ledger import Entry, Ledger
    from bot.money.reservations import SharedReservations
    from bot.money.unbooked import Unbooked
    from bot.settings.resolver import EffectiveSettings

log = logging.getLogger(__name__)

WARN_AT = 0.8  # of a budget
TYPICAL_TOKENS = 500  # of an answer, until a model's own are known
LOOK_S = 1.0  # how often processes tell each other, and look at, what was given back
FRESH_S = 1.0  # how long what was read of the ledger holds: a question's turn comes at once, as a rule
LEARNING = 0.2  # how much of each answer's length goes into what is typical

Spent = dict[tuple[str, Period], int]  # nano-dollars by account and period


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """Money set aside for an answer under way, on each of its accounts; `spent` is what had been spent by then."""

    limits: tuple[Limit, ...]
    accounts: tuple[str, ...]
    nano_usd: int
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has been spent of a budget, and when it resets, in seconds since the epoch."""

    limit: Limit
    nano_usd: int
    resets_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerBudgets:
    """The owner's own budgets in nano-dollars, over every server and direct message. None: no limit."""

    month: int | None = None  # for everybody together
    person_day: int | None = None
    person_month: int | None = None


class Budgets:
    """Keeps spending within budgets.

    An answer under way reserves what it will probably cost. A question that doesn't fit beside the others waits
    until one of them is booked. So nobody is refused too early, and a budget is exceeded only by what answers
    under way cost beyond their estimates.
    """

    def __init__(
        self,
        ledger: Ledger,
        unbooked: Unbooked,
        clock: Clock,
        *,
        owner: OwnerBudgets,
        shared: SharedReservations | None = None,
    ) -> None:
        """`shared` is where processes of one bot see each other's reservations; None where there is just one."""
        self._ledger = ledger
        self._unbooked = unbooked
        self._clock = clock
        self._owner = owner
        self._reserved: Counter[str] = Counter()
        self._read: dict[tuple[Limit, ...], tuple[float, Spent]] = {}  # when it was read, and what
        self._typical: dict[str, float] = {}  # tokens of an answer, by model
        self._warned: set[tuple[Limit, str]] = set()
        self._lock = asyncio.Lock()  # between looking at what is left and taking of it
        self._released = asyncio.Event()  # the next time that something is given back
        self._shared = shared
        self._is_outdated = False
        self._told: set[str] = set()  # the accounts on which others know of reservations here

    def charge(self, user_id: int, place: Place, effective: EffectiveSettings, *, is_exempt: bool) -> Charge:
        """Who pays for somebody's question. Only the owner's budgets apply to an exempt person."""
        limits = [*self._owner_limits(user_id)]
        if place.guild_id is not None and not is_exempt:
            limits += _server_limits(user_id, place, place.guild_id, effective)
        return Charge(user_id=user_id, place=place, limits=tuple(limits))

    def _owner_limits(self, user_id: int) -> list[Limit]:
        allowance, owner = allowance_account(user_id), self._owner
        found = (
            (Payer.OWNER, Period.MONTH, ALL, owner.month),
            (Payer.ALLOWANCE, Period.DAY, allowance, owner.person_day),
            (Payer.ALLOWANCE, Period.MONTH, allowance, owner.person_month),
        )
        return [
            Limit(payer=payer, period=period, account=account, nano_usd=nano_usd)
            for payer, period, account, nano_usd in found
            if nano_usd is not None
        ]

    async def check(self, limits: tuple[Limit, ...]) -> None:
        """Check that something is left. A reservation within the next second needs no second look at the ledger.

        Raises:
            BudgetSpentError: a budget is used up.
            UnbookedError: too much spending couldn't be booked.
        """
        self._unbooked.check()
        spent = await self._spent(limits)
        _refuse(limits, spent, at=self._now())
        self._read[limits] = self._clock.monotonic(), spent

    async def standings(self, limits: Sequence[Limit]) -> list[Standing]:
        """What has been spent of each budget."""
        spent, now = await self._spent(limits), self._now()
        return [
            Standing(
                limit=limit,
                nano_usd=spent.get((limit.account, limit.period), 0),
                resets_at=resets_at(limit.period, now),
            )
            for limit in limits
        ]

    async def spent_by_server(self, guild_id: int) -> dict[Period, int]:
        """What a server has spent today and this month, in nano-dollars, with or without a budget."""
        account = guild_account(guild_id)
        spent = await self._spent_on([account])
        return {period: spent.get((account, period), 0) for period in Period}

    async def reserve(self, charge: Charge, estimate: int | None, *, on_wait: Callable[[], object]) -> Reservation:
        """Reserve money; calls `on_wait` first if that has to wait for other answers.

        `estimate` is in nano-dollars, None if the price is unknown. What is free needs no budget.

        Raises:
            BudgetSpentError: a budget is used up.
            UnbookedError: too much spending couldn't be booked.
        """
        limits = charge.limits if estimate != 0 else ()
        while True:
            async with self._lock:
                released = self._released
                self._unbooked.check()
                reservation = await self._reserve(charge, limits, estimate or 0)
                if reservation is not None:
                    self._reserved.update(dict.fromkeys(reservation.accounts, reservation.nano_usd))
                    return reservation
            on_wait()
            await self._wait(released)

    async def _reserve(self, charge: Charge, limits: tuple[Limit, ...], estimate: int) -> Reservation | None:
        """A reservation that fits, as far as is known of other processes; None where it has to wait."""
        spent: Spent = {}

        async def fits(elsewhere: Mapping[str, int]) -> bool:
            nonlocal spent
            just_read = {} if self._shared else self._just_read(limits)
            spent = just_read or await self._spent(limits)
            return self._fits(limits, spent, estimate, elsewhere)

        nano_usd = max(1, estimate)
        if not (await self._put(limits, nano_usd, fits) if self._shared and limits else await fits({})):
            return None
        return Reservation(limits, accounts(charge.user_id, charge.place), nano_usd, spent)

    async def _put(
        self, limits: tuple[Limit, ...], more: int, fits: Callable[[Mapping[str, int]], Awaitable[bool]]
    ) -> bool:
        """Reserve where other processes see it."""
        assert self._shared is not None  # noqa: S101 - the caller checked
        own = {limit.account: self._reserved[limit.account] + more for limit in limits}
        try:
            taken = await self._shared.put(own, now=self._now(), check=fits)
        except StorageError as error:
            log.warning("other processes don't know of a reservation: %s", error)
            return await fits({})
        if taken:
            self._told |= own.keys()
        return taken

    async def _wait(self, released: asyncio.Event) -> None:
        """Until something is given back here, or perhaps in another process."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(released.wait())]
        if self._shared:
            waits.append(asyncio.ensure_future(self._clock.sleep(LOOK_S)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def run(self) -> None:
        """Keep what other processes see true, until cancelled: what was given back, and that this one lives."""
        renewed_at = float("-inf")
        while self._shared:
            async with self._lock:
                own = {account: self._reserved[account] for account in self._told}
                now = self._clock.monotonic()
                if own and (self._is_outdated or now - renewed_at >= RENEW_S):
                    self._is_outdated = not await self._tell(self._shared, own)
                    renewed_at = now
            await self._clock.sleep(LOOK_S)

    async def _tell(self, shared: SharedReservations, own: Mapping[str, int]) -> bool:
        try:
            await shared.put(own, now=self._now())
        except StorageError as error:
            log.debug("other processes see old reservations: %s", error)
            return False
        self._told -= {account for account, nano_usd in own.items() if not nano_usd}
        return True

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back, and let waiting questions check again."""
        self._reserved.subtract(dict.fromkeys(reservation.accounts, reservation.nano_usd))
        self._reserved = +self._reserved  # without what is zero
        self._is_outdated = True
        self._read.clear()
        released, self._released = self._released, asyncio.Event()
        released.set()

    def _just_read(self, limits: tuple[Limit, ...]) -> Spent:
        """What `check` read a moment ago, once, if nothing has been booked since; else nothing."""
        at, spent = self._read.pop(limits, (0.0, {}))
        return spent if self._clock.monotonic() - at < FRESH_S else {}

    def _fits(self, limits: Sequence[Limit], spent: Spent, estimate: int, elsewhere: Mapping[str, int]) -> bool:
        """Whether there is room beside the answers under way; without any, it's enough that something is left."""
        _refuse(limits, spent, at=self._now())
        for limit in limits:
            reserved = self._reserved[limit.account] + elsewhere.get(limit.account, 0)
            if reserved and spent.get((limit.account, limit.period), 0) + reserved + estimate > limit.nano_usd:
                return False
        return True

    def warnings(self, reservation: Reservation, entry: Entry) -> tuple[Limit, ...]:
        """The budgets that this entry nearly uses up; each is named once in its period."""
        near = []
        for limit in reservation.limits:
            spent = reservation.spent.get((limit.account, limit.period), 0) + entry.cost.nano_usd
            key = (limit, period_name(limit.period, entry.at))
            if spent >= WARN_AT * limit.nano_usd and key not in self._warned:
                self._warned.add(key)
                near.append(limit)
        return tuple(near)

    def estimate(self, model: str, info: ModelInfo | None, *, prompt_tokens: int, max_tokens: int) -> int | None:
        """What an answer will probably cost, in nano-dollars; None if the price is unknown."""
        typical = self._typical.get(model, TYPICAL_TOKENS)
        return price(info, prompt_tokens=prompt_tokens, completion_tokens=min(max_tokens, round(typical)))

    def learn(self, entry: Entry) -> None:
        """Learn from an answer's length for later estimates."""
        if tokens := entry.cost.completion_tokens:
            known = self._typical.get(entry.model, tokens)
            self._typical[entry.model] = known + LEARNING * (tokens - known)

    async def _spent(self, limits: Sequence[Limit]) -> Spent:
        """What has been spent, including what couldn't be booked yet."""
        return await self._spent_on([limit.account for limit in limits]) if limits else {}

    async def _spent_on(self, names: Sequence[str]) -> Spent:
        now = self._now()
        booked: Mapping[tuple[str, Period], int] = await self._ledger.spent(names, at=now)
        return dict(Counter(booked) + Counter(self._unbooked.spent(names, at=now)))

    def _now(self) -> int:
        return int(self._clock.time())


def _server_limits(user_id: int, place: Place, guild_id: int, effective: EffectiveSettings) -> list[Limit]:
    by_payer = {
        Payer.PERSON: person_account(user_id, place),
        Payer.CHANNEL: channel_account(place),
        Payer.SERVER: guild_account(guild_id),
    }
    return [
        Limit(payer=Payer(payer), period=Period(period), account=by_payer[Payer(payer)], nano_usd=int(amount))
        for (payer, period), spec in BUDGETS.items()
        if (amount := effective.text(spec))
    ]


def _refuse(limits: Sequence[Limit], spent: Spent, *, at: int) -> None:
    over = [limit for limit in limits if spent.get((limit.account, limit.period), 0) >= limit.nano_usd]
    if over:  # name the one that lasts longest
        limit = max(over, key=lambda limit: resets_at(limit.period, at))
        raise BudgetSpentError(limit, resets_at=resets_at(limit.period, at))
