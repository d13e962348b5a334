"""Retry and Continue: a stored question is answered again, in the messages of its last answer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.conversation.errors import ForgottenError, QueueFullError, ShuttingDownError, StillRunningError
from bot.core.errors import HeadwaterError, ProviderUnavailableError, StorageError
from bot.display.errors import NoAccessError, WriteFailedError, WriteRefusedError
from bot.display.target import Controls
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FULL = StorageError("the disk is full")


async def broken_off(*script: str) -> tuple[Stage, FakeTarget]:
    """An answer that ended in a failure, with its buttons."""
    stage, target = Stage(), FakeTarget(latency=0.1)
    stage.llm.say(*script, ProviderUnavailableError())
    await stage.ask("count", target)
    return stage, target


def test_again_refuses_what_it_cannot_or_need_not_answer():
    """A forgotten question and one under way are told apart."""

    async def main() -> None:
        stage = Stage()
        stage.llm.gap = 1.0
        asked = stage.ask("one")
        await asyncio.sleep(0.5)
        record = await stage.store.reply(1)
        assert record
        with pytest.raises(StillRunningError):
            await stage.retry(1, FakeTarget(), continue_=False)
        await asked
        await stage.store.clear(record.place, by=1, now=0)
        with pytest.raises(ForgottenError):
            await stage.retry(1, FakeTarget(), continue_=False)

    run(main())


@asynccontextmanager
async def obstacle(stage: Stage, error: HeadwaterError) -> AsyncIterator[None]:
    """What keeps another answer from beginning."""
    others = []
    if isinstance(error, QueueFullError):
        stage.llm.gap = 10.0
        others = [stage.ask(str(number)) for number in range(3)]
        await asyncio.sleep(1)
    elif isinstance(error, ShuttingDownError):
        await stage.chat.aclose(grace_s=1)
    else:
        stage.store.fault = error
    yield
    await asyncio.gather(*others)


@pytest.mark.parametrize("continue_", [False, True], ids=["Retry", "Continue"])
@pytest.mark.parametrize(
    "error",
    [QueueFullError(waiting=2), ShuttingDownError(), FULL],
    ids=["queue full", "shutting down", "disk full"],
)
def test_what_cannot_begin_leaves_the_old_answer_alone(error: HeadwaterError, continue_: bool):
    """Its text, its buttons and what memory has of it stay; who pressed is told why."""

    async def main() -> None:
        stage, target = await broken_off("one ", "two ")
        shown, controls, count = target.contents, dict(target.controls), len(target.writes)
        async with obstacle(stage, error):
            with pytest.raises(type(error)):
                await stage.retry(1, target, continue_=continue_)
            assert stage.store.answers[1] == "one two "
        assert (target.contents, target.controls) == (shown, controls)
        assert len(target.writes) == count

    run(main())


def test_a_disk_that_fills_up_while_the_new_answer_is_opened_leaves_the_old_one():
    """Retry stays where it was, and works once there is room."""

    async def main() -> None:
        stage, target = await broken_off("one ", "two ")
        before = target.contents

        stage.store.fault = FULL
        with pytest.raises(StorageError):
            await stage.retry(1, target, continue_=False)
        assert target.contents == before
        assert not await stage.store.unfinished_replies(), "a restart would end what nobody asked for"
        stage.store.fault = None
        await stage.retry(1, target, continue_=False)
        assert target.contents == ["Hello."]

    run(main())


def test_a_reply_whose_messages_another_has_taken_over_is_not_answered_again():
    """A press that comes late posts nothing below the answer that there is."""

    async def main() -> None:
        stage, target = await broken_off("one ", "two ")
        stage.llm.say("three.")
        await stage.retry(1, target, continue_=True)
        for continue_ in (False, True):
            with pytest.raises(ForgottenError):
                await stage.retry(1, target, continue_=continue_)
        assert target.contents == ["one two three."]
        assert len(stage.llm.requests) == 2

    run(main())


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "answer lost"])
def test_a_message_too_many_that_is_gone_already_does_not_end_a_retry(gone: bool):
    """Somebody deleted it while the bot was away, or Discord's answer to its deletion was lost."""

    async def main() -> None:
        stage, target = await broken_off("a paragraph of words. " * 200)
        first, second, *_ = target.messages
        delete = target.delete

        async def lost(message_id: int) -> None:
            target.delete = delete
            await delete(message_id)
            raise WriteFailedError

        if gone:
            target.remove(second)
        else:
            target.delete = lost
        stage.llm.gap = 1.0
        stage.llm.say("short ", "answer")
        await asyncio.wait_for(stage.retry(1, target, continue_=False), 100)
        assert target.messages == {first: "short answer"}
        assert target.controls[first] == Controls(reply_id=2)
        assert stage.store.answers[1] == "short answer"

    run(main())


@pytest.mark.parametrize("continue_", [False, True], ids=["Retry", "Continue"])
def test_an_answer_that_cannot_be_shown_leaves_memory_as_the_screen_is(continue_: bool):
    """Buttons go through the channel, where the bot may not write although a command may be used there."""

    async def main() -> None:
        stage, target = await broken_off("one two three ")
        before = target.contents
        target.fail_next(NoAccessError(), times=100)
        stage.llm.gap = 1.0
        stage.llm.say("four ", "five")
        with pytest.raises(NoAccessError):
            await asyncio.wait_for(stage.retry(1, target, continue_=continue_), 60)
        assert target.contents == before
        assert stage.store.answers[1] == "one two three "

    run(main())


def test_what_is_kept_of_a_continuation_begins_with_what_stood_there():
    """Also before its first write: a crash then costs nothing of the old text."""

    async def main() -> None:
        stage, target = await broken_off("one two three ")
        stage.store.checkpoints.clear()
        stage.llm.gap = 0.5
        stage.llm.say(*["four "] * 40)
        slow = FakeTarget(latency=3.0)
        slow.messages, slow.controls = target.messages, target.controls
        await stage.retry(1, slow, continue_=True)
        assert stage.store.checkpoints
        assert all(text.startswith("one two three ") for text in stage.store.checkpoints)

    run(main())


def test_continue_shows_what_stands_below_a_message_that_was_left_behind():
    """Pages then do not stand where they would by themselves, and not a word of them gets lost."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 1.0
        text = " ".join(f"word{number}" for number in range(700))
        stage.llm.say(text[:300], text[300:], ProviderUnavailableError())
        asked = stage.ask("talk", target)
        await asyncio.sleep(1.6)
        target.fail_next(WriteRefusedError())  # the first message stays as it is, the rest comes below it
        await asked
        assert len(target.contents) == 4
        stage.llm.say(" END")
        await asyncio.wait_for(stage.retry(1, target, continue_=True), 200)
        assert "".join("".join(target.contents).split()).endswith("word699END")
        shown = "".join("".join(target.contents).replace("\u258c", "").split())
        assert "".join(text.split()) in shown

    run(main())


def test_a_queue_that_fills_while_the_retry_is_stored_does_not_cost_the_answer():
    """The press has its place before anything else happens, so questions that come meanwhile wait behind it."""

    async def main() -> None:
        stage, target = await broken_off("One two")
        store_reply, others = stage.store.open_reply, []

        async def slow(*given: object, **named: object) -> int:
            stage.store.open_reply = store_reply
            others.extend(stage.ask(str(number)) for number in range(4))
            await asyncio.sleep(1)
            return await store_reply(*given, **named)

        stage.store.open_reply = slow
        stage.llm.say("One two three.")
        await stage.retry(1, target, continue_=False)
        assert target.contents == ["One two three."]
        await asyncio.gather(*others, return_exceptions=True)  # some find the queue full

    run(main())


def test_a_retry_is_billed_to_the_person_who_pressed_it():
    """The person who presses is limited and billed, not the one who asked."""

    async def main() -> None:
        stage, target = await broken_off("one ", "two ")
        await stage.retry(1, target, continue_=False, by=8)
        assert [entry.user_id for entry in stage.ledger.entries] == [7, 8]
        assert stage.llm.requests[-1].user_id == 8

    run(main())
