"""What a question passes before it costs anything: the lists, the pace, the budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.settings import catalog as rules

if TYPE_CHECKING:
    from bot.access.people import Access, Person
    from bot.access.user_rate_limit import UserRateLimit
    from bot.core.records import Place
    from bot.money.budgets import Budgets
    from bot.settings.resolver import EffectiveSettings


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may ask: what is set there, and whether the server's own limits spare them."""

    effective: EffectiveSettings
    unlimited: bool


class Gate:
    """Lets questions in, or says why not."""

    def __init__(self, access: Access, pace: UserRateLimit, budgets: Budgets) -> None:
        self._access = access
        self._rate_limit = pace
        self._budgets = budgets

    async def admit(self, person: Person, place: Place) -> Admitted:
        """Let somebody ask in a place, and count it.

        The budgets are looked at again, with what the question will cost, when its turn has come.

        Raises:
            NotAllowedError: the lists keep them from asking.
            UserRateLimitError: they ask too often.
            BudgetSpentError: there is no money left.
            StorageError: nobody can say.
        """
        effective = await self._access.check(person, place)
        unlimited = bool(person.role_ids & effective.ids(rules.EXEMPT_ROLES))
        await self._budgets.check(self._budgets.limits(person.id, place, effective, unlimited=unlimited))
        if (pace := effective.number(rules.RATE_LIMIT)) and not unlimited:
            self._rate_limit.take((person.id, place.guild_id), per_minute=int(pace))
        return Admitted(effective, unlimited)
