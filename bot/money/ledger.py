"""What answers cost: one entry for each, and totals by who spent it and when. Money is integer nano-dollars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.core.events import Usage
from bot.core.model_ids import PRICE_NEUTRAL_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.records import ModelInfo, Place

ALL = "all"  # the account that everything is booked on


class Period(StrEnum):
    """What a budget is for; by the calendar, in UTC."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Tokens and money of one answer. `estimated`: the provider reported no cost.

    `reported_nano_usd` is the part that it did report, for attempts before the estimated one.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_usd: int = 0
    estimated: bool = False
    reported_nano_usd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One answer, or a trial of a model, that has been paid for. `at` is in seconds since the epoch.

    `reply_id` is None for trials, `first_token_ms` is None if nothing arrived. `generation_id` is the provider's
    id of the call; with it, the provider can say later what an estimated call cost.
    """

    at: int
    place: Place
    user_id: int
    model: str
    state: str
    cost: Cost
    reply_id: int | None = None
    first_token_ms: int | None = None
    generation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """An entry that waits for the provider's record. `reported_nano_usd` is the part that isn't estimated."""

    entry_id: int
    generation_id: str
    reported_nano_usd: int


class Ledger(Protocol):
    """Stores entries and totals. Every method raises `StorageError`."""

    async def book(self, entry: Entry) -> int:
        """Store an entry and add it to the totals of its accounts, both or neither; returns the entry's id."""
        ...

    async def correct(self, entry_id: int, nano_usd: int) -> None:
        """Replace an entry's estimate with its real cost, in the totals too; at most once."""
        ...

    async def estimates(self, *, since: int) -> Sequence[Estimate]:
        """The estimated entries since a time whose generation is known, oldest first."""
        ...

    async def spent(self, accounts: Sequence[str], *, at: int) -> Mapping[tuple[str, Period], int]:
        """What accounts have spent in the day and the month of `at`, without those that spent nothing.

        While that can't be read, it's what was read last.
        """
        ...


def channel_of(place: Place) -> int:
    """The channel whose money is spent: a thread's is its parent's."""
    return place.channel_id if place.parent_id is None else place.parent_id


def person_account(user_id: int, place: Place) -> str:
    """Somebody in one server, or in direct messages."""
    return f"user:{user_id}" if place.guild_id is None else f"user:{user_id}@{place.guild_id}"


def allowance_account(user_id: int) -> str:
    """Somebody everywhere, for what the owner allows one person."""
    return f"person:{user_id}"


def channel_account(place: Place) -> str:
    return f"channel:{channel_of(place)}"


def guild_account(guild_id: int) -> str:
    return f"guild:{guild_id}"


def accounts(user_id: int, place: Place) -> tuple[str, ...]:
    """All accounts that an answer is booked on."""
    guild = () if place.guild_id is None else (guild_account(place.guild_id),)
    return (person_account(user_id, place), allowance_account(user_id), channel_account(place), *guild, ALL)


def period_name(period: Period, at: int) -> str:
    """`2026-11-22` or `2026-11`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d" if period is Period.DAY else "%Y-%m")


def resets_at(period: Period, at: int) -> int:
    """When the next day or month begins, in seconds since the epoch."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period is Period.DAY:
        return int((day + timedelta(days=1)).timestamp())
    return int((day.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp())


def price(info: ModelInfo | None, *, prompt_tokens: int, completion_tokens: int) -> int | None:
    """What tokens cost at the catalog's prices, in nano-dollars; None if it has none.

    A free model's variant may cost something all the same, as `:online` does.
    """
    if info is None or info.prompt_price is None or info.completion_price is None:
        return None
    nano_usd = prompt_tokens * info.prompt_price + completion_tokens * info.completion_price
    return nano_usd if nano_usd or info.suffix in PRICE_NEUTRAL_SUFFIXES else None


def cost_of(usage: Usage | None, info: ModelInfo | None, *, guess: tuple[int, int] | None) -> Cost:
    """What an answer cost.

    `usage` is what was reported, including failed attempts. `guess` has the tokens of the prompt and of the text
    of a call that started but reported nothing, such as a stopped one; None if there is no such call.
    """
    reported = _cost(usage, info)
    if guess is None:
        return reported
    guessed = _cost(Usage(prompt_tokens=guess[0], completion_tokens=guess[1]), info)
    return Cost(
        prompt_tokens=reported.prompt_tokens + guessed.prompt_tokens,
        completion_tokens=reported.completion_tokens + guessed.completion_tokens,
        nano_usd=reported.nano_usd + guessed.nano_usd,
        estimated=reported.estimated or guessed.estimated,
        reported_nano_usd=reported.nano_usd,
    )


def _cost(usage: Usage | None, info: ModelInfo | None) -> Cost:
    if usage is None:
        return Cost()
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    if usage.cost_nano_usd is not None:
        return Cost(prompt_tokens=prompt, completion_tokens=completion, nano_usd=usage.cost_nano_usd)
    nano_usd = price(info, prompt_tokens=prompt, completion_tokens=completion)
    return Cost(
        prompt_tokens=prompt, completion_tokens=completion, nano_usd=nano_usd or 0, estimated=nano_usd != 0
    )
