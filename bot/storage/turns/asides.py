"""What answers brought besides their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.conversation.asides.kept import AsideKind
    from bot.conversation.ports import ClosedReply
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session

# Gives nothing where the answer has been deleted meanwhile.
KEEP = """
    INSERT INTO asides (turn_id, kind, text, kept_at)
    SELECT r.answer_id, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS BIGINT)
    FROM replies r WHERE r.id = ?1 AND r.answer_id IS NOT NULL
    ON CONFLICT (turn_id, kind) DO UPDATE SET text = excluded.text, kept_at = excluded.kept_at
"""
READ = "SELECT a.text FROM replies r JOIN asides a ON a.turn_id = r.answer_id WHERE r.id = ?1 AND a.kind = ?2"
DROP = "DELETE FROM asides WHERE turn_id = ?1"


class SqliteAsides:
    """The `Asides` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, reply_id: int, kind: AsideKind) -> str | None:
        async with self._database.read() as session:
            row = await session.fetch_one(READ, reply_id, kind)
        return None if row is None else str(row[0])


async def keep_asides(session: Session, closed: ClosedReply) -> None:
    """Keep what an answer brought, as a part of the transaction that ends it."""
    for aside in closed.kept.asides:
        await session.execute(KEEP, closed.reply_id, aside.kind, aside.text, closed.now)


async def drop_asides(session: Session, answer_id: int) -> None:
    """Erase what an answer brought: it's deleted, or replaced."""
    await session.execute(DROP, answer_id)
