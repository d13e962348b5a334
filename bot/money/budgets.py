"""Budgets: what may still be spent, reserved before a call and settled after it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.money.ledger import (
    ALL,
    Period,
    accounts,
    channel_account,
    guild_account,
    person_account,
    price,
    resets_at,
)
from bot.money.limits import BudgetSpentError, Limit, Payer
from bot.settings import catalog as rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.core.ports import Clock
    from bot.core.records import ModelInfo, Place
    from bot.money.ledger import Entry, Ledger
    from bot.settings.resolver import EffectiveSettings, SettingsResolver

log = logging.getLogger(__name__)

WARN_AT = 0.8  # of a budget
TYPICAL_TOKENS = 500  # of an answer, until a model's own are known
LEARNING = 0.2  # how much of each answer's length goes into what is typical


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """Money set aside for an answer under way, on each of its accounts."""

    limits: tuple[Limit, ...]
    accounts: tuple[str, ...]
    nano_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What has been spent of a budget, and when it begins anew, in seconds since the epoch."""

    limit: Limit
    nano_usd: int
    resets_at: int


class Budgets:
    """Keeps spending within budgets.

    What is under way is reserved with what it will probably cost. A question that no longer fits beside the others
    waits until one of them is settled, so a budget is neither refused early nor overshot by more than what the
    answers under way cost beyond their estimates.
    """

    def __init__(
        self, ledger: Ledger, resolver: SettingsResolver, clock: Clock, *, ceiling_nano_usd: int | None = None
    ) -> None:
        """`ceiling_nano_usd` is the owner's own budget for a month, over everything."""
        self._ledger = ledger
        self._resolver = resolver
        self._clock = clock
        self._ceiling = ceiling_nano_usd
        self._reserved: Counter[str] = Counter()
        self._typical: dict[str, float] = {}  # tokens of an answer, by model
        self._lock = asyncio.Lock()  # between looking at what is left and taking of it
        self._released = asyncio.Event()  # the next time that something is given back

    def limits(
        self, user_id: int, place: Place, effective: EffectiveSettings, *, unlimited: bool
    ) -> tuple[Limit, ...]:
        """The budgets that hold for somebody's question; with `unlimited`, the owner's alone."""
        found = []
        if self._ceiling is not None:
            found.append(Limit(payer=Payer.OWNER, period=Period.MONTH, account=ALL, nano_usd=self._ceiling))
        if unlimited or place.guild_id is None:
            return tuple(found)
        by_payer = {
            Payer.PERSON: person_account(user_id, place),
            Payer.CHANNEL: channel_account(place),
            Payer.SERVER: guild_account(place.guild_id),
        }
        for (payer, period), spec in rules.BUDGETS.items():
            if amount := effective.text(spec):
                found.append(
                    Limit(
                        payer=Payer(payer),
                        period=Period(period),
                        account=by_payer[Payer(payer)],
                        nano_usd=int(amount),
                    )
                )
        return tuple(found)

    async def check(self, limits: Sequence[Limit]) -> None:
        """See whether anything is left.

        Raises:
            BudgetSpentError: a budget is used up.
        """
        _refuse(limits, await self._spent(limits), at=self._now())

    async def standings(self, limits: Sequence[Limit]) -> list[Standing]:
        """How budgets stand."""
        spent, now = await self._spent(limits), self._now()
        return [
            Standing(
                limit=limit,
                nano_usd=spent.get((limit.account, limit.period), 0),
                resets_at=resets_at(limit.period, now),
            )
            for limit in limits
        ]

    async def reserve(
        self,
        user_id: int,
        place: Place,
        estimate: int | None,
        *,
        unlimited: bool,
        on_wait: Callable[[], object],
    ) -> Reservation:
        """Set money aside, after `on_wait` where it has to wait for others.

        `estimate` is in nano-dollars, None where nobody knows the price. What is free needs no budget.

        Raises:
            BudgetSpentError: a budget is used up.
        """
        limits: tuple[Limit, ...] = ()
        if estimate != 0:
            limits = self.limits(user_id, place, await self._resolver.effective(place), unlimited=unlimited)
        while True:
            async with self._lock:
                released = self._released
                if await self._fits(limits, estimate or 0):
                    reservation = Reservation(limits, accounts(user_id, place), max(1, estimate or 0))
                    self._reserved.update(dict.fromkeys(reservation.accounts, reservation.nano_usd))
                    return reservation
            on_wait()
            await released.wait()

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back, and let those who wait look again."""
        self._reserved.subtract(dict.fromkeys(reservation.accounts, reservation.nano_usd))
        self._reserved = +self._reserved  # without what is zero
        released, self._released = self._released, asyncio.Event()
        released.set()

    async def _fits(self, limits: Sequence[Limit], estimate: int) -> bool:
        """Whether there is room beside what is under way; alone, a question needs no more than something left."""
        spent = await self._spent(limits)
        _refuse(limits, spent, at=self._now())
        for limit in limits:
            reserved = self._reserved[limit.account]
            if reserved and spent.get((limit.account, limit.period), 0) + reserved + estimate > limit.nano_usd:
                return False
        return True

    async def settle(self, reservation: Reservation, entry: Entry) -> tuple[Limit, ...]:
        """Book what an answer cost in place of what was reserved; gives the budgets that this nearly used up."""
        spent: Mapping[tuple[str, Period], int] = {}
        try:
            async with self._lock:
                await self._ledger.book(entry)
                spent = await self._spent(reservation.limits)
        except StorageError as error:
            log.error("%d nano-dollars are not booked: %s", entry.cost.nano_usd, error)  # noqa: TRY400 - the cause is in it
        finally:
            self.release(reservation)
        self._learn(entry)
        return tuple(
            limit
            for limit in reservation.limits
            if (after := spent.get((limit.account, limit.period), 0)) >= WARN_AT * limit.nano_usd
            and after - entry.cost.nano_usd < WARN_AT * limit.nano_usd
        )

    def estimate(self, model: str, info: ModelInfo | None, *, prompt_tokens: int, max_tokens: int) -> int | None:
        """What an answer will probably cost, in nano-dollars; None where the price is unknown."""
        typical = self._typical.get(model, TYPICAL_TOKENS)
        return price(info, prompt_tokens=prompt_tokens, completion_tokens=min(max_tokens, round(typical)))

    def _learn(self, entry: Entry) -> None:
        if tokens := entry.cost.completion_tokens:
            known = self._typical.get(entry.model, tokens)
            self._typical[entry.model] = known + LEARNING * (tokens - known)

    async def _spent(self, limits: Sequence[Limit]) -> Mapping[tuple[str, Period], int]:
        if not limits:
            return {}
        return await self._ledger.spent([limit.account for limit in limits], at=self._now())

    def _now(self) -> int:
        return int(self._clock.time())


def _refuse(limits: Sequence[Limit], spent: Mapping[tuple[str, Period], int], *, at: int) -> None:
    over = [limit for limit in limits if spent.get((limit.account, limit.period), 0) >= limit.nano_usd]
    if over:  # the one that lasts longest is the one worth knowing
        limit = max(over, key=lambda limit: resets_at(limit.period, at))
        raise BudgetSpentError(limit, resets_at=resets_at(limit.period, at))
