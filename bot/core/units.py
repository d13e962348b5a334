"""The units of money and time, defined here alone, and how people read amounts."""

from __future__ import annotations

from decimal import Decimal

NANO = 1_000_000_000  # nano-dollars in a dollar
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400  # seconds
DISCORD_EPOCH_S = 1_420_070_400  # https://discord.com/developers/docs/reference#snowflakes


def dollars(nano_usd: int) -> str:
    """An amount for people: in cents, or with enough digits to show anything at all."""
    amount = Decimal(nano_usd) / NANO
    if not nano_usd or abs(amount) >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${amount:.2g}" if abs(amount) >= Decimal("0.0001") else f"${amount:.7f}".rstrip("0")


def duration(seconds: float) -> str:
    """How long something has taken, to the second: `12 s`, `2 min 5 s`."""
    minutes, seconds = divmod(int(seconds), MINUTE_S)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def about(seconds: float) -> str:
    """A wait for people: in seconds, minutes or hours, whichever are enough to plan with."""
    for unit_s, name in ((HOUR_S, "hours"), (MINUTE_S, "minutes")):
        if seconds >= 2 * unit_s:
            return f"{round(seconds / unit_s)} {name}"
    return f"{max(1, round(seconds))} s"
