"""What every `Erasure` promises: what is forgotten is gone from the files, and nothing else is."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation.ports import ClosedReply
from bot.conversation.upkeep.erasure import Reason
from bot.core.errors import StorageError
from bot.core.records import Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.storage import erasure as statements
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.backup import copy_database
from bot.storage.engine.database import SqliteDatabase, open_database
from bot.storage.engine.postgres.session import TransactionSession
from bot.storage.engine.session import SqliteSession
from bot.storage.erasure import SqliteErasure
from bot.storage.sync import SqliteMessageSync

if TYPE_CHECKING:
    from pathlib import Path

    from bot.storage.engine.database import Database

PLACE = Place(channel_id=10, guild_id=1)
THREAD = Place(channel_id=11, guild_id=1, parent_id=10)
ELSEWHERE = Place(channel_id=20, guild_id=2)
ANN, BEN = 5, 6
NOW = 1_700_000_000


@pytest.fixture
def erasure(database: Database) -> SqliteErasure:
    return SqliteErasure(database)


async def exchange(
    store: SqliteConversations, text: str, *, author: int = ANN, place: Place = PLACE, now: int = NOW, **of: Any
) -> int:
    """A question and its answer; return the question's turn."""
    question = Question(place=place, author_id=author, author_name=f"name {author}", text=text, **of)
    opened = await store.open_answer(question, model="m", now=now)
    reply_id, turn_id = opened.reply_id, opened.turn_id
    await store.checkpoint(reply_id, f"re: {text[: len(text) // 2]}")
    await store.close_reply(
        ClosedReply(
            reply_id=reply_id,
            state=ReplyState.COMPLETE,
            text=f"re: {text}",
            report=CallReport(model="m", generation_id=None, usage=None),
            error="",
            now=now,
        )
    )
    return turn_id


async def texts(store: SqliteConversations, place: Place = PLACE) -> list[str]:
    return [turn.text for turn in await store.window(place)]


async def records(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as session:
        return await session.fetch("SELECT scope, reason, asked_by, turns, erased_at FROM erasures ORDER BY id")


async def test_a_person_is_forgotten_everywhere_at_once(
    store: SqliteConversations, erasure: SqliteErasure, database: Database
) -> None:
    """Their questions and the answers to them, in every channel and copy; what others said stays."""
    await exchange(store, "ann here")
    await exchange(store, "ben here", author=BEN)
    await exchange(store, "ann there", place=ELSEWHERE)
    await store.branch(PLACE, THREAD, limit=10)
    assert await erasure.forget_user(ANN, now=NOW) == 6
    assert await texts(store) == await texts(store, THREAD) == ["re: ben here", "ben here"]
    assert await texts(store, ELSEWHERE) == []
    assert await records(database) == [("user:5", "asked", ANN, 6, NOW)]


async def test_what_was_asked_about_a_message_goes_with_its_author(
    store: SqliteConversations, erasure: SqliteErasure
) -> None:
    """The question quotes them, no matter who asked it."""
    await exchange(store, 'about this: """ann\'s words"""', author=BEN, quoted_id=ANN)
    assert await erasure.forget_user(ANN, now=NOW) == 2
    assert await texts(store) == []


async def test_an_answer_goes_also_when_its_question_went_before(
    store: SqliteConversations, erasure: SqliteErasure, database: Database
) -> None:
    """It may repeat what was asked."""
    await exchange(store, "ann here", message_id=100)
    await store.branch(PLACE, THREAD, limit=10)
    await SqliteMessageSync(database).delete_messages([100])
    assert await erasure.forget_user(ANN, now=NOW) == 2
    assert await texts(store) == await texts(store, THREAD) == []


async def test_an_answer_under_way_is_not_put_back(store: SqliteConversations, erasure: SqliteErasure) -> None:
    """What streams on after the erasure is written nowhere."""
    question = Question(place=PLACE, author_id=ANN, author_name="Ann", text="why?")
    opened = await store.open_answer(question, model="m", now=NOW)
    reply_id = opened.reply_id
    await erasure.forget_user(ANN, now=NOW)
    await store.checkpoint(reply_id, "because")
    assert await texts(store) == []


async def test_no_byte_of_what_is_forgotten_stays_in_any_file(path: Path, tmp_path: Path) -> None:
    """Not in the database, its log or a later backup, however long the texts were."""
    rng = random.Random(1)
    lengths = [5, 40, 200, 900, 3000, 9000]
    async with open_database(path) as database:
        store, erasure = await fill(database, rng, lengths)
        assert marks(path.parent) == {b"ANN", b"BEN"}
        await erasure.forget_user(ANN, now=NOW)
        await asyncio.to_thread(copy_database, path, tmp_path / "backups" / "copy.db")
        assert marks(path.parent) == marks(tmp_path / "backups") == {b"BEN"}
        await exchange(store, "and on it goes", author=BEN)
    assert marks(path.parent) == {b"BEN"}


async def fill(
    database: SqliteDatabase, rng: random.Random, lengths: list[int]
) -> tuple[SqliteConversations, SqliteErasure]:
    store = SqliteConversations(database)
    for number in range(200):
        author, mark = rng.choice([(ANN, f"<ANN{number:06}>"), (BEN, f"<BEN{number:06}>")])
        text = (mark * 900)[: max(len(mark), rng.choice(lengths))]
        await exchange(store, text, author=author, place=Place(channel_id=rng.randrange(4)))
    return store, SqliteErasure(database)


def marks(folder: Path) -> set[bytes]:
    """Who is in the files of a folder, be it by a piece of a mark."""
    found = b"".join(entry.read_bytes() for entry in folder.iterdir())
    return set(re.findall(rb"ANN|BEN", found))


async def test_what_a_reader_holds_is_not_said_to_be_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program that is reading keeps the old log: the erasure says that it is not done."""
    monkeypatch.setattr("bot.storage.engine.database.SCRUB_PAUSE_S", 0.01)
    async with open_database(path, patience_s=0.01) as database:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM turns").fetchall()
            with pytest.raises(StorageError, match="another program is using it"):
                await SqliteErasure(database).forget_user(ANN, now=NOW)


async def test_a_channel_is_forgotten_alone_or_with_its_threads(
    store: SqliteConversations, erasure: SqliteErasure, database: Database
) -> None:
    """As asked for, or because it was deleted; a channel nobody spoke in leaves no record."""
    await exchange(store, "here")
    await exchange(store, "in the thread", place=THREAD)
    await exchange(store, "elsewhere", place=ELSEWHERE)
    assert await erasure.forget_channel(10, threads=False, reason=Reason.ASKED, by=BEN, now=NOW) == 2
    assert await texts(store, THREAD) != []
    assert await erasure.forget_channel(10, threads=True, reason=Reason.CHANNEL_DELETED, by=None, now=NOW) == 2
    assert await erasure.forget_channel(10, threads=True, reason=Reason.CHANNEL_DELETED, by=None, now=NOW) == 0
    assert await texts(store, ELSEWHERE) != []
    assert await records(database) == [
        ("channel:10", "asked", BEN, 2, NOW),
        ("channel:10", "channel deleted", None, 2, NOW),
    ]


async def test_a_server_is_forgotten_with_all_its_channels(
    store: SqliteConversations, erasure: SqliteErasure, database: Database
) -> None:
    """What was spent there stays known; another server is untouched."""
    await exchange(store, "here")
    await exchange(store, "in the thread", place=THREAD)
    await exchange(store, "elsewhere", place=ELSEWHERE)
    assert await erasure.forget_guild(1, reason=Reason.ASKED, by=BEN, now=NOW) == 4
    assert await texts(store) == await texts(store, THREAD) == []
    assert await texts(store, ELSEWHERE) == ["re: elsewhere", "elsewhere"]
    async with database.read() as session:
        assert await session.fetch("SELECT COUNT(*) FROM replies") == [(3,)]


async def test_what_is_too_old_goes_whatever_its_number(
    store: SqliteConversations, erasure: SqliteErasure, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In several steps, each short; one record for all."""
    monkeypatch.setattr(statements, "BATCH", 3)
    for number in range(4):
        await exchange(store, f"old {number}", now=NOW - 100)
    await exchange(store, "new")
    assert await erasure.purge(NOW - 50, now=NOW) == 8
    assert await erasure.purge(NOW - 50, now=NOW) == 0
    assert await texts(store) == ["re: new", "new"]
    assert await records(database) == [("all", "retention", None, 8, NOW)]


async def test_who_opts_out_is_known_until_they_opt_in(erasure: SqliteErasure) -> None:
    """Either may be said twice."""
    assert await erasure.remembers(ANN)
    for _ in range(2):
        await erasure.opt_out(ANN, now=NOW)
    assert not await erasure.remembers(ANN)
    assert await erasure.remembers(BEN)
    for _ in range(2):
        await erasure.opt_in(ANN)
    assert await erasure.remembers(ANN)


async def test_a_server_that_was_left_is_due_after_a_while(
    store: SqliteConversations, erasure: SqliteErasure
) -> None:
    """Counted from when it was first noticed, and no longer once the bot is back."""
    await exchange(store, "here")
    await exchange(store, "elsewhere", place=ELSEWHERE)
    await erasure.note_guilds([1], now=NOW)
    await erasure.note_guilds([1], now=NOW + 50)
    assert await erasure.departed(NOW) == []
    assert await erasure.departed(NOW + 1) == [2]
    await erasure.note_guild(2, present=True, now=NOW + 60)
    assert await erasure.departed(NOW + 100) == []
    await erasure.note_guild(1, present=False, now=NOW + 60)
    assert await erasure.departed(NOW + 100) == [1]
    await erasure.forget_guild(1, reason=Reason.DEPARTURE, by=None, now=NOW)
    assert await erasure.departed(NOW + 100) == []


async def test_many_servers_are_noted_in_few_statements(
    database: Database, store: SqliteConversations, erasure: SqliteErasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many the bot left or came back to; when nothing changed, nothing is written."""
    for guild_id in range(1, 8):
        await exchange(store, "hello", place=Place(channel_id=guild_id, guild_id=guild_id))
    monkeypatch.setattr(statements, "BATCH", 3)
    sent: list[str] = []
    kind = SqliteSession if isinstance(database, SqliteDatabase) else TransactionSession
    execute = kind.execute

    async def counted(self: Any, sql: str, *values: Any) -> int:
        sent.append(sql.split(maxsplit=1)[0])
        return await execute(self, sql, *values)

    monkeypatch.setattr(kind, "execute", counted)
    await erasure.note_guilds([1], now=NOW)
    assert (sent.count("INSERT"), sent.count("DELETE")) == (2, 0)
    assert await erasure.departed(NOW + 1) == [2, 3, 4, 5, 6, 7]
    sent.clear()
    await erasure.note_guilds([1, 3, 4], now=NOW + 50)
    assert (sent.count("INSERT"), sent.count("DELETE")) == (0, 1)
    assert await erasure.departed(NOW + 1) == [2, 5, 6, 7]
    sent.clear()
    await erasure.note_guilds([1, 3, 4], now=NOW + 60)
    assert sent == []
