"""Whether everything the bot needs is as it should be, and how to fix what is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from bot.core.ports import Catalog

SKEW_S = 30.0  # what a clock may be off before dates, budgets and tokens go wrong for people to see
LITTLE_USD = 1.0
MEGABYTE = 1_000_000


class Verdict(StrEnum):
    """What a check found."""

    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `fix` says what to do where it is not fine."""

    what: str
    verdict: Verdict = Verdict.FINE
    detail: str
    fix: str = ""


async def key_finding(credit: Callable[[], Awaitable[float | None]]) -> Finding:
    """Ask the provider about the key; `credit` gives the dollars left on it, None where it has no limit."""
    try:
        left = await credit()
    except HeadwaterError as error:
        fix = "Check the key and the address in the settings, and whether the provider can be reached from here."
        return Finding(what="API key", verdict=Verdict.FAULT, detail=error.sentence, fix=fix)
    if left is None:
        return Finding(what="API key", detail="it works, and has no limit of its own")
    if left > LITTLE_USD:
        return Finding(what="API key", detail=f"it works, with ${left:,.2f} left")
    verdict = Verdict.WARNING if left > 0 else Verdict.FAULT
    detail, fix = f"it works, but has only ${left:,.2f} left", "Raise the key's limit, or buy credits."
    return Finding(what="API key", verdict=verdict, detail=detail, fix=fix)


def model_finding(model: str, catalog: Catalog) -> Finding:
    """Look a model up in the provider's list."""
    what = f"model {model}"
    if not catalog.models():
        fix = "Check the provider's address in the settings, and whether it can be reached from here."
        detail = "the provider's list of models has not arrived"
        return Finding(what=what, verdict=Verdict.WARNING, detail=detail, fix=fix)
    if catalog.get(model) is None:
        fix = "Choose another with `/model set`, or in the setting MODEL or FALLBACK_MODELS."
        return Finding(what=what, verdict=Verdict.FAULT, detail="the provider does not offer it", fix=fix)
    return Finding(what=what, detail="the provider offers it")


async def database_finding(examine: Callable[[], Awaitable[int]]) -> Finding:
    """Write to the database; `examine` does so and gives its size in bytes."""
    try:
        size = await examine()
    except HeadwaterError as error:
        fix = "Check the disk, and who may write to the file named in DATABASE_URL."
        return Finding(what="database", verdict=Verdict.FAULT, detail=error.sentence, fix=fix)
    return Finding(what="database", detail=f"it can be written, and has {size / MEGABYTE:,.1f} MB")


def clock_finding(skew_s: float) -> Finding:
    """Judge how far this computer's clock is ahead of Discord's."""
    if abs(skew_s) < SKEW_S:
        return Finding(what="clock", detail="it agrees with Discord's")
    where = "ahead of" if skew_s > 0 else "behind"
    detail = f"it is {abs(skew_s):,.0f} s {where} Discord's"
    return Finding(what="clock", verdict=Verdict.WARNING, detail=detail, fix="Let the computer keep time by NTP.")


def intent_finding(*, wanted: bool, granted: bool) -> Finding:
    """Compare MESSAGE_CONTENT_INTENT with what the developer portal grants."""
    if wanted and not granted:
        fix = (
            "Switch it on in the developer portal (Bot, Privileged Gateway Intents), or set "
            "MESSAGE_CONTENT_INTENT=false."
        )
        detail = "it is asked for, but not granted"
        return Finding(what="message content intent", verdict=Verdict.FAULT, detail=detail, fix=fix)
    detail = "granted" if wanted else "not asked for; only channels that are answered always need it"
    return Finding(what="message content intent", detail=detail)


def permission_finding(missing: Iterable[str]) -> Finding:
    """Judge what the bot may do in a channel; `missing` are the names of permissions."""
    names = ", ".join(missing)
    if not names:
        return Finding(what="permissions here", detail="all that I need")
    fix = "Give them to my role in this channel's settings."
    return Finding(what="permissions here", verdict=Verdict.FAULT, detail=f"missing: {names}", fix=fix)
