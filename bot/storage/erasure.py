"""Deleting for good what was said, and keeping a record of that without content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.upkeep.erasure import Reason
from bot.storage.engine.session import marks
from bot.storage.turns.attachments import BY_AUTHOR, delete_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Session

BATCH = 500  # turns deleted per transaction, so that others get to write in between; servers noted per statement

# Which turns to delete, in each case.
# The answers to what somebody asked, and to questions about their messages, with copies in other threads.
THEIR_ANSWERS = """
    turns.id IN (
        SELECT r.answer_id FROM replies r WHERE r.asker_id = ?1 AND r.answer_id IS NOT NULL
        UNION SELECT c.id FROM replies r JOIN turns c ON c.copy_of = r.answer_id WHERE r.asker_id = ?1
        UNION SELECT a.id FROM turns q JOIN turns a ON a.question_id = q.id WHERE q.author_id = ?1
        UNION SELECT a.id FROM turns q JOIN turns a ON a.question_id = q.id WHERE q.quoted_id = ?1
    )
"""
THEIR_QUESTIONS = "turns.author_id = ?1 OR turns.quoted_id = ?1"
TURNS_OF_CHANNEL = """
    turns.channel_id IN (
        SELECT c.channel_id FROM conversations c WHERE c.channel_id = ?1 OR (?2 = 1 AND c.parent_id = ?1)
    )
"""
CHANNEL = "DELETE FROM conversations WHERE channel_id = ?1 OR (?2 = 1 AND parent_id = ?1)"
TURNS_OF_GUILD = "turns.channel_id IN (SELECT c.channel_id FROM conversations c WHERE c.guild_id = ?1)"
GUILD = "DELETE FROM conversations WHERE guild_id = ?1"
OLD_TURNS = "turns.id IN (SELECT t.id FROM turns t WHERE t.created_at < ?1 ORDER BY t.created_at LIMIT ?2)"
OLD_THINKING = "DELETE FROM asides WHERE kind = 'thinking' AND kept_at < ?1"
RECORD = "INSERT INTO erasures (scope, reason, asked_by, turns, erased_at) VALUES (?1, ?2, ?3, ?4, ?5)"
OPT_OUT = "INSERT INTO opted_out (user_id, since) VALUES (?1, ?2) ON CONFLICT (user_id) DO NOTHING"
OPT_IN = "DELETE FROM opted_out WHERE user_id = ?1"
IS_OUT = "SELECT 1 FROM opted_out WHERE user_id = ?1"
LEFT = "INSERT INTO departures (noticed_at, guild_id) VALUES {} ON CONFLICT (guild_id) DO NOTHING"
BACK = "DELETE FROM departures WHERE guild_id IN ({})"
# One step in the index for each server, however many conversations it has.
GUILDS = """
    WITH RECURSIVE guilds (id) AS (
        SELECT MIN(c.guild_id) FROM conversations c
        UNION ALL
        SELECT (SELECT MIN(c.guild_id) FROM conversations c WHERE c.guild_id > guilds.id)
        FROM guilds WHERE guilds.id IS NOT NULL
    )
    SELECT id FROM guilds WHERE id IS NOT NULL
"""
AWAY = "SELECT guild_id FROM departures"
DEPARTED = "SELECT guild_id FROM departures WHERE noticed_at < ?1"


class SqliteErasure:
    """The `Erasure` in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget_user(self, user_id: int, *, now: int) -> int:
        async with self._database.write() as session:
            turns = await delete_turns(session, THEIR_ANSWERS, user_id)
            turns += await delete_turns(session, THEIR_QUESTIONS, user_id)
            await session.execute(BY_AUTHOR, user_id)
            await session.execute(RECORD, f"user:{user_id}", Reason.ASKED, user_id, turns, now)
        await self._database.scrub()
        return turns

    async def forget_channel(
        self, channel_id: int, *, threads: bool, reason: Reason, by: int | None, now: int
    ) -> int:
        async with self._database.write() as session:
            turns = await delete_turns(session, TURNS_OF_CHANNEL, channel_id, int(threads))
            gone = await session.execute(CHANNEL, channel_id, int(threads))
            if gone:
                await session.execute(RECORD, f"channel:{channel_id}", reason, by, turns, now)
        if gone:
            await self._database.scrub()
        return turns

    async def forget_guild(self, guild_id: int, *, reason: Reason, by: int | None, now: int) -> int:
        async with self._database.write() as session:
            turns = await delete_turns(session, TURNS_OF_GUILD, guild_id)
            await session.execute(GUILD, guild_id)
            await session.execute(BACK.format(marks(1, 1)), guild_id)
            await session.execute(RECORD, f"guild:{guild_id}", reason, by, turns, now)
        await self._database.scrub()
        return turns

    async def purge(self, before: int, *, now: int) -> int:
        turns = 0
        while deleted := await self._purge_some(before):
            turns += deleted
        if turns:
            async with self._database.write() as session:
                await session.execute(RECORD, "all", Reason.RETENTION, None, turns, now)
            await self._database.scrub()
        return turns

    async def _purge_some(self, before: int) -> int:
        async with self._database.write() as session:
            return await delete_turns(session, OLD_TURNS, before, BATCH)

    async def purge_thinking(self, before: int) -> int:
        async with self._database.write() as session:
            erased = await session.execute(OLD_THINKING, before)
        if erased:
            await self._database.scrub()
        return erased

    # People who opt out

    async def opt_out(self, user_id: int, *, now: int) -> None:
        async with self._database.write() as session:
            await session.execute(OPT_OUT, user_id, now)

    async def opt_in(self, user_id: int) -> None:
        async with self._database.write() as session:
            await session.execute(OPT_IN, user_id)

    async def remembers(self, user_id: int) -> bool:
        async with self._database.read() as session:
            return not await session.fetch(IS_OUT, user_id)

    # Servers the bot has left

    async def note_guild(self, guild_id: int, *, present: bool, now: int) -> None:
        async with self._database.write() as session:
            await (_note_back(session, [guild_id]) if present else _note_left(session, [guild_id], now=now))

    async def note_guilds(
        self, present: Collection[int], *, now: int, here: Callable[[int], bool] = lambda _: True
    ) -> None:
        async with self._database.read() as session:
            known = {guild_id for (guild_id,) in await session.fetch(GUILDS) if here(guild_id)}
            away = {guild_id for (guild_id,) in await session.fetch(AWAY)}
        left, back = known - away - set(present), away & set(present)
        if left or back:
            async with self._database.write() as session:
                await _note_left(session, sorted(left), now=now)
                await _note_back(session, sorted(back))

    async def departed(self, before: int) -> Sequence[int]:
        async with self._database.read() as session:
            return [guild_id for (guild_id,) in await session.fetch(DEPARTED, before)]


async def _note_left(session: Session, guild_ids: Sequence[int], *, now: int) -> None:
    for batch in _batches(guild_ids):
        rows = ", ".join(f"(?1, ?{number})" for number in range(2, 2 + len(batch)))
        await session.execute(LEFT.format(rows), now, *batch)


async def _note_back(session: Session, guild_ids: Sequence[int]) -> None:
    for batch in _batches(guild_ids):
        await session.execute(BACK.format(marks(1, len(batch))), *batch)


def _batches(guild_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many values as every SQLite takes in one statement."""
    return (guild_ids[start : start + BATCH] for start in range(0, len(guild_ids), BATCH))
