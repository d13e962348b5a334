"""Budgets that apply to a question, and the refusal when one is used up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError
from bot.core.units import dollars
from bot.money.ledger import Period

if TYPE_CHECKING:
    from bot.core.records import Place


class Payer(StrEnum):
    """Whose budget it is."""

    PERSON = "person"
    CHANNEL = "channel"
    SERVER = "server"
    OWNER = "owner"
    ALLOWANCE = "allowance"  # what the owner allows one person, over all servers and direct messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget that applies to a question: the account it counts, and the most that may be spent."""

    payer: Payer
    period: Period
    account: str
    nano_usd: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Who a call of a model is billed to, where, and the budgets it must fit into."""

    user_id: int
    place: Place
    limits: tuple[Limit, ...] = ()


WHOSE = {
    Payer.PERSON: "Your",
    Payer.CHANNEL: "This channel's",
    Payer.SERVER: "This server's",
    Payer.OWNER: "The bot owner's",
    Payer.ALLOWANCE: "The bot owner's per-person",
}


def budget_name(limit: Limit) -> str:
    """`Your budget of $2.00 for this month`."""
    when = "today" if limit.period is Period.DAY else "this month"
    return f"{WHOSE[limit.payer]} budget of {dollars(limit.nano_usd)} for {when}"


class BudgetSpentError(HeadwaterError):
    """A budget is used up. `resets_at` is in seconds since the epoch."""

    def __init__(self, limit: Limit, *, resets_at: int) -> None:
        super().__init__(limit, resets_at)
        self.limit = limit
        self.resets_at = resets_at

    @property
    def sentence(self) -> str:
        return (
            f"{budget_name(self.limit)} is used up. It resets <t:{self.resets_at}:R>, at <t:{self.resets_at}:f>."
        )
