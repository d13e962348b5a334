"""Calls under way, kept with their replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.records import Place
from bot.money.open_calls import OpenCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row

RESERVE = "UPDATE replies SET payer_id = ?2, reserved_nano_usd = ?3 WHERE id = ?1"
BEGIN = "UPDATE replies SET model = ?2, generation_id = ?3 WHERE id = ?1"
ABANDONED = """
    SELECT id, channel_id, guild_id, parent_id, payer_id, model, reserved_nano_usd, generation_id, opened_at
    FROM replies WHERE reserved_nano_usd IS NOT NULL AND leased_at < ?1
    ORDER BY id
"""


class SqliteOpenCalls:
    """The `OpenCalls` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, reply_id: int, *, user_id: int, nano_usd: int) -> None:
        async with self._database.single() as session:
            await session.execute(RESERVE, reply_id, user_id, nano_usd)

    async def begin(self, reply_id: int, *, model: str, generation_id: str | None) -> None:
        async with self._database.single() as session:
            await session.execute(BEGIN, reply_id, model, generation_id)

    async def abandoned(self, *, before: int) -> Sequence[OpenCall]:
        async with self._database.read() as session:
            rows = await session.fetch(ABANDONED, before)
        return [_call(row) for row in rows]


def _call(row: Row) -> OpenCall:
    reply_id, channel_id, guild_id, parent_id, user_id, model, reserved, generation_id, opened_at = row
    return OpenCall(
        reply_id=reply_id,
        place=Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id),
        user_id=user_id,
        model=model,
        reserved_nano_usd=reserved,
        generation_id=generation_id,
        opened_at=opened_at,
    )
