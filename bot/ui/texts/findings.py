"""Whether everything the bot needs is as it should be, and how to fix what is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError
from bot.ui.texts.connection import COPY_TOKEN, TURN_INTENT_ON

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


REJECTED_TOKEN = Finding(what="Discord token", verdict=Verdict.FAULT, detail="Discord rejected it", fix=COPY_TOKEN)


def token_finding(application: str) -> Finding:
    """For a token that works; `application` is the name of what it belongs to."""
    return Finding(what="Discord token", detail=f"it belongs to {application}")


def unreachable_finding(reason: str) -> Finding:
    """For a login that failed on the way."""
    detail, fix = f"Discord can't be reached ({reason})", "Check this machine's connection to discord.com."
    return Finding(what="Discord token", verdict=Verdict.FAULT, detail=detail, fix=fix)


async def key_finding(credit: Callable[[], Awaitable[float | None]]) -> Finding:
    """Ask the provider about the key; `credit` gives the dollars left on it, None where it has no limit."""
    try:
        left = await credit()
    except HeadwaterError as error:
        fix = "Check the key and the provider's address in the settings, and that this machine can reach it."
        return Finding(what="API key", verdict=Verdict.FAULT, detail=error.sentence, fix=fix)
    if left is None:
        return Finding(what="API key", detail="it works and has no limit")
    if left > LITTLE_USD:
        return Finding(what="API key", detail=f"it works, with ${left:,.2f} left")
    verdict = Verdict.WARNING if left > 0 else Verdict.FAULT
    detail, fix = f"it works, but only ${left:,.2f} left", "Raise the key's limit, or buy credits."
    return Finding(what="API key", verdict=verdict, detail=detail, fix=fix)


def model_finding(model: str, catalog: Catalog) -> Finding:
    """Look a model up in the provider's list."""
    what = f"model {model}"
    if not catalog.models():
        fix = "Check the provider's address in the settings, and that this machine can reach it."
        detail = "the provider's list of models hasn't arrived"
        return Finding(what=what, verdict=Verdict.WARNING, detail=detail, fix=fix)
    if catalog.get(model) is None:
        fix = "Choose another with `/model set`, or in MODEL and FALLBACK_MODELS."
        return Finding(what=what, verdict=Verdict.FAULT, detail="the provider doesn't offer it", fix=fix)
    return Finding(what=what, detail="the provider offers it")


async def database_finding(examine: Callable[[], Awaitable[int]]) -> Finding:
    """Write to the database; `examine` does so and gives its size in bytes."""
    try:
        size = await examine()
    except HeadwaterError as error:
        fix = "Check the disk, and that the bot can write to the file in DATABASE_URL."
        return Finding(what="database", verdict=Verdict.FAULT, detail=error.sentence, fix=fix)
    return Finding(what="database", detail=f"writable, {size / MEGABYTE:,.1f} MB")


def clock_finding(skew_s: float) -> Finding:
    """Judge how far this computer's clock is ahead of Discord's."""
    if abs(skew_s) < SKEW_S:
        return Finding(what="clock", detail="in sync with Discord")
    where = "ahead of" if skew_s > 0 else "behind"
    detail = f"{abs(skew_s):,.0f} s {where} Discord"
    return Finding(
        what="clock", verdict=Verdict.WARNING, detail=detail, fix="Synchronize this computer's clock (NTP)."
    )


def intent_finding(*, wanted: bool, granted: bool) -> Finding:
    """Compare MESSAGE_CONTENT_INTENT with what the developer portal grants."""
    if wanted and not granted:
        detail = "wanted by the settings, but not granted by Discord"
        return Finding(what="message content intent", verdict=Verdict.FAULT, detail=detail, fix=TURN_INTENT_ON)
    detail = "granted" if wanted else "off; only channels with `answer` set to `always` need it"
    return Finding(what="message content intent", detail=detail)


def permission_finding(missing: Iterable[str]) -> Finding:
    """Judge what the bot may do in a channel; `missing` are the names of permissions."""
    names = ", ".join(missing)
    if not names:
        return Finding(what="permissions here", detail="nothing is missing")
    fix = "Give them to my role in this channel's settings."
    return Finding(what="permissions here", verdict=Verdict.FAULT, detail=f"missing: {names}", fix=fix)
