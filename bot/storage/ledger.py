"""What answers cost, and what each account has spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.core.records import Place
from bot.money.ledger import Estimate, Period, accounts, channel_of, period_name
from bot.storage.engine.session import marks
from bot.storage.last_known import LastKnown
from bot.storage.rows import only

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.money.ledger import Entry
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session, Value

# Gives nothing when the reply is booked already, by another process or before a crash. An entry without a reply is
# known by its call: it may come from the file of unbooked entries again after a kill.
BOOK = """
    INSERT INTO ledger (booked_at, guild_id, channel_id, user_id, reply_id, model, state, prompt_tokens,
        completion_tokens, cost_nano_usd, estimated, first_token_ms, generation_id, reported_nano_usd)
    SELECT CAST(?1 AS BIGINT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), CAST(?5 AS BIGINT),
        CAST(?6 AS TEXT), CAST(?7 AS TEXT), CAST(?8 AS BIGINT), CAST(?9 AS BIGINT), CAST(?10 AS BIGINT),
        CAST(?11 AS INTEGER), CAST(?12 AS BIGINT), CAST(?13 AS TEXT), CAST(?14 AS BIGINT)
    WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.reply_id = ?5)
        AND (CAST(?5 AS BIGINT) IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM ledger l WHERE l.user_id = ?4 AND l.booked_at = ?1 AND l.generation_id = ?13))
    RETURNING id
"""
ADD = """
    INSERT INTO spending (account, period, nano_usd) VALUES {rows}
    ON CONFLICT (account, period) DO UPDATE SET nano_usd = spending.nano_usd + excluded.nano_usd
"""
ESTIMATED = """
    SELECT booked_at, guild_id, channel_id, user_id, cost_nano_usd FROM ledger WHERE id = ?1 AND estimated = 1
"""
ESTIMATES = """
    SELECT id, generation_id, reported_nano_usd FROM ledger
    WHERE estimated = 1 AND booked_at >= ?1 AND generation_id IS NOT NULL
    ORDER BY booked_at, id
"""
SPENT = "SELECT account, period, nano_usd FROM spending WHERE period IN (?1, ?2) AND account IN ({})"


class SqliteLedger:
    """The `Ledger` in a database. It keeps totals, so reading them costs the same however much is booked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last_known: LastKnown[tuple[str, str], int] = LastKnown()  # spent, by account and period

    async def book(self, entry: Entry) -> int:
        async with self._database.write() as session:
            return await book(session, entry)

    async def correct(self, entry_id: int, nano_usd: int) -> None:
        async with self._database.write() as session:
            row = await session.fetch_one(ESTIMATED, entry_id)
            if row is None:
                return
            at, guild_id, channel_id, user_id, estimate = row
            await session.execute(
                "UPDATE ledger SET cost_nano_usd = ?2, estimated = 0 WHERE id = ?1", entry_id, nano_usd
            )
            place = Place(channel_id=channel_id, guild_id=guild_id)
            await _add(session, user_id, place, at=at, nano_usd=nano_usd - estimate)

    async def estimates(self, *, since: int) -> Sequence[Estimate]:
        async with self._database.read() as session:
            return [Estimate(*row) for row in await session.fetch(ESTIMATES, since)]

    async def spent(self, accounts: Sequence[str], *, at: int) -> Mapping[tuple[str, Period], int]:
        names = {period_name(period, at): period for period in Period}
        sql = SPENT.format(marks(3, len(accounts)))
        keys = [(account, name) for account in accounts for name in names]
        try:
            async with self._database.read() as session:
                rows = await session.fetch(sql, *names, *accounts)
        except StorageError as error:
            try:
                spent = {key: self._last_known.get(key) for key in keys}
            except KeyError:
                raise error from None
        else:
            spent = {(account, name): nano_usd for account, name, nano_usd in rows}
            for key in keys:
                self._last_known.keep(key, spent.get(key, 0))
        return {(account, names[name]): nano_usd for (account, name), nano_usd in spent.items() if nano_usd}


async def book(session: Session, entry: Entry) -> int:
    """Book an entry in a running transaction. Returns its id, or 0 when its reply is booked already."""
    place, cost = entry.place, entry.cost
    row = await session.fetch_one(
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
        entry.generation_id,
        cost.reported_nano_usd,
    )
    if row is None:
        return 0
    await _add(session, entry.user_id, place, at=entry.at, nano_usd=cost.nano_usd)
    return only(row)


async def _add(session: Session, user_id: int, place: Place, *, at: int, nano_usd: int) -> None:
    """Add to the totals of everybody concerned, in one statement."""
    values: list[Value] = []
    for account in accounts(user_id, place):
        for period in Period:
            values += (account, period_name(period, at), nano_usd)
    rows = ", ".join(f"({marks(first, 3)})" for first in range(1, len(values) + 1, 3))
    await session.execute(ADD.format(rows=rows), *values)
