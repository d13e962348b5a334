"""Turns and replies in the database."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from bot.conversation.ports import OpenedAnswer
from bot.storage.engine.session import marks
from bot.storage.ledger import book
from bot.storage.rows import only, question_of, reply_of, turn_of, usage_columns
from bot.storage.turns.asides import drop_asides, keep_asides
from bot.storage.turns.attachments import attachments_of, copy, drop_pictures, hashes_of, keep, keep_pictures

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bot.conversation.ports import ClosedReply, StoredReply
    from bot.core.records import Place, Question, Turn
    from bot.money.billing import OpenCall
    from bot.money.ledger import Entry
    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session, Value

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
HAS_ATTACHMENTS = "EXISTS (SELECT 1 FROM attachments f WHERE f.turn_id = t.id)"
WINDOW = f"""
    SELECT t.id, t.role, t.text, t.author_id, t.author_name, t.created_at, t.state, t.anchor_id, {HAS_ATTACHMENTS}
    {USABLE}
    ORDER BY t.id DESC LIMIT ?3
"""
COUNT = f"SELECT COUNT(*) {USABLE}"
BRANCHED = f"SELECT t.id, t.question_id, {HAS_ATTACHMENTS} {USABLE} ORDER BY t.id DESC LIMIT ?3"

# The answer that a message shows, where something was said after it: else the question follows everything anyway.
_ANCHOR = """
    SELECT a.id FROM reply_messages m
    JOIN replies r ON r.id = m.reply_id
    JOIN turns a ON a.id = r.answer_id
    WHERE m.message_id = {message} AND a.channel_id = {channel} AND a.text <> ''
        AND EXISTS (SELECT 1 FROM turns n WHERE n.channel_id = {channel} AND n.id > a.id)
"""
ADD_CONVERSATION = """
    INSERT INTO conversations (channel_id, guild_id, parent_id) VALUES (?1, ?2, ?3)
    ON CONFLICT (channel_id) DO NOTHING
"""
# Gives nothing where the conversation is not there yet, or where somebody concerned wants nothing to be kept.
ADD_QUESTION = """
    INSERT INTO turns (channel_id, role, text, author_id, author_name, message_id, anchor_id, quoted_id,
        created_at, web)
    SELECT c.channel_id, 'user', CAST(?2 AS TEXT), CAST(?3 AS BIGINT), CAST(?4 AS TEXT), CAST(?5 AS BIGINT),
        ({anchor}), CAST(?7 AS BIGINT), CAST(?8 AS BIGINT), CAST(?9 AS INTEGER)
    FROM conversations c
    WHERE c.channel_id = ?1 AND NOT EXISTS (SELECT 1 FROM opted_out o WHERE o.user_id IN (?3, ?7))
    RETURNING id, anchor_id
""".replace("{anchor}", _ANCHOR.format(message="?6", channel="?1"))
GET_ANCHOR = _ANCHOR.format(message="?1", channel="?2")
# Gives nothing where the question has been deleted meanwhile: then its answer is not remembered either.
ADD_ANSWER = """
    INSERT INTO turns (channel_id, role, text, state, author_name, question_id, created_at)
    SELECT q.channel_id, 'assistant', '', 'streaming', '', q.id, CAST(?2 AS BIGINT) FROM turns q WHERE q.id = ?1
    ON CONFLICT (question_id) DO UPDATE SET state = excluded.state
    RETURNING id
"""
# A reply that another process has taken over is that one's.
KEEP_TEXT = """
    UPDATE turns SET text = ?2
    WHERE id = (SELECT answer_id FROM replies WHERE id = ?1 AND COALESCE(leased_by, '') = ?3)
"""
END_ANSWER = "UPDATE turns SET text = ?2, state = ?3 WHERE id = (SELECT answer_id FROM replies WHERE id = ?1)"
GET_QUESTION = """
    SELECT t.channel_id, c.guild_id, c.parent_id, t.author_id, t.author_name, t.text, t.message_id, t.anchor_id,
        t.quoted_id, t.web, EXISTS (SELECT 1 FROM attachments f WHERE f.turn_id = t.id)
    FROM turns t JOIN conversations c ON c.channel_id = t.channel_id
    WHERE t.id = ?1 AND t.role = 'user'
"""

# The answer's turn may have been erased a moment ago.
OPEN_REPLY = """
    INSERT INTO replies (channel_id, guild_id, parent_id, asker_id, question_message_id, private,
        state, model, opened_at, answer_id, leased_by, leased_at, rich_text)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'streaming', ?7, ?8, (SELECT t.id FROM turns t WHERE t.id = ?9), ?10, ?8,
        ?11)
    RETURNING id
"""
OPEN_CALL = """
    UPDATE replies SET model = ?2, payer_id = ?3, reserved_nano_usd = ?4, generation_id = ?5 WHERE id = ?1
"""
CLOSE_REPLY = """
    UPDATE replies SET state = ?2, model = ?3, generation_id = ?4, error = ?5, closed_at = ?6,
        prompt_tokens = ?7, completion_tokens = ?8, cached_tokens = ?9, reasoning_tokens = ?10,
        cost_nano_usd = ?11, reserved_nano_usd = NULL
    WHERE id = ?1 AND COALESCE(leased_by, '') = ?12
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
    WHERE reply_id = (SELECT MAX(r.id) FROM replies r WHERE r.answer_id = ?2 AND r.id <> ?1)
"""
SET_ANSWER = "UPDATE replies SET answer_id = (SELECT t.id FROM turns t WHERE t.id = ?2) WHERE id = ?1"
REPLIES = """
    SELECT r.id, r.channel_id, r.guild_id, r.parent_id, r.asker_id, r.model, r.state, r.opened_at,
        r.question_message_id, r.private, r.leased_by, r.leased_at, r.payer_id, r.reserved_nano_usd,
        r.generation_id, r.rich_text, a.text, a.question_id, m.message_id
    FROM replies r
    LEFT JOIN turns a ON a.id = r.answer_id
    LEFT JOIN reply_messages m ON m.reply_id = r.id
    WHERE {which}
    ORDER BY r.id, m.ordinal
"""
ONE_REPLY = REPLIES.format(which="r.id = ?1")
UNFINISHED_REPLIES = REPLIES.format(which="r.state = 'streaming'")  # a literal: else its index cannot be used

KNOWN_MESSAGES = "SELECT message_id FROM turns WHERE message_id IN ({marks})"
OPTED_OUT = "SELECT user_id FROM opted_out WHERE user_id IN ({marks})"

CLEAR = """
    UPDATE conversations SET cleared_by = ?2, cleared_at = ?3, cleared_from = cleared_to,
        cleared_to = COALESCE((SELECT MAX(t.id) FROM turns t WHERE t.channel_id = ?1), cleared_to)
    WHERE channel_id = ?1
"""
RESTORE = """
    UPDATE conversations SET cleared_to = cleared_from, cleared_from = NULL
    WHERE channel_id = ?1 AND cleared_from IS NOT NULL
"""
COPY_TURN = """
    INSERT INTO turns (channel_id, role, text, state, author_id, author_name, message_id, question_id,
        quoted_id, copy_of, created_at)
    SELECT CAST(?2 AS BIGINT), t.role, t.text, t.state, t.author_id, t.author_name, t.message_id,
        CAST(?3 AS BIGINT), t.quoted_id, COALESCE(t.copy_of, t.id), t.created_at
    FROM turns t WHERE t.id = ?1
    RETURNING id
"""


class SqliteConversations:
    """The `ConversationStore` in a database."""

    def __init__(self, database: Database, *, process: str = "") -> None:
        """`process` names this process, to which the replies that it opens belong."""
        self._database = database
        self._process = process

    # Questions

    async def open_answer(
        self, question: Question, *, model: str, now: int, reply_id: int = 0, rich_text: bool = False
    ) -> OpenedAnswer:
        # Each statement leaves the database as it may be, so that they need no transaction; attachments do.
        hashes = await hashes_of(question.attachments) if question.attachments else []
        async with self._database.write() if hashes else self._database.single() as session:
            added = await session.fetch_one(ADD_QUESTION, *_question_values(question, now=now))
            is_first = added is None and await _add_conversation(session, question.place)
            if is_first:
                added = await session.fetch_one(ADD_QUESTION, *_question_values(question, now=now))
            if added is None:
                reply_id = reply_id or await self._open_reply(
                    session, question, model=model, now=now, rich_text=rich_text
                )
                return OpenedAnswer(reply_id, None, await _anchor(session, question))
            turn_id, anchor_id = added
            if hashes:
                await keep(session, turn_id, question, hashes)
            answer = await session.fetch_one(ADD_ANSWER, turn_id, now)
            answer_id = None if answer is None else only(answer)
            if reply_id:
                await session.execute(SET_ANSWER, reply_id, answer_id)
            else:
                reply_id = await self._open_reply(
                    session, question, model=model, now=now, rich_text=rich_text, answer_id=answer_id
                )
        return OpenedAnswer(reply_id, turn_id, anchor_id, is_first)

    async def reopen_answer(
        self, turn_id: int, question: Question, *, model: str, now: int, rich_text: bool = False
    ) -> int:
        async with self._database.write() as session:
            row = await session.fetch_one(ADD_ANSWER, turn_id, now)
            answer_id = None if row is None else only(row)
            reply_id = await self._open_reply(
                session, question, model=model, now=now, rich_text=rich_text, answer_id=answer_id
            )
            if answer_id is not None:
                await session.execute(TAKE_MESSAGES_OVER, reply_id, answer_id)
                await drop_asides(session, answer_id)
                await drop_pictures(session, answer_id, copies=False)
        return reply_id

    async def question(self, turn_id: int) -> Question | None:
        async with self._database.read() as session:
            if (row := await session.fetch_one(GET_QUESTION, turn_id)) is None:
                return None
            *columns, has_attachments = row
            found = await attachments_of(session, [turn_id]) if has_attachments else {}
        return replace(question_of(columns), attachments=found.get(turn_id, ()))

    # Replies

    async def open_reply(self, question: Question, *, model: str, now: int, rich_text: bool = False) -> int:
        async with self._database.single() as session:
            return await self._open_reply(session, question, model=model, now=now, rich_text=rich_text)

    async def _open_reply(
        self,
        session: Session,
        question: Question,
        *,
        model: str,
        now: int,
        rich_text: bool,
        answer_id: int | None = None,
    ) -> int:
        place = question.place
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
            answer_id,
            self._process,
            int(rich_text),
        )
        return only(row)

    async def open_call(self, reply_id: int, call: OpenCall) -> None:
        async with self._database.single() as session:
            await session.execute(
                OPEN_CALL, reply_id, call.model, call.payer_id, call.reserved_nano_usd, call.generation_id
            )

    async def add_reply_message(self, reply_id: int, message_id: int) -> None:
        async with self._database.single() as session:
            await session.execute(ADD_MESSAGE, reply_id, message_id)

    async def checkpoint(self, reply_id: int, text: str) -> None:
        async with self._database.single() as session:
            await session.execute(KEEP_TEXT, reply_id, text, self._process)

    async def close_reply(self, closed: ClosedReply, entry: Entry | None = None) -> int:
        report = closed.report
        hashes = await hashes_of(closed.kept.pictures) if closed.kept.pictures else []
        async with self._database.write() as session:
            is_ours = await session.execute(
                CLOSE_REPLY,
                closed.reply_id,
                closed.state,
                report.model,
                report.generation_id,
                closed.error,
                closed.now,
                *usage_columns(report.usage),
                self._process,
            )
            if is_ours:
                await session.execute(END_ANSWER, closed.reply_id, closed.text, closed.state)
                await keep_asides(session, closed)
            await keep_pictures(session, closed.reply_id, closed.kept.pictures, hashes)
            return await book(session, entry) if entry else 0

    async def reply(self, reply_id: int) -> StoredReply | None:
        async with self._database.read() as session:
            rows = await session.fetch(ONE_REPLY, reply_id)
        return reply_of(rows) if rows else None

    async def unfinished_replies(self) -> Sequence[StoredReply]:
        async with self._database.read() as session:
            rows = await session.fetch(UNFINISHED_REPLIES)
        return [reply_of(list(group)) for _, group in groupby(rows, key=lambda row: row[0])]

    # The conversation

    async def window(
        self, place: Place, *, before: int | None = None, limit: int = 60, whole: int = 0
    ) -> Sequence[Turn]:
        async with self._database.read() as session:
            rows = await session.fetch(WINDOW, place.channel_id, NEWEST if before is None else before, limit)
            since = rows[min(whole, len(rows)) - 1][0] if whole and rows else NEWEST
            found = await attachments_of(session, [row[0] for row in rows if row[-1]], since=since)
        return [replace(turn_of(row[:-1]), attachments=found.get(row[0], ())) for row in rows]

    async def known(self, message_ids: Collection[int], people: Collection[int]) -> tuple[set[int], set[int]]:
        async with self._database.read() as session:
            turns = await session.fetch(KNOWN_MESSAGES.format(marks=marks(1, len(message_ids))), *message_ids)
            out = await session.fetch(OPTED_OUT.format(marks=marks(1, len(people))), *people)
        return {message_id for (message_id,) in turns}, {user_id for (user_id,) in out}

    async def count(self, place: Place) -> int:
        async with self._database.read() as session:
            return only(await session.fetch_one(COUNT, place.channel_id, NEWEST))

    async def clear(self, place: Place, *, by: int, now: int) -> int:
        async with self._database.write() as session:
            hidden = only(await session.fetch_one(COUNT, place.channel_id, NEWEST))
            if hidden:
                await session.execute(CLEAR, place.channel_id, by, now)
        return hidden

    async def restore(self, place: Place) -> int:
        async with self._database.write() as session:
            before = only(await session.fetch_one(COUNT, place.channel_id, NEWEST))
            await session.execute(RESTORE, place.channel_id)
            after = only(await session.fetch_one(COUNT, place.channel_id, NEWEST))
        return after - before

    async def branch(self, source: Place, target: Place, *, limit: int) -> int:
        async with self._database.write() as session:
            await _add_conversation(session, target)
            rows = await session.fetch(BRANCHED, source.channel_id, NEWEST, limit)
            copies: dict[int, int] = {}
            for turn_id, question_id, has_attachments in reversed(rows):
                row = await session.fetch_one(COPY_TURN, turn_id, target.channel_id, copies.get(question_id))
                copies[turn_id] = only(row)
                if has_attachments:
                    await copy(session, turn_id, to=copies[turn_id], channel_id=target.channel_id)
        return len(copies)


async def _add_conversation(session: Session, place: Place) -> bool:
    """Make a conversation; False where there is one."""
    return await session.execute(ADD_CONVERSATION, place.channel_id, place.guild_id, place.parent_id) > 0


def _question_values(question: Question, *, now: int) -> tuple[Value, ...]:
    return (
        question.place.channel_id,
        question.text,
        question.author_id,
        question.author_name,
        question.message_id,
        question.replies_to,
        question.quoted_id,
        now,
        int(question.extras.web),
    )


async def _anchor(session: Session, question: Question) -> int | None:
    if question.replies_to is None:
        return None
    row = await session.fetch_one(GET_ANCHOR, question.replies_to, question.place.channel_id)
    return None if row is None else only(row)
