"""What came with questions: kept with its turn, bounded for each channel, and gone with the turn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation.ports import ClosedReply
from bot.conversation.upkeep.erasure import Reason
from bot.core.records import Attachment, AttachmentKind, Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database
from bot.storage.erasure import SqliteErasure
from bot.storage.sync import SqliteMessageSync
from bot.storage.turns import attachments as module

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.storage.engine.database import Database

PLACE = Place(channel_id=10, guild_id=1)
THREAD = Place(channel_id=11, guild_id=1, parent_id=10)
ANN, BEN, CEM = 5, 6, 7
NOW = 1_700_000_000
SHOT = Attachment(
    name="shot.png",
    kind=AttachmentKind.PICTURE,
    data=b"\x89PNG-ANN" * 5_000,
    media_type="image/png",
    width=4,
    height=3,
    note="the first of 2 frames",
)
LOG = Attachment(name="log.txt", kind=AttachmentKind.TEXT, text="ANN's log", pages=2, seconds=1.5)
QUOTED = Attachment(name="a message by Cem", kind=AttachmentKind.TEXT, text="CEM said", author_id=CEM)
EVERYTHING = (SHOT, LOG, QUOTED)


async def ask(store: SqliteConversations, *attached: Attachment, place: Place = PLACE, **of: Any) -> int:
    """A question with attachments and its answer; return the question's turn."""
    author = of.pop("author", ANN)
    question = Question(place=place, author_id=author, author_name="Ann", text="why?", attachments=attached, **of)
    opened = await store.open_answer(question, model="m", now=NOW)
    report = CallReport(model="m")
    await store.close_reply(
        ClosedReply(
            reply_id=opened.reply_id, state=ReplyState.COMPLETE, text="so", report=report, error="", now=NOW
        )
    )
    assert opened.turn_id is not None
    return opened.turn_id


async def blobs(database: Database) -> int:
    async with database.read() as session:
        ((count,),) = await session.fetch("SELECT COUNT(*) FROM blobs")
    return int(count)


def named(*attached: Attachment) -> tuple[Attachment, ...]:
    return tuple(replace(each, text="", data=b"") for each in attached)


async def test_a_question_comes_back_with_all_that_came_with_it(store: SqliteConversations):
    """Retry and Continue read it from here: Discord's links don't last."""
    turn_id = await ask(store, *EVERYTHING)
    again = await store.question(turn_id)
    assert again is not None
    assert again.attachments == EVERYTHING


async def test_a_window_has_the_newest_attachments_whole_and_names_the_others(store: SqliteConversations):
    """So a prompt doesn't carry every picture that was ever sent."""
    await ask(store, *EVERYTHING)
    await ask(store)
    await ask(store, SHOT)
    window = await store.window(PLACE, whole=3)
    assert [turn.attachments for turn in window] == [(), (SHOT,), (), (), (), named(*EVERYTHING)]
    assert [turn.attachments for turn in await store.window(PLACE)][1] == named(SHOT)


async def test_the_same_bytes_are_stored_once(store: SqliteConversations, database: Database):
    """However often they're sent; they go with the last turn that has them."""
    await ask(store, SHOT, SHOT, message_id=100)
    await ask(store, SHOT, message_id=200)
    assert await blobs(database) == 1
    sync = SqliteMessageSync(database)
    await sync.delete_messages([100])
    assert await blobs(database) == 1
    await sync.delete_messages([200])
    assert await blobs(database) == 0


async def test_a_thread_that_branches_off_has_copies(store: SqliteConversations, database: Database):
    """They stay when the original goes with its channel."""
    await ask(store, *EVERYTHING)
    await store.branch(PLACE, THREAD, limit=10)
    await SqliteErasure(database).forget_channel(10, threads=False, reason=Reason.ASKED, by=1, now=NOW)
    window = await store.window(THREAD, whole=10)
    assert window[1].attachments == EVERYTHING
    assert await blobs(database) == 1


WAYS: dict[str, Callable[[Database], Awaitable[object]]] = {
    "the person": lambda database: SqliteErasure(database).forget_user(ANN, now=NOW),
    "the channel": lambda database: SqliteErasure(database).forget_channel(
        10, threads=False, reason=Reason.ASKED, by=1, now=NOW
    ),
    "the server": lambda database: SqliteErasure(database).forget_guild(
        1, reason=Reason.DEPARTURE, by=None, now=NOW
    ),
    "age": lambda database: SqliteErasure(database).purge(NOW + 1, now=NOW),
    "the message": lambda database: SqliteMessageSync(database).delete_messages([100]),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_way_to_erase_a_turn_erases_what_came_with_it(path: Path, way: str):
    """No byte of it stays in any file."""
    async with open_database(path) as database:
        await ask(SqliteConversations(database), *EVERYTHING, message_id=100)
        await WAYS[way](database)
        await database.scrub()
        assert await blobs(database) == 0
        left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert not [word for word in (b"PNG-ANN", b"ANN's log", b"CEM said", b"shot.png") if word in left]


async def test_a_quoted_person_is_forgotten_in_the_questions_of_others(
    store: SqliteConversations, database: Database
):
    """Their message goes, the question stays."""
    turn_id = await ask(store, *EVERYTHING)
    await SqliteErasure(database).forget_user(CEM, now=NOW)
    again = await store.question(turn_id)
    assert again is not None
    assert again.attachments == (SHOT, LOG)


async def test_the_words_of_people_who_opted_out_are_not_stored(store: SqliteConversations, database: Database):
    """Not even where somebody else's question links to them; nor anything of their own questions."""
    await SqliteErasure(database).opt_out(CEM, now=NOW)
    turn_id = await ask(store, *EVERYTHING)
    again = await store.question(turn_id)
    assert again is not None
    assert again.attachments == (SHOT, LOG)
    question = Question(place=PLACE, author_id=CEM, author_name="Cem", text="why?", attachments=EVERYTHING)
    assert (await store.open_answer(question, model="m", now=NOW)).turn_id is None
    assert await blobs(database) == 1


@pytest.mark.parametrize("bound", ["CHANNEL_TURNS", "CHANNEL_BYTES"])
async def test_a_channel_keeps_so_much_and_no_more(
    store: SqliteConversations, database: Database, monkeypatch: pytest.MonkeyPatch, bound: str
):
    """Of what came earlier the name stays; other channels are untouched."""
    monkeypatch.setattr(module, bound, 2 if bound == "CHANNEL_TURNS" else 2 * len(SHOT.data) + 100)
    other = replace(SHOT, data=b"other" * 10)
    await ask(store, other, place=THREAD)
    sent = [replace(SHOT, data=bytes([number]) * len(SHOT.data)) for number in range(3)]
    for each in sent:
        await ask(store, each)
    window = await store.window(PLACE, whole=10)
    assert [turn.attachments[0].data for turn in window[1::2]] == [sent[2].data, sent[1].data, b""]
    assert window[5].attachments[0].name == "shot.png"
    assert (await store.window(THREAD, whole=10))[1].attachments == (other,)
    assert await blobs(database) == 3


async def test_a_file_that_is_taken_out_of_a_message_is_erased(store: SqliteConversations, database: Database):
    """By editing it on Discord; messages that the question links to stay, and so do the files that are left."""
    turn_id = await ask(store, *EVERYTHING, message_id=100)
    await store.branch(PLACE, THREAD, limit=10)
    sync = SqliteMessageSync(database)
    assert await sync.keep_files(100, ["shot.png", "log.txt"]) == 0
    assert await sync.keep_files(100, ["log.txt"]) == 2
    again = await store.question(turn_id)
    assert again is not None
    assert again.attachments == (LOG, QUOTED)
    assert await blobs(database) == 0
    assert await sync.keep_files(999, []) == 0


async def test_a_private_question_leaves_nothing(store: SqliteConversations, database: Database):
    """Its attachments are read and forgotten."""
    question = Question(place=PLACE, author_id=ANN, author_name="Ann", text="?", private=True)
    await store.open_reply(replace(question, attachments=EVERYTHING), model="m", now=NOW)
    assert await blobs(database) == 0


async def test_what_memory_knows_of_messages_and_people(store: SqliteConversations, database: Database):
    """What was said in the room isn't repeated, nor taken from people who opted out."""
    await ask(store, message_id=100)
    await SqliteErasure(database).opt_out(CEM, now=NOW)
    assert await store.known({100, 101}, {ANN, CEM}) == ({100}, {CEM})
