"""Money and time in one unit each, and how people read them."""

from __future__ import annotations

from decimal import Decimal

NANO = 1_000_000_000  # nano-dollars in a dollar
MINUTE_S, DAY_S = 60, 86_400  # seconds


def dollars(nano_usd: int) -> str:
    """An amount for people: cents where there are some, else as many digits as it takes to see something."""
    amount = Decimal(nano_usd) / NANO
    if not nano_usd or abs(amount) >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${amount:.2g}" if abs(amount) >= Decimal("0.0001") else f"${amount:.7f}".rstrip("0")
