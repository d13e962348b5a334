"""What every `MessageSync` promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.conversation.ports import ClosedReply
from bot.core.records import Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.storage.sync import SqliteMessageSync

if TYPE_CHECKING:
    from bot.storage.conversations import SqliteConversations
    from bot.storage.engine.database import Database

PLACE = Place(channel_id=10, guild_id=1)
NOW = 1_700_000_000


@pytest.fixture
def sync(database: Database) -> SqliteMessageSync:
    return SqliteMessageSync(database)


async def exchange(
    store: SqliteConversations,
    asked: int | None,
    *shown: int,
    place: Place = PLACE,
    state: ReplyState | None = None,
) -> int:
    """A question asked by a message, and an answer shown by others; return the reply."""
    question = Question(place=place, author_id=5, author_name="Ann", text=f"question {asked}", message_id=asked)
    opened = await store.open_answer(question, model="m", now=NOW)
    reply_id = opened.reply_id
    for message_id in shown:
        await store.add_reply_message(reply_id, message_id)
    if state is not ReplyState.STREAMING:
        await store.close_reply(
            ClosedReply(
                reply_id=reply_id,
                state=ReplyState.COMPLETE,
                text=f"answer {asked}",
                report=CallReport(model="m", generation_id=None, usage=None),
                error="",
                now=NOW,
            )
        )
    return reply_id


async def texts(store: SqliteConversations, place: Place = PLACE) -> list[str]:
    return [turn.text for turn in await store.window(place)]


async def test_a_question_follows_its_message(store: SqliteConversations, sync: SqliteMessageSync) -> None:
    """An edit changes the stored turn; of other messages nothing is kept."""
    await exchange(store, 100, 101)
    assert await sync.edit_question(100, "better")
    assert not await sync.edit_question(100, "better")
    assert not await sync.edit_question(101, "of the bot")
    assert not await sync.edit_question(999, "of nobody")
    assert await texts(store) == ["answer 100", "better"]


async def test_a_deleted_question_leaves_its_answer(store: SqliteConversations, sync: SqliteMessageSync) -> None:
    """The channel still shows the answer."""
    await exchange(store, 100, 101)
    assert await sync.delete_messages([100, 999]) == 1
    assert await texts(store) == ["answer 100"]


async def test_an_answer_goes_with_any_of_its_messages(
    store: SqliteConversations, sync: SqliteMessageSync
) -> None:
    """It counts whole; its question stays stored, and out of prompts unless it is the newest."""
    await exchange(store, 100, 101, 102)
    await exchange(store, 110, 111)
    assert await sync.delete_messages([102]) == 1
    assert await texts(store) == ["answer 110", "question 110"]
    assert await sync.delete_messages([101]) == 0


async def test_a_bulk_delete_takes_everything_at_once(store: SqliteConversations, sync: SqliteMessageSync) -> None:
    """Questions and answers alike."""
    for number in (100, 110, 120):
        await exchange(store, number, number + 1)
    assert await sync.delete_messages([100, 101, 110, 111]) == 4
    assert await texts(store) == ["answer 120", "question 120"]


async def test_a_message_the_bot_deleted_itself_takes_nothing_out(
    store: SqliteConversations, sync: SqliteMessageSync
) -> None:
    """An answer that became shorter has fewer messages, and all of its text."""
    reply_id = await exchange(store, 100, 101, 102)
    await sync.drop_message(102)
    stored = await store.reply(reply_id)
    assert stored is not None
    assert stored.message_ids == (101,)
    assert await texts(store) == ["answer 100", "question 100"]


async def test_a_message_leads_to_its_reply(store: SqliteConversations, sync: SqliteMessageSync) -> None:
    """Any page of it will do."""
    reply_id = await exchange(store, 100, 101, 102)
    assert [await sync.reply_of(message_id) for message_id in (101, 102, 100)] == [reply_id, reply_id, None]


async def test_shown_gives_what_messages_of_the_channel_show(
    store: SqliteConversations, sync: SqliteMessageSync
) -> None:
    """Newest first, with all their messages; not what is cleared, still streaming, or asked without a message."""
    thread = Place(channel_id=200, guild_id=1, parent_id=10)
    await exchange(store, 90, 91)
    await store.clear(PLACE, by=1, now=NOW)
    await exchange(store, 100, 101, 102)
    await exchange(store, None)
    await exchange(store, 120, 121, state=ReplyState.STREAMING)
    await exchange(store, 200, 201, place=thread)  # the message that the thread began with
    shown = await sync.shown(PLACE, limit=10)
    assert [(turn.message_ids, turn.is_question, turn.text) for turn in shown] == [
        ((120,), True, "question 120"),
        ((101, 102), False, "answer 100"),
        ((100,), True, "question 100"),
    ]
    assert [turn.message_ids for turn in await sync.shown(thread, limit=10)] == [(201,)]
