"""What each process has set aside for answers under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.money.reservations import HELD_S
from bot.storage.engine.session import marks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bot.storage.engine.database import Database

ELSEWHERE = """
    SELECT account, SUM(nano_usd) FROM reservations
    WHERE account IN ({}) AND process <> ?1 AND renewed_at >= ?2
    GROUP BY account
"""
PUT = """
    INSERT INTO reservations (process, account, nano_usd, renewed_at) VALUES {}
    ON CONFLICT (account, process) DO UPDATE SET nano_usd = excluded.nano_usd, renewed_at = excluded.renewed_at
"""
REMOVE = "DELETE FROM reservations WHERE process = ?1 AND account IN ({})"
TIDY = "DELETE FROM reservations WHERE renewed_at < ?1"


class SqliteReservations:
    """The `SharedReservations` in a database."""

    def __init__(self, database: Database, *, process: str) -> None:
        self._database = database
        self._process = process

    async def put(
        self,
        own: Mapping[str, int],
        *,
        now: int,
        check: Callable[[Mapping[str, int]], Awaitable[bool]] | None = None,
    ) -> bool:
        async with self._database.write() as session:
            if check:
                sql = ELSEWHERE.format(marks(3, len(own)))
                if not await check(dict(await session.fetch(sql, self._process, now - HELD_S, *own))):
                    return False
            held = {account: nano_usd for account, nano_usd in own.items() if nano_usd > 0}
            if held:
                rows = ", ".join(
                    f"(?1, ?{number}, ?{number + 1}, ?2)" for number in range(3, 3 + 2 * len(held), 2)
                )
                values = [value for pair in held.items() for value in pair]
                await session.execute(PUT.format(rows), self._process, now, *values)
            if gone := own.keys() - held:
                await session.execute(REMOVE.format(marks(2, len(gone))), self._process, *gone)
            await session.execute(TIDY, now - HELD_S)
        return True
