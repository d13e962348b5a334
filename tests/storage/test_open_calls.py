"""What every `OpenCalls` promises: after a crash, what was about to cost something is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.conversation.ports import ClosedReply
from bot.core.records import Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.money.ledger import Cost, Entry, Period
from bot.money.open_calls import OpenCall
from bot.storage.claims import SqliteClaims
from bot.storage.conversations import SqliteConversations
from bot.storage.ledger import SqliteLedger
from bot.storage.open_calls import SqliteOpenCalls

if TYPE_CHECKING:
    from bot.storage.engine.database import Database

NOW = 1_795_348_800
PLACE = Place(channel_id=11, guild_id=1, parent_id=10)
QUESTION = Question(place=PLACE, author_id=5, author_name="Ann", text="why?")


@pytest.fixture
def store(database: Database) -> SqliteConversations:
    return SqliteConversations(database, process="a")


@pytest.fixture
def calls(database: Database) -> SqliteOpenCalls:
    return SqliteOpenCalls(database)


def entry(reply_id: int) -> Entry:
    return Entry(
        at=NOW, place=PLACE, user_id=7, model="m", state="complete", cost=Cost(nano_usd=30), reply_id=reply_id
    )


def closed(reply_id: int) -> ClosedReply:
    report = CallReport(model="m", generation_id="gen-1")
    return ClosedReply(
        reply_id=reply_id, state=ReplyState.COMPLETE, text="so", report=report, error="", now=NOW + 9
    )


async def test_a_call_that_a_crash_cut_off_is_found(store: SqliteConversations, calls: SqliteOpenCalls) -> None:
    """With whoever pays, the place, the amount set aside, and the provider's name of it, where that was known."""
    for reply_id in (1, 2, 3):
        assert await store.open_reply(QUESTION, model="first/choice", now=NOW) == reply_id
    await calls.reserve(1, user_id=7, nano_usd=500)
    await calls.reserve(2, user_id=8, nano_usd=600)
    await calls.begin(2, model="second/choice", generation_id="gen-2")
    unknown, known = await calls.abandoned(before=NOW + 1)
    assert unknown == OpenCall(
        reply_id=1,
        place=PLACE,
        user_id=7,
        model="first/choice",
        reserved_nano_usd=500,
        generation_id=None,
        opened_at=NOW,
    )
    assert (known.user_id, known.model, known.generation_id) == (8, "second/choice", "gen-2")


async def test_a_call_of_a_living_process_is_left_alone(
    store: SqliteConversations, calls: SqliteOpenCalls, database: Database
) -> None:
    """Another process books it; only when nobody renews its lease it's taken for abandoned."""
    reply_id = await store.open_reply(QUESTION, model="m", now=NOW)
    await calls.reserve(reply_id, user_id=7, nano_usd=500)
    await SqliteClaims(database).renew_leases([reply_id], by="a", now=NOW + 60)
    assert await calls.abandoned(before=NOW + 60) == []
    assert await store.unfinished_replies(before=NOW + 60) == []
    assert [call.reply_id for call in await calls.abandoned(before=NOW + 61)] == [reply_id]
    assert [reply.id for reply in await store.unfinished_replies(before=NOW + 61)] == [reply_id]


@pytest.mark.parametrize("late", [False, True])
async def test_a_booked_call_is_over(
    store: SqliteConversations, calls: SqliteOpenCalls, database: Database, *, late: bool
) -> None:
    """Whether it's booked as its reply closes or later; a reply that is only closed still has to be booked."""
    reply_id = await store.open_reply(QUESTION, model="m", now=NOW)
    await calls.reserve(reply_id, user_id=7, nano_usd=500)
    if late:
        await store.close_reply(closed(reply_id))
        assert [call.generation_id for call in await calls.abandoned(before=NOW + 1)] == ["gen-1"]
        await SqliteLedger(database).book(entry(reply_id))
    else:
        await store.close_reply(closed(reply_id), entry(reply_id))
    assert await calls.abandoned(before=NOW + 1) == []


async def test_a_reply_is_booked_once(store: SqliteConversations, database: Database) -> None:
    """By whom and how often it's tried: the ledger and its totals have it once."""
    ledger = SqliteLedger(database)
    reply_id = await store.open_reply(QUESTION, model="m", now=NOW)
    assert await ledger.book(entry(reply_id))
    assert await ledger.book(entry(reply_id)) == 0
    assert await store.close_reply(closed(reply_id), entry(reply_id)) == 0
    assert await ledger.spent(["all"], at=NOW) == {("all", Period.DAY): 30, ("all", Period.MONTH): 30}
