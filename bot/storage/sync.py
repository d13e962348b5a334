"""Turns that follow what happens to the messages that show them."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bot.conversation.ports import ShownTurn
from bot.storage.turns.asides import drop_asides
from bot.storage.turns.attachments import delete_attachments, delete_turns, drop_pictures, files_gone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.core.records import Place
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session

IS_QUESTION = "SELECT 1 FROM turns WHERE message_id = ?1"
EDIT_QUESTION = "UPDATE turns SET text = ?2 WHERE message_id = ?1 AND text <> ?2"
MOVE_QUESTION = "UPDATE turns SET message_id = ?2 WHERE message_id = ?1"
IS_SHOWN = "SELECT 1 FROM reply_messages WHERE message_id = ?1"
ASKED_BY = "turns.message_id = ?1"
ANSWER_OF = """
    SELECT r.answer_id FROM reply_messages m JOIN replies r ON r.id = m.reply_id
    WHERE m.message_id = ?1 AND r.answer_id IS NOT NULL
"""
# The row stays, so that a new answer to the same question takes the same place in the conversation.
EMPTY_ANSWER = "UPDATE turns SET text = '' WHERE (id = ?1 OR copy_of = ?1) AND text <> ''"
DROP_MESSAGE = "DELETE FROM reply_messages WHERE message_id = ?1"
REPLY_OF = "SELECT reply_id FROM reply_messages WHERE message_id = ?1"
# A thread has the id of the message that started it, which is in the parent channel.
SHOWN = """
    SELECT newest.id, newest.text, newest.is_question, COALESCE(newest.message_id, m.message_id)
    FROM (
        SELECT t.id, t.text, t.message_id, t.question_id IS NULL AND t.role = 'user' AS is_question FROM turns t
        WHERE t.channel_id = ?1 AND t.copy_of IS NULL AND COALESCE(t.state, '') <> 'streaming'
            AND t.id > COALESCE((SELECT c.cleared_to FROM conversations c WHERE c.channel_id = ?1), 0)
        ORDER BY t.id DESC LIMIT ?2
    ) newest
    LEFT JOIN replies r ON r.answer_id = newest.id
    LEFT JOIN reply_messages m ON m.reply_id = r.id
    WHERE COALESCE(newest.message_id, m.message_id) IS NOT NULL AND COALESCE(newest.message_id, 0) <> ?1
    ORDER BY newest.id DESC, m.ordinal
"""


class SqliteMessageSync:
    """The `MessageSync` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edit_question(self, message_id: int, text: str) -> bool:
        async with self._database.read() as session:  # most edited messages aren't ours
            if not await session.fetch(IS_QUESTION, message_id):
                return False
        async with self._database.write() as session:
            return await session.execute(EDIT_QUESTION, message_id, text) > 0

    async def keep_files(self, message_id: int, names: Collection[str]) -> int:
        async with self._database.read() as session:
            gone = await files_gone(session, message_id, names)
        if gone:
            async with self._database.write() as session:
                await delete_attachments(session, gone)
        return len(gone)

    async def move_question(self, message_id: int, *, to: int) -> None:
        async with self._database.write() as session:
            await session.execute(MOVE_QUESTION, message_id, to)

    async def delete_messages(self, message_ids: Iterable[int]) -> int:
        async with self._database.read() as session:
            known = [message_id for message_id in message_ids if await _is_known(session, message_id)]
        if not known:
            return 0
        async with self._database.write() as session:
            return sum([await _delete(session, message_id) for message_id in known])

    async def drop_message(self, message_id: int) -> None:
        async with self._database.write() as session:
            await session.execute(DROP_MESSAGE, message_id)

    async def reply_of(self, message_id: int) -> int | None:
        async with self._database.read() as session:
            row = await session.fetch_one(REPLY_OF, message_id)
        return None if row is None else int(row[0])

    async def shown(self, place: Place, *, limit: int) -> Sequence[ShownTurn]:
        async with self._database.read() as session:
            rows = await session.fetch(SHOWN, place.channel_id, limit)
        return [
            ShownTurn(text=text, is_question=bool(is_question), message_ids=tuple(row[-1] for row in group))
            for (_, text, is_question), group in groupby(rows, key=lambda row: row[:3])
        ]


async def _is_known(session: Session, message_id: int) -> bool:
    return bool(await session.fetch(IS_QUESTION, message_id) or await session.fetch(IS_SHOWN, message_id))


async def _delete(session: Session, message_id: int) -> int:
    turns = await delete_turns(session, ASKED_BY, message_id)
    answer = await session.fetch_one(ANSWER_OF, message_id)
    if answer is not None:
        turns += await session.execute(EMPTY_ANSWER, answer[0])
        await drop_asides(session, answer[0])
        await drop_pictures(session, answer[0], copies=True)
    await session.execute(DROP_MESSAGE, message_id)
    return turns
