"""Which process answers a message, and which one a running reply belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.units import DAY_S
from bot.storage.engine.session import marks

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.conversation.ports import StoredReply
    from bot.storage.engine.database import Database

KEPT_S = DAY_S  # Discord doesn't deliver a message again after that
TIDY_EVERY = 500  # claims between two deletions of old ones

CLAIM = """
    INSERT INTO claims (message_id, claimed_by, claimed_at) VALUES (?1, ?2, ?3) ON CONFLICT (message_id) DO NOTHING
"""
TAKE_TURN = """
    INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, kept_at = excluded.kept_at
    WHERE cache.kept_at NOT BETWEEN excluded.kept_at - CAST(?4 AS BIGINT) + 1 AND excluded.kept_at + 60
"""
DELETE_OLD = "DELETE FROM claims WHERE claimed_at < ?1"
RENEW = "UPDATE replies SET leased_at = ?1 WHERE leased_by = ?2 AND state = 'streaming' AND id IN ({})"
TAKEN = "SELECT id FROM replies WHERE leased_by <> ?1 AND id IN ({})"
TAKE_OVER = """
    UPDATE replies SET leased_by = ?2, leased_at = ?3
    WHERE id = ?1 AND state = 'streaming' AND COALESCE(leased_by, '') = ?4 AND leased_at = ?5
"""


class SqliteClaims:
    """The `Claims` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made = 0

    async def claim_message(self, message_id: int, *, by: str, now: int) -> bool:
        if self._made % TIDY_EVERY == 0:  # and at the first claim after a start
            async with self._database.single() as session:
                await session.execute(DELETE_OLD, now - KEPT_S)
        self._made += 1
        async with self._database.single() as session:
            return await session.execute(CLAIM, message_id, by, now) > 0

    async def take_turn(self, name: str, *, by: str, now: int, every_s: int) -> bool:
        async with self._database.single() as session:
            return await session.execute(TAKE_TURN, f"turn of {name}", by, now, every_s) > 0

    async def renew_leases(self, reply_ids: Collection[int], *, by: str, now: int) -> Collection[int]:
        if not reply_ids:
            return ()
        async with self._database.single() as session:
            renewed = await session.execute(RENEW.format(marks(3, len(reply_ids))), now, by, *reply_ids)
            if renewed == len(reply_ids):
                return ()
            return [id_ for (id_,) in await session.fetch(TAKEN.format(marks(2, len(reply_ids))), by, *reply_ids)]

    async def take_over(self, reply: StoredReply, *, by: str, now: int) -> bool:
        async with self._database.single() as session:
            return await session.execute(TAKE_OVER, reply.id, by, now, reply.leased_by, reply.leased_at) > 0
