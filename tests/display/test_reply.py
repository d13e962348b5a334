"""A reply on its way to the screen, in virtual time."""

from __future__ import annotations

import asyncio
import random

import pytest

from bot.core.errors import StorageError
from bot.display.errors import MessageGoneError, NoAccessError, ScreenError, WriteFailedError, WriteRefusedError
from bot.display.reply import FINAL_ATTEMPTS, MOST_MESSAGES, Reply
from bot.display.scheduler import EditScheduler
from bot.display.target import Controls, Look, WriteKind
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeTarget
from tests.virtual import VirtualClock, run

STOP = Controls(reply_id=1, stop=True)
NONE = Controls(reply_id=1)
CURSOR = " ▌"


class Stage:
    """A reply, its scheduler and its target."""

    def __init__(self, target: FakeTarget | None = None, **options: object) -> None:
        self.target = target or FakeTarget(latency=0.1)
        self.scheduler = EditScheduler(VirtualClock())
        self.lost: list[ScreenError] = []
        self.reply = Reply(
            self.target,
            clock=VirtualClock(),
            rng=random.Random(1),
            mark=self.scheduler.mark,
            texts=ReplyTexts.display,
            on_lost=self.lost.append,
            **options,
        )
        self.reply.controls = STOP

    async def end(self, note: str = "", controls: Controls = NONE) -> None:
        self.reply.finish(note, controls)
        await asyncio.wait_for(self.reply.settled(), 600)
        await self.scheduler.aclose()


def test_the_first_text_is_shown_at_once_and_the_rest_follows():
    """The first piece goes out without delay; later ones share the edits that the limits allow."""

    async def main() -> Stage:
        stage = Stage()
        for _ in range(300):
            stage.reply.feed("word ")
            await asyncio.sleep(1 / 60)
        await stage.end()
        return stage

    stage = run(main())
    first, *rest = stage.target.writes
    assert first.kind is WriteKind.CREATE
    assert first.at < 0.05
    assert first.content == "word" + CURSOR
    assert 4 <= len(rest) <= 7
    assert stage.target.contents == [("word " * 300).strip()]
    assert stage.reply.shown_text == "word " * 300


def test_a_long_reply_takes_several_messages_and_loses_nothing():
    """Each message is finished before the next begins, and only the last carries the button."""

    async def main() -> Stage:
        stage = Stage()
        for number in range(2000):
            stage.reply.feed(f"word{number} ")
            await asyncio.sleep(0.005)
        await stage.end()
        return stage

    stage = run(main())
    assert len(stage.target.contents) > 5
    assert "".join(stage.target.contents).replace(" ", "") == "".join(f"word{n}" for n in range(2000))
    assert not any(CURSOR in content for content in stage.target.contents)
    assert set(stage.target.controls.values()) <= {Controls(), NONE}


def test_an_ending_says_what_happened_under_the_text():
    """The note is small print on a line of its own, with its buttons."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("Half an answer")
        await stage.end("The model fell silent.", Controls(reply_id=1, retry=True))
        return stage

    stage = run(main())
    assert stage.target.contents == ["Half an answer\n-# The model fell silent."]
    assert list(stage.target.controls.values()) == [Controls(reply_id=1, retry=True)]


def test_a_failure_without_text_is_its_own_message():
    """Nothing is silent."""

    async def main() -> Stage:
        stage = Stage()
        await stage.end("No answer.")
        return stage

    assert run(main()).target.contents == ["-# No answer."]


def test_the_status_gives_way_to_the_text():
    """What the reply waits for is shown until the first word, in the same message."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.show_status("Waiting for one other question.")
        await asyncio.sleep(3)
        assert stage.target.contents == ["-# Waiting for one other question."]
        stage.reply.feed("Here it is.")
        await stage.end()
        return stage

    assert run(main()).target.contents == ["Here it is."]


def test_typing_shows_until_there_is_text():
    """The indicator is sent while nothing is there, and not after."""

    async def main() -> Stage:
        stage = Stage()
        for wait in (0.5, 4, 4, 4, 4):
            stage.scheduler.mark(stage.reply)
            await asyncio.sleep(wait)
        stage.reply.feed("text")
        await asyncio.sleep(1)
        stage.scheduler.mark(stage.reply)
        await stage.end()
        return stage

    assert run(main()).target.typed == pytest.approx([0.5, 8.5], abs=0.1)


def test_text_held_back_by_the_client_is_asked_for_just_before_an_edit():
    """A write shows what has arrived, not what was handed over last."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("one")
        await asyncio.sleep(0.5)
        stage.reply.feed(" two")
        stage.reply.demand.hold(0.6)

        async def client() -> None:
            await stage.reply.demand.asked()
            stage.reply.demand.clear()
            stage.reply.feed(" three")

        task = asyncio.create_task(client())
        await asyncio.sleep(2)
        assert stage.target.contents == ["one two three" + CURSOR]
        await stage.end()
        await task
        return stage

    assert run(main()).target.contents == ["one two three"]


def test_a_write_is_of_the_kind_that_was_charged():
    """What the budget paid as a typing indicator never goes out as a message: text that came meanwhile waits."""

    async def main() -> tuple[bool, Stage]:
        stage = Stage()
        await asyncio.sleep(1)
        stage.reply.demand.hold(1.0)
        writing = asyncio.create_task(stage.reply.write(WriteKind.TYPING))
        await stage.reply.demand.asked()
        stage.reply.demand.clear()
        stage.reply.feed("one")
        sent = await writing
        assert not stage.target.typed
        await stage.end()
        return sent, stage

    sent, stage = run(main())
    assert not sent
    assert [write.kind for write in stage.target.writes] == [WriteKind.CREATE]
    assert stage.target.contents == ["one"]


@pytest.mark.parametrize("applied", [False, True], ids=["not applied", "applied"])
def test_passing_failures_lose_nothing_and_repeat_nothing(applied: bool):
    """A create or an edit that failed, or whose answer was lost, ends in the same text, once."""

    async def main() -> Stage:
        stage = Stage()
        stage.target.fail_next(WriteFailedError(), applied=applied, times=3)
        for number in range(300):
            stage.reply.feed(f"word{number} ")
            await asyncio.sleep(0.02)
        stage.target.fail_next(WriteFailedError(), applied=applied, times=2)
        await stage.end()
        return stage

    stage = run(main())
    assert "".join(stage.target.contents).replace(" ", "") == "".join(f"word{n}" for n in range(300))
    assert not stage.lost


def test_a_message_that_cannot_be_edited_is_left_and_the_rest_posted():
    """The missing text comes in a new message; nothing stands twice."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("The beginning, ")
        await asyncio.sleep(1)
        stage.reply.feed("and the end.")
        stage.target.fail_next(WriteFailedError(), times=FINAL_ATTEMPTS)
        await stage.end("Stopped.")
        return stage

    assert run(main()).target.contents == ["The beginning," + CURSOR, "and the end.\n-# Stopped."]


def test_a_refused_edit_is_not_tried_again():
    """What Discord will never take goes into a new message at once, also in mid-stream."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("one ")
        await asyncio.sleep(1)
        stage.target.fail_next(WriteRefusedError())
        stage.reply.feed("two ")
        await asyncio.sleep(3)
        stage.reply.feed("three")
        await stage.end()
        return stage

    assert run(main()).target.contents == ["one" + CURSOR, "two three"]


def test_a_refused_first_message_is_not_silent():
    """The reply says in words of its own that its text cannot be shown, and the model call can end."""

    async def main() -> Stage:
        stage = Stage()
        error = WriteRefusedError()
        stage.target.fail_next(error)
        stage.reply.feed("something that Discord does not take")
        await stage.end()
        assert stage.lost == [error]
        return stage

    stage = run(main())
    assert stage.target.contents == [f"-# {ReplyTexts.display.refused}"]
    assert list(stage.target.controls.values()) == [Controls()]


def test_what_a_slow_channel_has_no_room_for_comes_as_a_file():
    """In slow mode the next message may be minutes away: the text is complete without it."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("one " * 400)
        await asyncio.sleep(3)

        async def slow(*_: object, **__: object) -> int:
            raise WriteFailedError(retry_after=300.0)

        stage.target.create = slow
        stage.reply.feed("two " * 400)
        await asyncio.sleep(10)
        await stage.end()
        return stage

    stage = run(main())
    (content,) = stage.target.contents
    assert content.endswith(f"-# {ReplyTexts.display.rest_attached}")
    assert (content.rpartition("\n")[0] + " " + stage.target.files[100]).split() == ["one"] * 400 + ["two"] * 400
    assert stage.reply.shown_text.split() == ["one"] * 400 + ["two"] * 400


def test_an_ended_reply_does_not_wait_for_hours():
    """Where Discord takes nothing for so long, memory closes the reply."""

    async def main() -> float:
        stage = Stage()
        stage.target.fail_next(WriteFailedError(retry_after=7200.0))
        stage.reply.feed("one")
        await stage.end()
        return asyncio.get_running_loop().time()

    assert run(main()) < 60


def test_a_message_that_memory_does_not_take_is_not_posted_again():
    """A full disk is no failure of the write: the message stands there."""

    async def main() -> Stage:
        async def full(_message_id: int) -> None:
            raise StorageError("the disk is full")

        stage = Stage(on_message=full)
        stage.reply.feed("one")
        await stage.end()
        return stage

    assert [write.kind for write in run(main()).target.writes] == [WriteKind.CREATE]


def test_writes_that_fail_by_a_bug_come_to_an_end(caplog: pytest.LogCaptureFixture):
    """The next try waits like any other, and after a number of them the reply is settled."""

    async def main() -> int:
        stage, tries = Stage(), 0

        async def broken(*_: object, **__: object) -> None:
            nonlocal tries
            tries += 1
            raise RuntimeError

        stage.reply.feed("one ")
        await asyncio.sleep(1)
        stage.target.create = stage.target.edit = broken
        stage.reply.feed("two ")
        await asyncio.sleep(60)
        await stage.end()
        return tries

    assert run(main()) < 60
    assert "failed by a bug" in caplog.text


@pytest.mark.parametrize("error", [MessageGoneError(), NoAccessError()], ids=["deleted", "no access"])
def test_a_reply_that_nobody_can_read_is_lost_once(error: ScreenError):
    """The owner hears of it, so that the model call can end, and nothing more is written."""

    async def main() -> Stage:
        stage = Stage()
        stage.reply.feed("one ")
        await asyncio.sleep(1)
        stage.target.fail_next(error)
        stage.reply.feed("two ")
        await asyncio.sleep(5)
        stage.reply.feed("three ")
        await stage.end()
        return stage

    stage = run(main())
    assert stage.lost == [error]
    assert [write.kind for write in stage.target.writes] == [WriteKind.CREATE, WriteKind.EDIT]


def test_an_earlier_reply_gives_way_in_its_own_messages():
    """A retry reuses the first message and deletes those it does not need."""

    async def main() -> Stage:
        target = FakeTarget(latency=0.1)
        for nonce, content in enumerate(["old one", "old two", "old three"]):
            await target.create(content, NONE, nonce=nonce)
        stage = Stage(target, messages=dict.fromkeys(target.messages, ""))
        stage.reply.show_status("Trying again.")
        await asyncio.sleep(5)
        assert target.contents == ["-# Trying again."]
        stage.reply.feed("A new answer.")
        await stage.end()
        return stage

    assert run(main()).target.contents == ["A new answer."]


def test_a_continued_reply_goes_on_in_its_last_message():
    """Finished messages are not written again."""

    async def main() -> Stage:
        text = "word " * 700
        before = Stage()
        before.reply.feed(text)
        await before.end("Cut.")
        target = before.target
        count = len(target.writes)
        stage = Stage(target, messages=dict.fromkeys(before.reply.message_ids, ""), text=text)
        stage.reply.feed("and more.")
        await stage.end()
        assert {write.message_id for write in target.writes[count:]} == {before.reply.message_ids[-1]}
        assert stage.reply.text == text + "and more."
        return stage

    stage = run(main())
    assert stage.target.contents[-1].endswith("word and more.")
    assert len(stage.target.contents) == 2


def test_an_answer_too_long_for_messages_ends_in_a_file():
    """Past a number of messages the rest is attached as Markdown, and the small print says so."""

    async def main() -> Stage:
        stage = Stage()
        for number in range(200):
            stage.reply.feed(f"line {number} " + "x" * 480 + "\n")
            await asyncio.sleep(0.3)
        assert stage.target.contents[-1] == f"-# {ReplyTexts.display.rest_to_come}"
        await stage.end("Cut off.")
        return stage

    stage = run(main())
    target, text = stage.target, stage.reply.text
    assert len(target.contents) == MOST_MESSAGES + 1
    assert target.contents[-1] == f"-# {ReplyTexts.display.rest_attached} Cut off."
    attached = target.files[stage.reply.message_ids[-1]]
    assert text.endswith(attached)
    assert "\n".join([*target.contents[:-1], attached]).split() == text.split()
    assert stage.reply.shown_text == text


RICH = Look(rich_text=True)
TABLE = "Look:\n\n| Name | Age |\n|---|--:|\n| Ada | 36 |\n| Grace | 85 |\n\nThat is **all**."
TABLE_SHOWN = "Look:\n\n```\nName  │ Age\n──────┼────\nAda   │  36\nGrace │  85\n```\n\nThat is **all**."


async def stream(stage: Stage, text: str) -> None:
    for letter in text:
        stage.reply.feed(letter)
        await asyncio.sleep(1 / 20)


def test_a_table_is_announced_until_it_can_be_drawn():
    """A growing line counts its rows; then it's there whole, and nothing above it has changed."""

    async def main() -> Stage:
        stage = Stage(look=RICH)
        await stream(stage, TABLE)
        await stage.end()
        return stage

    stage = run(main())
    shown = [write.content for write in stage.target.writes]
    assert stage.target.contents == [TABLE_SHOWN]
    assert stage.reply.shown_text == TABLE
    assert any("\n-# ▦ A table is coming: " in content for content in shown)
    assert all(content.startswith("Look") and "|" not in content for content in shown[1:])


def test_a_rendered_answer_goes_on_without_an_edit_of_what_is_on_show():
    """Continue finds the same pages, however the text was rendered."""
    long = "\n\n".join([TABLE] * 90)

    async def main() -> tuple[Stage, Stage]:
        target = FakeTarget(latency=0.1)
        before = Stage(target, look=RICH)
        before.reply.feed(long)
        await before.end()
        again = Stage(target, messages=dict.fromkeys(before.reply.message_ids, ""), text=long, look=RICH)
        again.reply.feed(" And more.")
        await again.end()
        return before, again

    before, again = run(main())
    assert len(before.target.contents) > 2
    assert again.reply.shown_text == long + " And more."
    edited = {write.message_id for write in again.target.writes[len(before.target.contents) :]}
    assert edited == {max(again.target.messages)}


@pytest.mark.parametrize("previews", [False, True])
def test_links_are_previewed_only_where_they_may_be(previews: bool):
    """And then three in a message: the others ask for none."""

    async def main() -> Stage:
        stage = Stage(look=Look(previews=previews))
        stage.reply.feed(" ".join(f"https://x.org/{number}" for number in range(5)))
        await stage.end()
        return stage

    stage = run(main())
    assert set(stage.target.previews.values()) == {previews}
    assert stage.target.contents[0].count("<") == (2 if previews else 0)


def test_an_announced_table_takes_no_room_from_the_first_texts_of_others():
    """The line that announces it is a first text; that it counts on is not."""

    async def main() -> tuple[bool, bool]:
        stage = Stage(look=RICH)
        stage.reply.feed("| a |\n|---|\n| 1 |\n")
        first = stage.reply.wanted()
        await asyncio.sleep(1)
        stage.reply.feed("| 2 |\n")
        second = stage.reply.wanted()
        await stage.end()
        return first.urgent, second.urgent

    assert run(main()) == (True, False)
