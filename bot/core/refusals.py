"""Why somebody is not answered although nothing failed: the rules of those who run the bot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors import HeadwaterError
from bot.core.knobs import dollars
from bot.core.ledger import Period


class Rule(StrEnum):
    """The rule that a question met."""

    SILENT = "silent"
    CHANNEL = "channel"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"


SENTENCES = {
    Rule.SILENT: "I am set not to answer here.",
    Rule.CHANNEL: "I am set not to answer in this channel. Please ask in another one.",
    Rule.DENIED: "The admins of this server have asked me not to answer you here.",
    Rule.NOT_ALLOWED: "Only some roles may ask me here. An admin can tell you more.",
}


class NotAllowedError(HeadwaterError):
    """The lists of a server or channel keep somebody from asking."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self.rule = rule

    @property
    def sentence(self) -> str:
        return SENTENCES[self.rule]


class PaceError(HeadwaterError):
    """Somebody asks more often than the settings let them. `retry_after` is in seconds."""

    def __init__(self, *, per_minute: int, retry_after: float) -> None:
        super().__init__(per_minute, retry_after)
        self.per_minute = per_minute
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        often = "once a minute" if self.per_minute == 1 else f"{self.per_minute} times a minute"
        return f"You may ask me {often} here. Please ask again in {math.ceil(self.retry_after)} s."


class Payer(StrEnum):
    """Whose budget it is."""

    PERSON = "person"
    CHANNEL = "channel"
    SERVER = "server"
    OWNER = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A budget that holds for a question: the account it looks at, and the most it may spend."""

    payer: Payer
    period: Period
    account: str
    nano_usd: int


OWNERS = {
    Payer.PERSON: "Your",
    Payer.CHANNEL: "This channel's",
    Payer.SERVER: "This server's",
    Payer.OWNER: "My owner's",
}


def budget_name(limit: Limit) -> str:
    """`Your budget of $2.00 for this month`."""
    when = "today" if limit.period is Period.DAY else "this month"
    return f"{OWNERS[limit.payer]} budget of {dollars(limit.nano_usd)} for {when}"


class BudgetSpentError(HeadwaterError):
    """A budget is used up. `resets_at` is in seconds since the epoch."""

    def __init__(self, limit: Limit, *, resets_at: int) -> None:
        super().__init__(limit, resets_at)
        self.limit = limit
        self.resets_at = resets_at

    @property
    def sentence(self) -> str:
        anew = f"<t:{self.resets_at}:R>, at <t:{self.resets_at}:f>"
        return f"{budget_name(self.limit)} is used up. It begins anew {anew}."
