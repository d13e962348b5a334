"""What every `ConversationStore` promises."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation.ports import ClosedReply
from bot.core.events import Usage
from bot.core.records import Place, Question, ReplyState, Role
from bot.money.billing import CallReport
from bot.storage.erasure import SqliteErasure
from bot.storage.sync import SqliteMessageSync

if TYPE_CHECKING:
    from bot.storage.conversations import SqliteConversations
    from bot.storage.engine.database import Database

PLACE = Place(channel_id=10, guild_id=1)
ELSEWHERE = Place(channel_id=11, guild_id=1)
NOW = 1_700_000_000


def question(text: str = "why?", place: Place = PLACE, **details: Any) -> Question:
    return Question(**({"place": place, "author_id": 5, "author_name": "Ann", "text": text} | details))


async def ask(store: SqliteConversations, text: str, place: Place = PLACE) -> tuple[int, int]:
    """Store a question as the service does; return the ids of its reply and its turn."""
    asked = question(text, place)
    opened = await store.open_answer(asked, model="m", now=NOW)
    assert opened.turn_id is not None
    return opened.reply_id, opened.turn_id


async def close(
    store: SqliteConversations,
    reply_id: int,
    text: str = "because",
    state: ReplyState = ReplyState.COMPLETE,
    usage: Usage | None = None,
) -> None:
    await store.close_reply(
        ClosedReply(
            reply_id=reply_id,
            state=state,
            text=text,
            report=CallReport(model="m", generation_id="g", usage=usage),
            error="",
            now=NOW + 9,
        )
    )


async def exchange(store: SqliteConversations, text: str, answer: str, place: Place = PLACE) -> int:
    """A question and its answer; return the question's turn."""
    reply_id, turn_id = await ask(store, text, place)
    await close(store, reply_id, answer)
    return turn_id


async def texts(store: SqliteConversations, place: Place = PLACE, **options: Any) -> list[str]:
    return [turn.text for turn in await store.window(place, **options)]


# The window


async def test_turns_come_newest_first_with_all_that_a_prompt_needs(store: SqliteConversations) -> None:
    """Who said what, when, and how the answer ended."""
    reply_id, turn_id = await ask(store, "why?")
    await close(store, reply_id, "because", ReplyState.STOPPED)
    answer, asked = await store.window(PLACE)
    assert (asked.id, asked.role, asked.text) == (turn_id, Role.USER, "why?")
    assert (asked.author_id, asked.author_name, asked.created_at, asked.state) == (5, "Ann", NOW, None)
    assert (answer.role, answer.text, answer.author_id) == (Role.ASSISTANT, "because", None)
    assert answer.state is ReplyState.STOPPED
    assert answer.id > asked.id


async def test_channels_do_not_share_turns(store: SqliteConversations) -> None:
    """What is said in one channel is never read in another, a thread's parent included."""
    thread = Place(channel_id=12, guild_id=1, parent_id=10)
    await exchange(store, "in the channel", "a")
    await exchange(store, "elsewhere", "b", ELSEWHERE)
    await exchange(store, "in the thread", "c", thread)
    assert await texts(store) == ["a", "in the channel"]
    assert await texts(store, thread) == ["c", "in the thread"]
    assert await texts(store, Place(channel_id=99)) == []


@pytest.mark.parametrize(
    "state",
    [
        ReplyState.STOPPED,
        ReplyState.CUT,
        ReplyState.FILTERED,
        ReplyState.FAILED,
        ReplyState.INTERRUPTED,
        ReplyState.STREAMING,
    ],
)
async def test_a_broken_answer_counts_with_the_text_shown(store: SqliteConversations, state: ReplyState) -> None:
    """The context is what the channel shows, however the answer ended."""
    reply_id, _ = await ask(store, "q1")
    await close(store, reply_id, "half an ans", state)
    await exchange(store, "q2", "a2")
    assert await texts(store) == ["a2", "q2", "half an ans", "q1"]


async def test_a_question_whose_answer_showed_nothing_is_left_out_unless_it_is_the_newest(
    store: SqliteConversations,
) -> None:
    """It stays stored, and comes back when its answer is retried."""
    reply_id, turn_id = await ask(store, "q1")
    await close(store, reply_id, "", ReplyState.FAILED)
    assert await texts(store) == ["q1"]
    await exchange(store, "q2", "a2")
    assert await texts(store) == ["a2", "q2"]
    retry = await store.reopen_answer(turn_id, question("q1"), model="m", now=NOW)
    await close(store, retry, "a1 at last")
    assert await texts(store) == ["a2", "q2", "a1 at last", "q1"]


async def test_before_gives_what_was_said_before_a_turn(store: SqliteConversations) -> None:
    """Paging and retries read backwards from a turn; an unanswered question there is no newest one."""
    first = await exchange(store, "q1", "a1")
    failed, failed_turn = await ask(store, "q2")
    await close(store, failed, "", ReplyState.FAILED)
    newest = await exchange(store, "q3", "a3")
    assert await texts(store, before=newest) == ["a1", "q1"]
    assert await texts(store, before=failed_turn) == ["a1", "q1"]
    assert await texts(store, before=first) == []


async def test_limit_and_before_page_through_everything_once(store: SqliteConversations) -> None:
    """Pages neither overlap nor leave a gap, and `count` agrees with them."""
    for number in range(7):
        await exchange(store, f"q{number}", f"a{number}")
    whole = await store.window(PLACE)
    paged, before = [], None
    while page := await store.window(PLACE, before=before, limit=3):
        paged += page
        before = page[-1].id
    assert paged == whole
    assert await store.count(PLACE) == len(whole) == 14


async def test_an_answer_stands_behind_its_question_whatever_else_was_asked_meanwhile(
    store: SqliteConversations,
) -> None:
    """Order is that of the conversation, not of the commits."""
    first_reply, _ = await ask(store, "q1")
    second_reply, _ = await ask(store, "q2")
    await close(store, second_reply, "a2")
    await close(store, first_reply, "a1")
    assert await texts(store) == ["a2", "q2", "a1", "q1"]


async def test_a_retried_answer_takes_the_old_ones_place(store: SqliteConversations) -> None:
    """Regenerating an older answer neither repeats the question nor moves it to the end."""
    turn_id = await exchange(store, "q1", "a1")
    await exchange(store, "q2", "a2")
    retry = await store.reopen_answer(turn_id, question("q1"), model="m", now=NOW)
    turns = await store.window(PLACE)
    assert [turn.text for turn in turns] == ["a2", "q2", "a1", "q1"]
    assert turns[2].state is ReplyState.STREAMING
    await close(store, retry, "better", ReplyState.CUT)
    turns = await store.window(PLACE)
    assert [turn.text for turn in turns] == ["a2", "q2", "better", "q1"]
    assert turns[2].state is ReplyState.CUT


async def test_a_private_question_leaves_nothing_in_memory(store: SqliteConversations) -> None:
    """Its reply is kept for the accounts, its text nowhere."""
    reply_id = await store.open_reply(question("psst", private=True), model="m", now=NOW)
    await store.checkpoint(reply_id, "whisper")
    await close(store, reply_id, "whispered", usage=Usage(prompt_tokens=3))
    assert await texts(store) == []
    stored = await store.reply(reply_id)
    assert stored is not None
    assert (stored.text, stored.turn_id, stored.state) == ("", None, ReplyState.COMPLETE)
    assert stored.private


# Clearing


async def test_clearing_hides_what_was_said_and_nothing_that_comes(store: SqliteConversations) -> None:
    """It tells how many turns it hid, and is the channel's own."""
    await exchange(store, "q1", "a1")
    await exchange(store, "other", "b1", ELSEWHERE)
    assert await store.clear(PLACE, by=7, now=NOW) == 2
    assert await texts(store) == []
    assert await store.count(PLACE) == 0
    await exchange(store, "q2", "a2")
    assert await texts(store) == ["a2", "q2"]
    assert await store.clear(PLACE, by=7, now=NOW) == 2
    assert await texts(store, ELSEWHERE) == ["b1", "other"]


async def test_clearing_a_channel_nobody_spoke_in_hides_nothing(store: SqliteConversations) -> None:
    """There is nothing to mark, and nothing breaks."""
    assert await store.clear(PLACE, by=7, now=NOW) == 0


async def test_an_answer_under_way_is_cleared_with_its_question(store: SqliteConversations) -> None:
    """It belongs to the conversation that was ended."""
    reply_id, _ = await ask(store, "q1")
    await store.clear(PLACE, by=7, now=NOW)
    await close(store, reply_id, "a1")
    assert await texts(store) == []


async def test_a_cleared_conversation_comes_back_once(store: SqliteConversations) -> None:
    """Undoing brings back what the last clearing hid, and nothing that was cleared before."""
    await exchange(store, "q1", "a1")
    await store.clear(PLACE, by=7, now=NOW)
    await exchange(store, "q2", "a2")
    await store.clear(PLACE, by=7, now=NOW)
    assert await store.clear(PLACE, by=7, now=NOW) == 0
    await exchange(store, "q3", "a3")
    assert await store.restore(PLACE) == 2
    assert await texts(store) == ["a3", "q3", "a2", "q2"]
    assert await store.restore(PLACE) == 0
    assert await store.restore(ELSEWHERE) == 0


# Branches and anchors


async def test_a_branch_has_the_newest_turns_and_lives_its_own_life(store: SqliteConversations) -> None:
    """In order and with their answers; what is said in one is not heard in the other."""
    thread = Place(channel_id=12, guild_id=1, parent_id=10)
    await exchange(store, "q0", "a0")
    await store.clear(PLACE, by=7, now=NOW)
    for number in (1, 2, 3):
        await exchange(store, f"q{number}", f"a{number}")
    before = await store.window(PLACE)
    assert await store.branch(PLACE, thread, limit=4) == 4
    copies = await store.window(thread)
    assert [turn.text for turn in copies] == ["a3", "q3", "a2", "q2"]
    assert [(turn.author_name, turn.created_at) for turn in copies] == [
        (turn.author_name, turn.created_at) for turn in before[:4]
    ]
    await exchange(store, "only here", "yes", thread)
    assert await store.window(PLACE) == before


async def test_a_branch_follows_its_origin_when_messages_go(
    store: SqliteConversations, database: Database
) -> None:
    """A deleted message is out of memory everywhere, also where it was copied from a copy."""
    thread, deeper = Place(channel_id=12), Place(channel_id=13)
    asked = question("q1", message_id=100)
    opened = await store.open_answer(asked, model="m", now=NOW)
    reply_id = opened.reply_id
    await store.add_reply_message(reply_id, 101)
    await close(store, reply_id, "a1")
    await store.branch(PLACE, thread, limit=10)
    await store.branch(thread, deeper, limit=10)
    sync = SqliteMessageSync(database)
    assert await sync.delete_messages([101]) == 3
    assert await sync.delete_messages([100]) == 3
    assert [await texts(store, place) for place in (PLACE, thread, deeper)] == [[], [], []]


async def test_only_an_older_answer_is_an_anchor(store: SqliteConversations) -> None:
    """The newest is where one would be anyway; questions, and messages elsewhere, are none."""
    asked = question("q1", message_id=100)
    opened = await store.open_answer(asked, model="m", now=NOW)
    reply_id = opened.reply_id
    await store.add_reply_message(reply_id, 101)
    await close(store, reply_id, "a1")
    newest, _ = await store.window(PLACE)
    assert await anchor_of(store, 101) is None
    await exchange(store, "q2", "a2")
    assert await anchor_of(store, 101) == newest.id
    assert (await store.window(PLACE))[0].anchor_id == newest.id
    assert await anchor_of(store, 100) is None
    assert await anchor_of(store, 101, ELSEWHERE) is None


async def anchor_of(store: SqliteConversations, message_id: int, place: Place = PLACE) -> int | None:
    """The anchor that a question gets which replies to a message."""
    opened = await store.open_answer(question("q3", place, replies_to=message_id), model="m", now=NOW)
    if opened.turn_id is not None:
        stored = await store.question(opened.turn_id)
        assert stored is not None
        assert stored.anchor_id == opened.anchor_id
    return opened.anchor_id


async def test_a_question_of_somebody_who_opted_out_is_not_stored(
    store: SqliteConversations, database: Database
) -> None:
    """Nor one about their message; the reply and the anchor are there all the same."""
    await SqliteErasure(database).opt_out(5, now=NOW)
    for asked in (question("q1"), question("q1", author_id=6, quoted_id=5)):
        opened = await store.open_answer(asked, model="m", now=NOW)
        assert opened.turn_id is None
        assert await store.reply(opened.reply_id) is not None
    assert await texts(store) == []


# Replies


async def test_a_reply_knows_its_place_asker_messages_and_question(store: SqliteConversations) -> None:
    """Enough for its buttons and to recover it after a crash."""
    place = Place(channel_id=12, guild_id=1, parent_id=10)
    asked = question("why?", place, message_id=77)
    reply_id = await store.open_reply(asked, model="m", now=NOW)
    waiting = await store.reply(reply_id)
    assert waiting is not None
    assert (waiting.place, waiting.turn_id, waiting.text, waiting.message_ids) == (place, None, "", ())
    assert (waiting.question_message_id, waiting.private) == (77, False)
    turn_id = (await store.open_answer(asked, model="m", now=NOW, reply_id=reply_id)).turn_id
    for message_id in (102, 101, 102):
        await store.add_reply_message(reply_id, message_id)
    await store.checkpoint(reply_id, "because")
    stored = await store.reply(reply_id)
    assert stored is not None
    assert (stored.id, stored.place, stored.asker_id, stored.model) == (reply_id, place, 5, "m")
    assert (stored.state, stored.text, stored.opened_at) == (ReplyState.STREAMING, "because", NOW)
    assert (stored.message_ids, stored.turn_id, stored.question_message_id) == ((102, 101), turn_id, 77)
    assert await store.reply(reply_id + 1) is None


async def test_a_stored_question_comes_back_whole(store: SqliteConversations) -> None:
    """Retry asks it again, also after a restart."""
    asked = question("why?", Place(channel_id=12, guild_id=1, parent_id=10), message_id=77)
    opened = await store.open_answer(asked, model="m", now=NOW)
    reply_id, turn_id = opened.reply_id, opened.turn_id
    assert await store.question(turn_id) == asked
    await close(store, reply_id)
    answer, _ = await store.window(asked.place)
    assert await store.question(answer.id) is None


async def test_the_old_answers_messages_belong_to_the_new_reply(store: SqliteConversations) -> None:
    """A retry writes over them; a message that both have shown is counted once."""
    old, turn_id = await ask(store, "why?")
    await store.add_reply_message(old, 101)
    await store.add_reply_message(old, 102)
    new = await store.reopen_answer(turn_id, question(), model="m", now=NOW)
    await store.add_reply_message(new, 101)
    first, second = await store.reply(old), await store.reply(new)
    assert first is not None
    assert second is not None
    assert (first.message_ids, second.message_ids) == ((), (101, 102))


async def test_replies_nobody_closed_are_found(store: SqliteConversations) -> None:
    """After a crash each is listed once, oldest first, with what was shown of it."""
    done, _ = await ask(store, "q0")
    await close(store, done)
    first, _ = await ask(store, "q1")
    await store.add_reply_message(first, 101)
    await store.add_reply_message(first, 102)
    await store.checkpoint(first, "half")
    second, _ = await ask(store, "q2", ELSEWHERE)
    unfinished = await store.unfinished_replies()
    assert [reply.id for reply in unfinished] == [first, second]
    assert (unfinished[0].message_ids, unfinished[0].text) == ((101, 102), "half")
    assert (unfinished[1].message_ids, unfinished[1].place) == ((), ELSEWHERE)


async def test_usage_is_kept_as_reported(store: SqliteConversations, database: Database) -> None:
    """Tokens and nano-dollars are integers that come out as they went in; what was not reported is not zero."""
    reported, _ = await ask(store, "q1")
    await close(
        store,
        reported,
        usage=Usage(
            prompt_tokens=1,
            completion_tokens=2,
            cached_tokens=3,
            reasoning_tokens=4,
            cost_nano_usd=5_000_000_000_000,
        ),
    )
    silent, _ = await ask(store, "q2")
    await close(store, silent)
    async with database.read() as session:
        rows = await session.fetch(
            "SELECT prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, cost_nano_usd,"
            " generation_id, closed_at FROM replies ORDER BY id"
        )
    assert rows == [(1, 2, 3, 4, 5_000_000_000_000, "g", NOW + 9), (None, None, None, None, None, "g", NOW + 9)]


# Deleting, as the work to come will do it


async def test_an_answer_whose_question_was_deleted_stays(store: SqliteConversations, database: Database) -> None:
    """Deleting one's message takes one's words out, not the bot's, and the running reply ends as ever."""
    reply_id, turn_id = await ask(store, "q1")
    async with database.write() as session:
        await session.execute("DELETE FROM turns WHERE id = ?1", turn_id)
    await close(store, reply_id, "a1")
    assert await texts(store) == ["a1"]


async def test_a_question_deleted_before_its_retry_is_not_remembered(
    store: SqliteConversations, database: Database
) -> None:
    """The reply goes on and is accounted for; nothing is put back."""
    turn_id = await exchange(store, "q1", "a1")
    async with database.write() as session:
        await session.execute("DELETE FROM turns")
    retry = await store.reopen_answer(turn_id, question(), model="m", now=NOW)
    await close(store, retry, "a1 again")
    assert await texts(store) == []


async def test_ids_are_never_given_twice(store: SqliteConversations, database: Database) -> None:
    """A button or a cleared marker from before a deletion must not come to mean something else."""
    reply_id, turn_id = await ask(store, "q1")
    async with database.write() as session:
        await session.execute("DELETE FROM turns")
        await session.execute("DELETE FROM replies")
    later_reply, later_turn = await ask(store, "q2")
    assert later_reply > reply_id
    assert later_turn > turn_id


async def test_forgetting_a_server_takes_its_conversations_and_leaves_the_accounts(
    store: SqliteConversations, database: Database
) -> None:
    """Turns go with their conversation; what was spent stays known."""
    await exchange(store, "q1", "a1")
    async with database.write() as session:
        await session.execute("DELETE FROM conversations WHERE guild_id = ?1", 1)
    async with database.read() as session:
        assert await session.fetch("SELECT id FROM turns") == []
        assert await session.fetch("SELECT channel_id FROM replies") == [(10,)]


# Load


async def test_many_channels_at_once_keep_to_themselves(store: SqliteConversations) -> None:
    """Fifty conversations interleaved, each with its own secret."""

    async def talk(channel_id: int) -> None:
        place = Place(channel_id=channel_id)
        for number in range(3):
            reply_id, _ = await ask(store, f"secret {channel_id}, {number}?", place)
            await store.checkpoint(reply_id, f"secret {channel_id}")
            await close(store, reply_id, f"secret {channel_id}, {number}.")

    await asyncio.gather(*(talk(channel_id) for channel_id in range(50)))
    for channel_id in range(50):
        place = Place(channel_id=channel_id)
        expected = [f"secret {channel_id}, {number}{mark}" for number in (2, 1, 0) for mark in ".?"]
        assert await texts(store, place) == expected
