"""PostgreSQL: what else it promises, how it starts, and what happens when the server is gone."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from bot.conversation.ports import ClosedReply
from bot.core.errors import StorageError
from bot.core.records import Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.money.ledger import Cost, Entry, Period
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.opening import database_name, open_url
from bot.storage.engine.postgres.address import connectable
from bot.storage.engine.postgres.pool import MOST, RETRY_S
from bot.storage.engine.schema import migrations
from bot.storage.erasure import SqliteErasure
from bot.storage.ledger import SqliteLedger
from tests.storage.conftest import with_the_schema, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.storage.engine.database import Database
    from tests.servers.postgres import Server

PUT = "INSERT INTO cache (key, value, kept_at) VALUES (?1, ?2, ?3)"
PLACE = Place(channel_id=10, guild_id=1)
NOW = 1_700_000_000


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.create(prepare=with_the_schema)


@pytest.fixture
async def other(url: str) -> AsyncIterator[Database]:
    """The same database, as another process has it."""
    async with open_url(url) as opened:
        yield opened


async def keys(database: Database) -> list[str]:
    async with database.read() as session:
        return [key for (key,) in await session.fetch("SELECT key FROM cache ORDER BY key")]


# Starting


async def test_processes_that_start_at_once_share_one_migration(postgres: Server) -> None:
    """On an empty database; each finds the newest schema."""
    url = postgres.create()

    async def start() -> list[str]:
        async with open_url(url) as database:
            return await keys(database)

    assert await asyncio.gather(*(start() for _ in range(5))) == [[]] * 5
    name = url.rpartition("/")[2]
    assert postgres.psql("SELECT COUNT(*), MAX(version) FROM headwater_schema", name) == "|".join(
        [str(len(migrations()))] * 2
    )


async def test_a_newer_schema_is_refused(postgres: Server, url: str) -> None:
    """And left alone."""
    postgres.psql("INSERT INTO headwater_schema VALUES (9999)", url.rpartition("/")[2])
    with pytest.raises(StorageError, match="a newer Headwater"):
        async with open_url(url):
            pass


async def test_another_programs_tables_are_refused(postgres: Server) -> None:
    """Nothing is made beside them."""
    url = postgres.create()
    name = url.rpartition("/")[2]
    postgres.psql("CREATE TABLE settings (x INTEGER)", name)
    with pytest.raises(StorageError, match="belong to another program"):
        async with open_url(url):
            pass
    assert (
        postgres.psql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public'", name) == "1"
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (":1/", "can't be reached"),
        ("/nothing_there", "no database of that name"),
        ("nobody", "doesn't let this user in"),
        ("?sslmode=require", "can't be reached|secure"),
    ],
)
async def test_what_is_wrong_with_the_address_is_told(postgres: Server, url: str, wrong: str, told: str) -> None:
    """At the start, in a sentence."""
    database = url.rpartition("/")[2]
    bad = {
        ":1/": f"postgresql://headwater@127.0.0.1:1/{database}",
        "/nothing_there": postgres.url("nothing_there"),
        "nobody": url.replace("headwater@", "nobody@"),
        "?sslmode=require": f"{url}?sslmode=require",
    }[wrong]
    with pytest.raises(StorageError, match=told):
        async with open_url(bad):
            pass


async def test_an_address_as_platforms_hand_it_out_works(url: str) -> None:
    """With TLS where the server has it, and with parameters that only other drivers know."""
    handed_out = url.replace("postgresql://", "postgres://")
    async with open_url(f"{handed_out}?sslmode=prefer&channel_binding=prefer&pgbouncer=true") as database:
        await write(database, PUT, "a", "v", 0)
        assert await keys(database) == ["a"]


def test_the_log_names_neither_user_nor_password() -> None:
    """Only where the database is."""
    url = "postgres://us%40er:p%40ss@db.example:5433/name?sslmode=verify-full&sslrootcert=/ca.pem&schema=x"
    assert database_name(url) == "postgresql://db.example:5433/name"
    assert connectable(url) == (
        "postgres://us%40er:p%40ss@db.example:5433/name?sslmode=verify-full&sslrootcert=%2Fca.pem"
    )


# Several processes


async def test_writers_of_all_processes_wait_for_each_other(database: Database, other: Database) -> None:
    """What one read in its transaction still holds when it writes."""

    async def add_one(database: Database) -> None:
        async with database.write() as session:
            row = await session.fetch_one("SELECT value FROM cache WHERE key = 'n'")
            await asyncio.sleep(0.001)
            await session.execute(
                "UPDATE cache SET value = ?1 WHERE key = 'n'", str(int(row[0] if row else 0) + 1)
            )

    await write(database, PUT, "n", "0", 0)
    await asyncio.gather(*(add_one(each) for _ in range(20) for each in (database, other)))
    async with database.read() as session:
        assert await session.fetch_one("SELECT value FROM cache") == ("40",)


async def test_a_reply_is_booked_once_by_whichever_process(database: Database, other: Database) -> None:
    """Its own, and one that takes it for lost: the totals have it once, exactly."""
    entry = Entry(at=NOW, place=PLACE, user_id=5, model="m", state="complete", cost=Cost(nano_usd=7), reply_id=1)
    ledgers = [SqliteLedger(database), SqliteLedger(other)]
    ids = await asyncio.gather(*(ledger.book(entry) for _ in range(5) for ledger in ledgers))
    assert sorted(map(bool, ids)) == [False] * 9 + [True]
    assert await ledgers[0].spent(["all"], at=NOW) == {("all", Period.DAY): 7, ("all", Period.MONTH): 7}


async def test_forgetting_while_people_ask_breaks_nothing(database: Database, other: Database) -> None:
    """Questions, checkpoints and endings in one process, erasures in another: no error, and nothing is left."""
    store, erasure = SqliteConversations(database), SqliteErasure(other)
    report = CallReport(model="m")

    async def ask(number: int) -> None:
        place = Place(channel_id=number % 4, guild_id=1)
        question = Question(place=place, author_id=5, author_name="Ann", text="why?", message_id=number)
        opened = await store.open_answer(question, model="m", now=NOW)
        await store.add_reply_message(opened.reply_id, 10_000 + number)
        await store.checkpoint(opened.reply_id, "because")
        closed = ClosedReply(
            reply_id=opened.reply_id, state=ReplyState.COMPLETE, text="because", report=report, error="", now=NOW
        )
        await store.close_reply(closed)

    async def forget() -> None:
        for _ in range(15):
            await erasure.forget_user(5, now=NOW)
            await erasure.forget_guild(1, reason="asked", by=None, now=NOW)

    await asyncio.gather(forget(), *(ask(number) for number in range(150)))
    await erasure.forget_user(5, now=NOW)
    async with database.read() as session:
        assert await session.fetch("SELECT id FROM turns") == []


async def test_connections_are_bounded(postgres: Server, database: Database, url: str) -> None:
    """However many ask at once."""
    async with database.read() as session:
        await asyncio.gather(*(session.fetch("SELECT pg_sleep(0.05)") for _ in range(40)))
    open_in = postgres.psql("SELECT datname FROM pg_stat_activity").splitlines()
    assert open_in.count(url.rpartition("/")[2]) <= MOST


# A server that is gone


@pytest.fixture
def own_server(postgres: Server) -> Iterator[Server]:
    """The server, which a test may stop; afterwards it runs again."""
    yield postgres
    if not postgres.is_running():
        postgres.start()


async def test_a_server_that_is_gone_is_told_within_a_second_and_missed_no_longer(
    own_server: Server, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """However many ask; one line when it goes, one when it's back, and everything works again."""
    caplog.set_level(logging.WARNING, "bot")
    async with database.write() as session:  # which a crash of the server doesn't undo
        await session.execute(PUT, "before", "v", 0)
    own_server.stop()
    began = time.perf_counter()
    failed = await asyncio.gather(
        *(write(database, PUT, f"lost {number}", "v", 0) for number in range(50)), return_exceptions=True
    )
    assert time.perf_counter() - began < 1
    assert {type(error) for error in failed} == {StorageError}
    own_server.start()
    await asyncio.sleep(RETRY_S)  # how long it's left alone at most
    await write(database, PUT, "then", "v", 0)
    assert await keys(database) == ["before", "then"]
    assert [record.levelname for record in caplog.records] == ["CRITICAL", "WARNING"]


async def test_a_transaction_that_the_server_drops_is_undone(own_server: Server, database: Database) -> None:
    """All of it; the next one runs on another connection."""
    with pytest.raises(StorageError):  # noqa: PT012 - one transaction
        async with database.write() as session:
            await session.execute(PUT, "a", "v", 0)
            own_server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'")
            await session.execute(PUT, "b", "v", 0)
    await write(database, PUT, "c", "v", 0)
    assert await keys(database) == ["c"]
