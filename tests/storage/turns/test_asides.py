"""What is kept with an answer besides its words goes with it, whichever way it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.conversation.asides.kept import Aside, AsideKind, Kept
from bot.conversation.ports import ClosedReply
from bot.conversation.upkeep.erasure import Reason
from bot.core.records import Attachment, AttachmentKind, Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database
from bot.storage.erasure import SqliteErasure
from bot.storage.sync import SqliteMessageSync
from bot.storage.turns.asides import SqliteAsides

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.storage.engine.database import Database

PLACE = Place(channel_id=10, guild_id=1)
NOW = 1_700_000_000
THOUGHT = "a VERYSECRET thought"
PICTURE = Attachment(name="picture-1.png", kind=AttachmentKind.PICTURE, data=b"VERYSECRET pixels" * 99)
QUESTION = Question(place=PLACE, author_id=5, author_name="Ann", text="why?", message_id=100)


async def answered(database: Database) -> int:
    """An answer in message 101 with a thought and a picture kept beside it; returns its reply."""
    store = SqliteConversations(database)
    opened = await store.open_answer(QUESTION, model="m", now=NOW)
    await store.add_reply_message(opened.reply_id, 101)
    await store.close_reply(
        ClosedReply(
            reply_id=opened.reply_id,
            state=ReplyState.COMPLETE,
            text="so",
            report=CallReport(model="m"),
            error="",
            now=NOW,
            kept=Kept(asides=(Aside(AsideKind.THINKING, THOUGHT),), pictures=(PICTURE,)),
        )
    )
    return opened.reply_id


async def test_a_thought_is_kept_with_its_answer_and_in_no_turn(database: Database) -> None:
    """The button finds it; the window, which prompts and exports are made of, doesn't."""
    reply_id = await answered(database)
    assert await SqliteAsides(database).of(reply_id, AsideKind.THINKING) == THOUGHT
    assert await SqliteAsides(database).of(reply_id, AsideKind.SOURCES) is None
    assert THOUGHT not in str(await SqliteConversations(database).window(PLACE))


async def test_pictures_of_an_answer_are_part_of_memory(database: Database) -> None:
    """The answer's turn has them, as a question's turn has what came with it."""
    await answered(database)
    answer, question = await SqliteConversations(database).window(PLACE, whole=10)
    assert [picture.data for picture in answer.attachments] == [PICTURE.data]
    assert question.attachments == ()


async def test_a_copy_in_a_thread_keeps_its_pictures_until_the_answer_is_deleted(
    database: Database,
) -> None:
    """Copies go with the original."""
    await answered(database)
    store, thread = SqliteConversations(database), Place(channel_id=11, guild_id=1, parent_id=10)
    await store.branch(PLACE, thread, limit=10)
    assert (await store.window(thread, whole=10))[0].attachments
    await SqliteMessageSync(database).delete_messages([101])
    async with database.read() as session:
        assert await session.fetch("SELECT 1 FROM blobs") == []


async def again(database: Database) -> None:
    store = SqliteConversations(database)
    await store.reopen_answer(1, QUESTION, model="m", now=NOW)


WAYS: dict[str, Callable[[Database], Awaitable[object]]] = {
    "the message deleted": lambda database: SqliteMessageSync(database).delete_messages([101]),
    "forget me": lambda database: SqliteErasure(database).forget_user(5, now=NOW),
    "forget channel": lambda database: SqliteErasure(database).forget_channel(
        10, threads=True, reason=Reason.ASKED, by=5, now=NOW
    ),
    "forget server": lambda database: SqliteErasure(database).forget_guild(1, reason=Reason.ASKED, by=5, now=NOW),
    "retention": lambda database: SqliteErasure(database).purge(NOW + 1, now=NOW),
    "its own retention": lambda database: SqliteErasure(database).purge_thinking(NOW + 1),
    "another answer": again,
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_thought_goes_with_its_answer(database: Database, way: str) -> None:
    """By every way of erasure there is."""
    reply_id = await answered(database)
    await WAYS[way](database)
    assert await SqliteAsides(database).of(reply_id, AsideKind.THINKING) is None
    async with database.read() as session:
        assert await session.fetch("SELECT 1 FROM asides") == []
        left = await session.fetch("SELECT 1 FROM attachments") + await session.fetch("SELECT 1 FROM blobs")
    assert bool(left) == (way == "its own retention")  # the answer stays, and its pictures with it


@pytest.mark.parametrize("way", ["forget me", "retention"])
async def test_no_byte_of_an_erased_thought_is_left(path: Path, way: str) -> None:
    """Not in the file, nor in those beside it."""
    async with open_database(path) as database:
        await answered(database)
        await WAYS[way](database)
    files = [file.read_bytes() for file in path.parent.iterdir() if file.is_file()]
    assert not any(b"VERYSECRET" in content for content in files)


async def test_a_fresh_thought_outlives_the_sweep(database: Database) -> None:
    """Only what is older goes."""
    reply_id = await answered(database)
    assert await SqliteErasure(database).purge_thinking(NOW) == 0
    assert await SqliteAsides(database).of(reply_id, AsideKind.THINKING) == THOUGHT
