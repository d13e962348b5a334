"""What answers cost, and what each account has spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.ledger import Period, accounts, channel_of, period_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.ledger import Entry
    from bot.storage.database import Database

BOOK = """
    INSERT INTO ledger (booked_at, guild_id, channel_id, user_id, reply_id, model, state, prompt_tokens,
        completion_tokens, cost_nano_usd, estimated, first_token_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
"""
ADD = """
    INSERT INTO spending (account, period, nano_usd) VALUES (?1, ?2, ?3)
    ON CONFLICT (account, period) DO UPDATE SET nano_usd = spending.nano_usd + excluded.nano_usd
"""


class SqliteLedger:
    """The `Ledger` in a database. Totals are kept, so that asking for them costs the same whatever was booked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, entry: Entry) -> None:
        place, cost = entry.place, entry.cost
        async with self._database.write() as session:
            await session.execute(
                BOOK,
                entry.at,
                place.guild_id,
                channel_of(place),
                entry.user_id,
                entry.reply_id,
                entry.model,
                entry.state,
                cost.prompt_tokens,
                cost.completion_tokens,
                cost.nano_usd,
                int(cost.estimated),
                entry.first_token_ms,
            )
            for account in accounts(entry.user_id, place):
                for period in Period:
                    await session.execute(ADD, account, period_name(period, entry.at), cost.nano_usd)

    async def spent(self, accounts: Sequence[str], *, at: int) -> Mapping[tuple[str, Period], int]:
        names = {period_name(period, at): period for period in Period}
        marks = ", ".join(f"?{number}" for number in range(3, 3 + len(accounts)))
        sql = f"SELECT account, period, nano_usd FROM spending WHERE period IN (?1, ?2) AND account IN ({marks})"  # noqa: S608 - only marks go in
        async with self._database.read() as session:
            rows = await session.fetch(sql, *names, *accounts)
        return {(account, names[period]): nano_usd for account, period, nano_usd in rows}
