"""What a question passes before it costs anything: the lists, the budgets, the rate limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.settings.catalog import EXEMPT_ROLES, RATE_LIMIT

if TYPE_CHECKING:
    from bot.access.people import Access, Person
    from bot.access.user_rate_limit import UserRateLimit
    from bot.core.records import Place
    from bot.money.budgets import Budgets
    from bot.money.limits import Charge
    from bot.settings.resolver import EffectiveSettings, SettingsResolver


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody may ask: the settings that apply, resolved once for the whole question, and who is billed."""

    effective: EffectiveSettings
    charge: Charge


class Gate:
    """Lets questions in, or says why not."""

    def __init__(
        self, resolver: SettingsResolver, access: Access, rate_limit: UserRateLimit, budgets: Budgets
    ) -> None:
        self._resolver = resolver
        self._access = access
        self._rate_limit = rate_limit
        self._budgets = budgets

    async def admit(self, person: Person, place: Place, *, effective: EffectiveSettings | None = None) -> Admitted:
        """Let somebody ask in a place, and count the question; `effective` where it has been resolved already.

        When the question's turn comes, the budgets are checked again, with what it will probably cost.

        Raises:
            NotAllowedError: the lists keep them from asking.
            UserRateLimitError: they ask too often.
            BudgetSpentError: there is no money left.
            StorageError: the settings or budgets can't be read.
        """
        effective = effective or await self._resolver.effective(place)
        self._access.check(person, place, effective)
        is_exempt = bool(person.role_ids & effective.ids(EXEMPT_ROLES))
        charge = self._budgets.charge(person.id, place, effective, is_exempt=is_exempt)
        await self._budgets.check(charge.limits)
        if (per_minute := effective.number(RATE_LIMIT)) and not is_exempt:
            self._rate_limit.take((person.id, place.guild_id), per_minute=int(per_minute))
        return Admitted(effective, charge)
