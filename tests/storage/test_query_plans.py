"""Every statement that a store sends finds its rows by an index, and every index serves a statement.

A tour calls every method of every store on a database that has something for each; what it sends is explained.
"""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation.asides.kept import Aside, AsideKind, Kept
from bot.conversation.ports import ClosedReply
from bot.conversation.upkeep.erasure import Reason
from bot.core.records import Attachment, AttachmentKind, Place, Question, ReplyState
from bot.money.billing import CallReport, OpenCall
from bot.money.ledger import Cost, Entry
from bot.money.usage import Group, Selection
from bot.storage import cache, claims, conversations, erasure, ledger, reservations, settings, sync, usage
from bot.storage.cache import SqliteCache
from bot.storage.claims import SqliteClaims
from bot.storage.conversations import SqliteConversations
from bot.storage.erasure import SqliteErasure
from bot.storage.ledger import SqliteLedger
from bot.storage.reservations import SqliteReservations
from bot.storage.settings import SqliteSettings
from bot.storage.sync import SqliteMessageSync
from bot.storage.turns import asides, attachments
from bot.storage.turns.asides import SqliteAsides
from bot.storage.usage import SqliteUsage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bot.storage.engine.database import Database
    from bot.storage.engine.session import Row, Session, Value

NOW = 1_700_000_000
PLACE = Place(channel_id=10, guild_id=1)
THREAD = Place(channel_id=11, guild_id=1, parent_id=10)
MODULES = (asides, attachments, cache, claims, conversations, erasure, ledger, reservations, settings, sync, usage)
# What may be read from one end to the other: results of a statement's own sub-queries, and servers that were left,
# which are few and soon forgotten; then indexes of what is open at the moment.
MAY_BE_SCANNED = {"guilds", "newest", "departures"}
INDEXES_OF_WHAT_IS_OPEN = {"replies_unfinished"}


class Recorder:
    """Passes statements on and keeps them."""

    def __init__(self, session: Session, sent: set[str]) -> None:
        self._session = session
        self._sent = sent

    async def execute(self, sql: str, *values: Value) -> int:
        self._sent.add(sql)
        return await self._session.execute(sql, *values)

    async def fetch(self, sql: str, *values: Value) -> list[Row]:
        self._sent.add(sql)
        return await self._session.fetch(sql, *values)

    async def fetch_one(self, sql: str, *values: Value) -> Row | None:
        self._sent.add(sql)
        return await self._session.fetch_one(sql, *values)


class RecordingDatabase:
    """A `Database` that keeps every statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sent: set[str] = set()

    def read(self) -> AbstractAsyncContextManager[Session]:
        return self._recorded(self._database.read)

    def report(self) -> AbstractAsyncContextManager[Session]:
        return self._recorded(self._database.report)

    def write(self) -> AbstractAsyncContextManager[Session]:
        return self._recorded(self._database.write)

    def single(self) -> AbstractAsyncContextManager[Session]:
        return self._recorded(self._database.single)

    async def scrub(self) -> None:
        await self._database.scrub()

    @asynccontextmanager
    async def _recorded(
        self, opening: Callable[[], AbstractAsyncContextManager[Session]]
    ) -> AsyncIterator[Session]:
        async with opening() as session:
            yield Recorder(session, self.sent)


class Visited:
    """A store, and which of its methods were called."""

    def __init__(self, store: object) -> None:
        self._store = store
        self.missing = {name for name in vars(type(store)) if not name.startswith("_")}

    def __getattr__(self, name: str) -> Any:
        self.missing.discard(name)
        return getattr(self._store, name)


def question(place: Place = PLACE, **of: Any) -> Question:
    return Question(place=place, author_id=5, author_name="Ann", text="why?", **of)


def closed(reply_id: int) -> ClosedReply:
    return ClosedReply(
        reply_id=reply_id,
        state=ReplyState.COMPLETE,
        text="so",
        report=CallReport(model="m"),
        error="",
        now=NOW,
        kept=Kept(
            asides=(Aside(AsideKind.THINKING, "hm"),),
            pictures=(Attachment(name="p", kind=AttachmentKind.PICTURE, data=b"x"),),
        ),
    )


def entry(reply_id: int | None, *, estimated: bool = False) -> Entry:
    return Entry(
        at=NOW,
        place=PLACE,
        user_id=5,
        model="m",
        state="complete",
        cost=Cost(nano_usd=5, estimated=estimated),
        reply_id=reply_id,
        generation_id="gen",
    )


def files(data: bytes) -> tuple[Attachment, ...]:
    return (
        Attachment(name="a.png", kind=AttachmentKind.PICTURE, data=data, media_type="image/png"),
        Attachment(name="a message", kind=AttachmentKind.TEXT, text="so", author_id=6),
    )


CALL = OpenCall(model="m", payer_id=5, reserved_nano_usd=9, generation_id="gen")


async def talk(database: Database) -> Visited:
    store = Visited(SqliteConversations(database))
    waiting = await store.open_reply(question(), model="m", now=NOW)
    for number in (100, 110):
        asked = question(message_id=number, replies_to=101, attachments=files(b"%d" % number))
        opened = await store.open_answer(asked, model="m", now=NOW)
        await store.add_reply_message(opened.reply_id, number + 1)
        await store.open_call(opened.reply_id, CALL)
        await store.checkpoint(opened.reply_id, "s")
        await store.close_reply(closed(opened.reply_id), entry(opened.reply_id))
    await store.open_answer(question(), model="m", now=NOW, reply_id=waiting)
    await SqliteErasure(database).opt_out(5, now=NOW)
    await store.open_answer(question(replies_to=101), model="m", now=NOW)
    again = await store.reopen_answer(opened.turn_id, question(), model="m", now=NOW)
    await store.question(opened.turn_id)
    await store.reply(again)
    await store.unfinished_replies()
    await store.window(PLACE, whole=10)
    await store.known({100, 101}, {5, 6})
    await store.count(PLACE)
    await store.branch(PLACE, THREAD, limit=10)
    await store.clear(PLACE, by=1, now=NOW)
    await store.restore(PLACE)
    return store


async def look_aside(database: Database) -> Visited:
    store = Visited(SqliteAsides(database))
    await store.of(1, AsideKind.THINKING)
    return store


async def pay(database: Database) -> Visited:
    store = Visited(SqliteLedger(database))
    entry_id = await store.book(entry(None, estimated=True))
    await store.book(entry(1))
    await store.estimates(since=NOW)
    await store.correct(entry_id, 3)
    await store.spent(["all", "user:5"], at=NOW)
    return store


async def reserve(database: Database) -> Visited:
    store = Visited(SqliteReservations(database, process="a"))

    async def fits(_elsewhere: object) -> bool:
        return True

    await store.put({"all": 5, "guild:1": 0}, now=NOW, check=fits)
    return store


async def look_at_usage(database: Database) -> Visited:
    store = Visited(SqliteUsage(database))
    for guild_id in (1, None):
        for part in ({}, {"channel_id": 10}, {"user_id": 5}):
            selection = Selection(since=NOW - 60, guild_id=guild_id, **part)
            for group in Group:
                await store.sums(selection, group)
            await store.points(selection, step_s=60)
            await store.records(selection, limit=10)
    return store


async def set_things(database: Database) -> Visited:
    store = Visited(SqliteSettings(database))
    await store.set("guild:1", "model", "m", by=5, now=NOW)
    await store.set("guild:1", "model", None, by=5, now=NOW)
    await store.get("guild:1", "model")
    await store.entries(["guild:1", "channel:10"])
    await store.changes(1, limit=10)
    return store


async def keep_things(database: Database) -> Visited:
    store = Visited(SqliteCache(database))
    await store.keep("key", "value", now=NOW)
    await store.load("key")
    return store


async def share(database: Database) -> Visited:
    store = Visited(SqliteClaims(database))
    await store.claim_message(100, by="a", now=NOW)
    await store.renew_leases([1, 2], by="a", now=NOW)
    await store.take_turn("identify", by="a", now=NOW, every_s=6)
    running = await SqliteConversations(database).reply(1)
    assert running is not None
    await store.take_over(running, by="b", now=NOW)
    await store.take_turn("identify", by="a", now=NOW, every_s=5)
    return store


async def follow(database: Database) -> Visited:
    store = Visited(SqliteMessageSync(database))
    await store.edit_question(100, "better")
    await store.keep_files(100, [])
    await store.shown(PLACE, limit=10)
    await store.reply_of(111)
    await store.drop_message(999)
    await store.move_question(999, to=998)
    await store.delete_messages([100, 101, 111])
    return store


async def forget(database: Database) -> Visited:
    store = Visited(SqliteErasure(database))
    await store.note_guilds([], now=NOW)
    await store.note_guild(1, present=False, now=NOW)
    await store.note_guild(1, present=True, now=NOW)
    await store.departed(NOW)
    await store.opt_out(5, now=NOW)
    await store.remembers(5)
    await store.opt_in(5)
    await store.purge_thinking(NOW)
    await store.purge(NOW + 1, now=NOW)
    await store.forget_user(5, now=NOW)
    await store.forget_channel(10, threads=True, reason=Reason.ASKED, by=5, now=NOW)
    await store.forget_guild(1, reason=Reason.ASKED, by=5, now=NOW)
    return store


TOUR = (talk, look_aside, pay, reserve, look_at_usage, set_things, keep_things, share, follow, forget)


@pytest.fixture
def url(path: Path) -> str:
    """SQLite says which plan it has; a server's depends on what it has counted of its tables."""
    return f"sqlite:///{path}"


@pytest.fixture
async def sent(database: Database, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What all stores send; every method is called, and every statement they know is sent."""
    monkeypatch.setattr(attachments, "CHANNEL_TURNS", 1)
    recording = RecordingDatabase(database)
    for stop in TOUR:
        store = await stop(recording)
        assert not store.missing, "the tour leaves methods out"
    beginnings = {" ".join(sql.split()) for sql in recording.sent}
    for name, statement in known_statements():
        fixed = " ".join(statement.partition("{")[0].split())
        assert any(sql.startswith(fixed) for sql in beginnings), f"the tour never sends {name}"
    return recording.sent


def known_statements() -> list[tuple[str, str]]:
    """The statements that modules keep as constants; those that begin with `_` are parts of others."""
    verbs = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ")
    return [
        (f"{module.__name__}.{name}", value)
        for module in MODULES
        for name, value in vars(module).items()
        if name.isupper() and name[0] != "_" and isinstance(value, str) and value.strip().startswith(verbs)
    ]


async def plan(database: Database, sql: str) -> list[str]:
    values = [None] * max([0, *(int(number) for number in re.findall(r"\?(\d+)", sql))])
    async with database.read() as session:
        return [row[-1] for row in await session.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)]


def scanned(step: str) -> bool:
    """Whether a step reads a growing table, or a whole index of one."""
    _, _, what = step.partition("SCAN ")
    table, _, index = what.partition(" USING ")
    if not what or table in MAY_BE_SCANNED or table.startswith("(") or "CONSTANT ROW" in table:
        return False
    return index.split()[-1] not in INDEXES_OF_WHAT_IS_OPEN if index else True


async def test_no_statement_reads_more_the_more_is_stored(database: Database, sent: set[str]) -> None:
    """No table that grows is read from one end to the other."""
    faults = {}
    for sql in sent:
        if steps := [step for step in await plan(database, sql) if scanned(step)]:
            faults[" ".join(sql.split())] = steps
    assert not faults


async def test_every_index_serves_a_statement(database: Database, sent: set[str]) -> None:
    """Each costs time at every write: what no query uses goes."""
    steps = " ".join([step for sql in sent for step in await plan(database, sql)])
    async with database.read() as session:
        indexes = await session.fetch("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    assert indexes
    assert not {name for (name,) in indexes if not re.search(rf"\b{name}\b", steps)}


async def test_deleting_finds_what_refers_to_it_by_an_index(database: Database) -> None:
    """A foreign key is looked up for every row that is deleted."""
    async with database.read() as session:
        tables = [name for (name,) in await session.fetch("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = [
            (table, row[3]) for table in tables for row in await session.fetch(f"PRAGMA foreign_key_list({table})")
        ]
    assert columns
    for table, column in columns:
        steps = await plan(database, f"DELETE FROM {table} WHERE {column} = ?1")  # noqa: S608 - names of ours
        assert not [step for step in steps if scanned(step)], (table, column)
