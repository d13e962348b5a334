"""Turns and replies in the database."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bot.core.messages import Place, Question, ReplyState, Role, StoredReply, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.messages import Usage
    from bot.storage.database import Database
    from bot.storage.session import Row, Session

NEWEST = 2**63 - 1  # above every id

# What a prompt may use: answers that showed something, questions with such an answer, and the newest question.
USABLE = """
    FROM turns t
    WHERE t.channel_id = ?1
      AND t.id < ?2
      AND t.id > COALESCE((SELECT c.cleared_to FROM conversations c WHERE c.channel_id = ?1), 0)
      AND CASE t.role
          WHEN 'assistant' THEN t.text <> ''
          ELSE EXISTS (SELECT 1 FROM turns a WHERE a.question_id = t.id AND a.text <> '')
              OR t.id = (SELECT MAX(n.id) FROM turns n WHERE n.channel_id = ?1 AND n.role = 'user')
          END
"""
WINDOW = f"""
    SELECT t.id, t.role, t.text, t.author_id, t.author_name, t.created_at, t.state
    {USABLE}
    ORDER BY t.id DESC LIMIT ?3
"""
COUNT = f"SELECT COUNT(*) {USABLE}"

ADD_CONVERSATION = """
    INSERT INTO conversations (channel_id, guild_id, parent_id) VALUES (?1, ?2, ?3)
    ON CONFLICT (channel_id) DO NOTHING
"""
ADD_QUESTION = """
    INSERT INTO turns (channel_id, role, text, author_id, author_name, message_id, created_at)
    VALUES (?1, 'user', ?2, ?3, ?4, ?5, ?6) RETURNING id
"""
# Gives nothing where the question has been deleted meanwhile: its answer is then not remembered either.
ADD_ANSWER = """
    INSERT INTO turns (channel_id, role, text, state, author_name, question_id, created_at)
    SELECT q.channel_id, 'assistant', '', 'streaming', '', q.id, CAST(?2 AS BIGINT) FROM turns q WHERE q.id = ?1
    ON CONFLICT (question_id) DO UPDATE SET state = excluded.state
    RETURNING id
"""
KEEP_TEXT = "UPDATE turns SET text = ?2 WHERE id = (SELECT answer_id FROM replies WHERE id = ?1)"
END_ANSWER = "UPDATE turns SET text = ?2, state = ?3 WHERE id = (SELECT answer_id FROM replies WHERE id = ?1)"
GET_QUESTION = """
    SELECT t.channel_id, c.guild_id, c.parent_id, t.author_id, t.author_name, t.text, t.message_id
    FROM turns t JOIN conversations c ON c.channel_id = t.channel_id
    WHERE t.id = ?1 AND t.role = 'user'
"""

OPEN_REPLY = """
    INSERT INTO replies (channel_id, guild_id, parent_id, asker_id, question_message_id, private,
        state, model, opened_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'streaming', ?7, ?8) RETURNING id
"""
CLOSE_REPLY = """
    UPDATE replies SET state = ?2, model = ?3, generation_id = ?4, error = ?5, closed_at = ?6,
        prompt_tokens = ?7, completion_tokens = ?8, cached_tokens = ?9, reasoning_tokens = ?10, cost_nano_usd = ?11
    WHERE id = ?1
"""
ADD_MESSAGE = """
    INSERT INTO reply_messages (message_id, reply_id, ordinal)
    SELECT CAST(?2 AS BIGINT), CAST(?1 AS BIGINT), COALESCE(MAX(m.ordinal) + 1, 0)
    FROM reply_messages m WHERE m.reply_id = ?1
    ON CONFLICT (message_id) DO UPDATE SET reply_id = excluded.reply_id, ordinal = excluded.ordinal
    WHERE reply_messages.reply_id <> excluded.reply_id
"""
TAKE_MESSAGES_OVER = """
    UPDATE reply_messages SET reply_id = ?1
    WHERE reply_id = (SELECT MAX(r.id) FROM replies r WHERE r.answer_id = ?2)
"""
REPLIES = """
    SELECT r.id, r.channel_id, r.guild_id, r.parent_id, r.asker_id, r.model, r.state, r.opened_at,
        r.question_message_id, r.private, a.text, a.question_id, m.message_id
    FROM replies r
    LEFT JOIN turns a ON a.id = r.answer_id
    LEFT JOIN reply_messages m ON m.reply_id = r.id
    WHERE {which}
    ORDER BY r.id, m.ordinal
"""
ONE_REPLY = REPLIES.format(which="r.id = ?1")
UNFINISHED_REPLIES = REPLIES.format(which="r.state = 'streaming'")  # a literal: else its index cannot be used

CLEAR = """
    UPDATE conversations SET cleared_by = ?2, cleared_at = ?3,
        cleared_to = COALESCE((SELECT MAX(t.id) FROM turns t WHERE t.channel_id = ?1), cleared_to)
    WHERE channel_id = ?1
"""


class SqliteConversations:
    """The `ConversationStore` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Questions

    async def add_question(self, question: Question, *, reply_id: int, now: int) -> int:
        place = question.place
        async with self._database.write() as session:
            await session.execute(ADD_CONVERSATION, place.channel_id, place.guild_id, place.parent_id)
            row = await session.fetch_one(
                ADD_QUESTION,
                place.channel_id,
                question.text,
                question.author_id,
                question.author_name,
                question.message_id,
                now,
            )
            turn_id = _only(row)
            await _connect_answer(session, turn_id, reply_id=reply_id, now=now)
        return turn_id

    async def answer_again(self, turn_id: int, *, reply_id: int, now: int) -> None:
        async with self._database.write() as session:
            await _connect_answer(session, turn_id, reply_id=reply_id, now=now)

    async def question(self, turn_id: int) -> Question | None:
        async with self._database.read() as session:
            row = await session.fetch_one(GET_QUESTION, turn_id)
        if row is None:
            return None
        channel_id, guild_id, parent_id, author_id, author_name, text, message_id = row
        return Question(
            place=Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id),
            author_id=author_id,
            author_name=author_name,
            text=text,
            message_id=message_id,
        )

    # Replies

    async def open_reply(self, question: Question, *, model: str, now: int) -> int:
        place = question.place
        async with self._database.write() as session:
            row = await session.fetch_one(
                OPEN_REPLY,
                place.channel_id,
                place.guild_id,
                place.parent_id,
                question.author_id,
                question.message_id,
                int(question.private),
                model,
                now,
            )
        return _only(row)

    async def add_reply_message(self, reply_id: int, message_id: int) -> None:
        async with self._database.write() as session:
            await session.execute(ADD_MESSAGE, reply_id, message_id)

    async def checkpoint(self, reply_id: int, text: str) -> None:
        async with self._database.write() as session:
            await session.execute(KEEP_TEXT, reply_id, text)

    async def close_reply(
        self,
        reply_id: int,
        *,
        state: ReplyState,
        text: str,
        model: str,
        usage: Usage | None,
        generation_id: str | None,
        error: str,
        now: int,
    ) -> None:
        async with self._database.write() as session:
            await session.execute(
                CLOSE_REPLY, reply_id, state, model, generation_id, error, now, *_usage_columns(usage)
            )
            await session.execute(END_ANSWER, reply_id, text, state)

    async def reply(self, reply_id: int) -> StoredReply | None:
        async with self._database.read() as session:
            rows = await session.fetch(ONE_REPLY, reply_id)
        return _stored_reply(rows) if rows else None

    async def unfinished_replies(self) -> Sequence[StoredReply]:
        async with self._database.read() as session:
            rows = await session.fetch(UNFINISHED_REPLIES)
        return [_stored_reply(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]

    # The conversation

    async def window(self, place: Place, *, before: int | None = None, limit: int = 60) -> Sequence[Turn]:
        async with self._database.read() as session:
            rows = await session.fetch(WINDOW, place.channel_id, NEWEST if before is None else before, limit)
        return [_turn(row) for row in rows]

    async def count(self, place: Place) -> int:
        async with self._database.read() as session:
            return _only(await session.fetch_one(COUNT, place.channel_id, NEWEST))

    async def clear(self, place: Place, *, by: int, now: int) -> int:
        async with self._database.write() as session:
            hidden = _only(await session.fetch_one(COUNT, place.channel_id, NEWEST))
            await session.execute(CLEAR, place.channel_id, by, now)
        return hidden


async def _connect_answer(session: Session, turn_id: int, *, reply_id: int, now: int) -> None:
    """Give a question its answer's turn, unless it has one, and let the reply write to it."""
    row = await session.fetch_one(ADD_ANSWER, turn_id, now)
    if row is not None:
        await session.execute(TAKE_MESSAGES_OVER, reply_id, row[0])
        await session.execute("UPDATE replies SET answer_id = ?2 WHERE id = ?1", reply_id, row[0])


def _only(row: Row | None) -> int:
    """The one number of a row that is always there."""
    if row is None:
        raise LookupError("the database gave no row")
    return int(row[0])


def _usage_columns(usage: Usage | None) -> tuple[int | None, ...]:
    if usage is None:
        return (None,) * 5
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.cost_nano_usd,
    )


def _turn(row: Row) -> Turn:
    turn_id, role, text, author_id, author_name, created_at, state = row
    return Turn(
        id=turn_id,
        role=Role(role),
        text=text,
        author_id=author_id,
        author_name=author_name,
        created_at=created_at,
        state=None if state is None else ReplyState(state),
    )


def _stored_reply(rows: Sequence[Row]) -> StoredReply:
    """A reply from its rows, one for each message that shows it."""
    reply_id, channel_id, guild_id, parent_id, asker_id, model, state, opened_at, *rest = rows[0]
    question_message_id, private, text, turn_id, _ = rest
    return StoredReply(
        id=reply_id,
        place=Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id),
        asker_id=asker_id,
        model=model,
        state=ReplyState(state),
        text=text or "",
        message_ids=tuple(row[-1] for row in rows if row[-1] is not None),
        turn_id=turn_id,
        question_message_id=question_message_id,
        private=bool(private),
        opened_at=opened_at,
    )
