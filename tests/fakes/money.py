"""A ledger in memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.money.ledger import Estimate, Period, period_name
from bot.money.ledger import accounts as accounts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.money.ledger import Entry


class MemoryLedger:
    """A `Ledger` in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def book(self, entry: Entry) -> int:
        """Keep an entry; a reply is booked once."""
        if entry.reply_id is not None and any(entry.reply_id == booked.reply_id for booked in self.entries):
            return 0
        self.entries.append(entry)
        return len(self.entries)  # from 1: 0 says that nothing was booked

    async def correct(self, entry_id: int, nano_usd: int) -> None:
        entry = self.entries[entry_id - 1]
        self.entries[entry_id - 1] = replace(entry, cost=replace(entry.cost, nano_usd=nano_usd, estimated=False))

    async def estimates(self, *, since: int) -> list[Estimate]:
        return [
            Estimate(number, entry.generation_id, entry.cost.reported_nano_usd)
            for number, entry in enumerate(self.entries, start=1)
            if entry.cost.estimated and entry.generation_id and entry.at >= since
        ]

    async def spent(self, accounts: Sequence[str], *, at: int) -> dict[tuple[str, Period], int]:
        totals: Counter[tuple[str, Period]] = Counter()
        for entry in self.entries:
            for account in set(accounts_of(entry.user_id, entry.place)) & set(accounts):
                for period in Period:
                    if period_name(period, entry.at) == period_name(period, at):
                        totals[account, period] += entry.cost.nano_usd
        return dict(totals)
