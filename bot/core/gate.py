"""What a question passes before it costs anything: the lists, the pace, the budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import house_rules as rules

if TYPE_CHECKING:
    from bot.core.access import Access, Person
    from bot.core.budget import Budgets
    from bot.core.messages import Place
    from bot.core.pace import Pace
    from bot.core.preferences import Held


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may ask: what is set there, and whether the server's own limits spare them."""

    held: Held
    unlimited: bool


class Gate:
    """Lets questions in, or says why not."""

    def __init__(self, access: Access, pace: Pace, budgets: Budgets) -> None:
        self._access = access
        self._pace = pace
        self._budgets = budgets

    async def admit(self, person: Person, place: Place) -> Admitted:
        """Let somebody ask in a place, and count it.

        The budgets are looked at again, with what the question will cost, when its turn has come.

        Raises:
            NotAllowedError: the lists keep them from asking.
            PaceError: they ask too often.
            BudgetSpentError: there is no money left.
            StorageError: nobody can say.
        """
        held = await self._access.check(person, place)
        unlimited = bool(person.role_ids & held.ids(rules.EXEMPT_ROLES))
        await self._budgets.check(self._budgets.limits(person.id, place, held, unlimited=unlimited))
        if (pace := held.number(rules.PACE)) and not unlimited:
            self._pace.take((person.id, place.guild_id), per_minute=int(pace))
        return Admitted(held, unlimited)
