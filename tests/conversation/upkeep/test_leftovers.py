"""Messages that Discord's refusals left with a cursor or buttons, and how they get rid of them."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from bot.conversation.upkeep.leftovers import KEPT_S, MOST, Leftovers
from bot.core.errors import StorageError
from bot.display.errors import (
    MessageGoneError,
    NoAccessError,
    ScreenError,
    WriteFailedError,
    WriteRefusedError,
)
from bot.display.leftover import PAUSES_S
from bot.display.reply import Reply
from bot.display.scheduler import EditScheduler
from bot.display.target import Controls
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeChannels, FakeTarget
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable

STOP, RETRY = Controls(reply_id=1, stop=True), Controls(reply_id=1, retry=True)
CURSOR = " ▌"


class MemoryCache:
    """A `Cache` that forgets when the test ends."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, int]] = {}
        self.fault: StorageError | None = None

    async def load(self, key: str) -> tuple[str, int] | None:
        if self.fault:
            raise self.fault
        return self.kept.get(key)

    async def keep(self, key: str, value: str, *, now: int) -> None:
        if self.fault:
            raise self.fault
        self.kept[key] = value, now


class Stage:
    """A process with replies and what they left, in front of one channel."""

    def __init__(self, target: FakeTarget | None = None, cache: MemoryCache | None = None) -> None:
        self.target, self.cache = target or FakeTarget(latency=0.1), cache or MemoryCache()
        self.scheduler = EditScheduler(VirtualClock())
        self.leftovers = Leftovers(cache=self.cache, scheduler=self.scheduler, clock=VirtualClock())

    def reply(self, **options: object) -> Reply:
        reply = Reply(
            self.target,
            clock=VirtualClock(),
            rng=random.Random(1),
            mark=self.scheduler.mark,
            texts=ReplyTexts.display,
            left_behind=self.leftovers,
            **options,
        )
        reply.controls = STOP
        return reply

    async def begin(self) -> Reply:
        """A reply that shows its first words, with a cursor and a button."""
        reply = self.reply()
        reply.feed("The beginning, ")
        await asyncio.sleep(1)
        assert self.target.contents == ["The beginning," + CURSOR]
        return reply

    async def end(self, reply: Reply, note: str = "") -> None:
        reply.finish(note, RETRY)
        await asyncio.wait_for(reply.settled(), 600)


@pytest.mark.parametrize("tries", [0, 1, 5])
def test_a_message_whose_edit_was_refused_loses_its_cursor_and_button(tries: int):
    """As soon as Discord allows, it shows the last text that Discord accepted; the rest stands below."""

    async def main() -> Stage:
        stage = Stage()
        reply = await stage.begin()
        stage.target.fail_next(WriteRefusedError())
        reply.feed("and a word ")
        await asyncio.sleep(0.5)
        edit = stage.target.edit

        async def refuse(message_id: int, *rest: object, **more: object) -> None:
            nonlocal tries
            tries -= message_id == 100
            if message_id == 100 and tries >= 0:
                raise WriteRefusedError
            await edit(message_id, *rest, **more)

        stage.target.edit = refuse
        await stage.end(reply)
        await asyncio.sleep(sum(PAUSES_S[:5]) + 30)
        return stage

    stage = run(main())
    assert stage.target.contents == ["The beginning,", "and a word"]
    assert stage.target.controls[100] == Controls()
    assert stage.cache.kept["messages to clean"][0] == "[]"


def test_a_reply_whose_last_edit_is_refused_is_cleaned():
    """Nothing is missing, only the cursor is too many."""

    async def main() -> Stage:
        stage = Stage()
        reply = await stage.begin()
        stage.target.fail_next(WriteRefusedError(), times=2)
        await stage.end(reply)
        await asyncio.sleep(60)
        return stage

    stage = run(main())
    assert stage.target.contents == ["The beginning,"]
    assert stage.target.controls[100] == Controls()


def test_a_reply_that_lost_its_channel_is_cleaned_when_it_is_back():
    """The permission comes back an hour later."""

    async def main() -> Stage:
        stage = Stage()
        reply = await stage.begin()
        stage.target.fail_next(NoAccessError(), times=5)
        reply.feed("and more")
        await stage.end(reply, "Stopped.")
        assert stage.target.contents == ["The beginning," + CURSOR]
        await asyncio.sleep(7200)
        return stage

    assert run(main()).target.contents == ["The beginning,"]


def test_a_second_message_that_is_refused_leaves_the_first_as_it_is():
    """The text that Discord accepted stays, and the reply says below it why there is no more."""

    async def main() -> Stage:
        stage = Stage()
        reply = stage.reply()
        reply.feed("word " * 300)
        await asyncio.sleep(3)
        stage.target.fail_next(WriteRefusedError())
        edit = stage.target.edit
        reply.feed("word " * 300)
        stage.target.create = refusing(stage.target.create)
        stage.target.edit = edit
        await asyncio.sleep(10)
        await stage.end(reply)
        await asyncio.sleep(60)
        return stage

    def refusing(create: Callable[..., object]) -> Callable[..., object]:
        async def refuse(content: str, *rest: object, **more: object) -> object:
            if not content.startswith("-#"):
                raise WriteRefusedError
            return await create(content, *rest, **more)

        return refuse

    first, *_, last = run(main()).target.contents
    assert first.startswith("word word")
    assert CURSOR not in first
    assert last == f"-# {ReplyTexts.display.refused}"


def test_a_message_that_a_new_reply_uses_is_left_alone():
    """Retry shows its answer there; the old text never comes back."""

    async def main() -> Stage:
        stage = Stage()
        reply = await stage.begin()
        stage.target.fail_next(WriteRefusedError(), times=2)
        await stage.end(reply)
        await asyncio.sleep(2)
        again = stage.reply(messages=dict.fromkeys(reply.message_ids, ""))
        again.feed("Another answer.")
        await stage.end(again)
        await asyncio.sleep(7200)
        return stage

    assert run(main()).target.contents == ["Another answer."]


def test_a_reply_that_a_restart_cannot_end_is_cleaned():
    """Discord refuses its last edit for an hour; only what the channel shows is known of it."""

    async def main() -> Stage:
        stage = Stage()
        stage.target.messages[100] = "The beginning," + CURSOR
        stage.target.fail_next(WriteRefusedError(), times=5)
        reply = stage.reply(messages=dict(stage.target.messages), text="The beginning, ")
        await stage.end(reply, "Interrupted.")
        await asyncio.sleep(7200)
        return stage

    assert run(main()).target.messages[100] == "The beginning,"


@pytest.mark.parametrize(
    "error",
    [WriteRefusedError(), NoAccessError(), WriteFailedError(retry_after=2.0)],
    ids=["refused", "no access", "busy"],
)
def test_cleaning_is_given_up_after_a_day(error: ScreenError):
    """It tries again less and less often, and then never."""

    async def main() -> int:
        stage = Stage()
        stage.target.messages[7] = "text" + CURSOR
        stage.target.fail_next(error, times=1000)
        stage.leftovers.leave(stage.target, 7, "text")
        await asyncio.sleep(10 * 86_400)
        return len(stage.target.writes)

    assert run(main()) == len(PAUSES_S) + 1


def test_a_deleted_message_needs_no_cleaning():
    """It is over with the first try."""

    async def main() -> Stage:
        stage = Stage()
        stage.leftovers.leave(stage.target, 7, "text")
        await asyncio.sleep(3600)
        return stage

    assert len(run(main()).target.writes) == 1


def test_a_restart_goes_on_cleaning():
    """Memory knows which messages, and the channel what they show."""

    async def main() -> tuple[Stage, FakeChannels]:
        before = Stage()
        for message_id, content in ((7, "one" + CURSOR), (8, "two"), (9, "three"), (10, "gone")):
            before.target.messages[message_id] = content
        before.target.fail_next(WriteRefusedError(), times=1000)
        for message_id in (7, 8, 9, 10):
            before.leftovers.leave(before.target, message_id, "content")
        await asyncio.sleep(3)
        after = Stage(cache=before.cache)
        channels = FakeChannels(after.target)
        channels.add(7, "one" + CURSOR, button_of=1, running=True)
        channels.add(8, "two", button_of=1, running=True)
        channels.add(9, "three")
        await after.leftovers.recover(channels)
        await asyncio.sleep(5)
        return after, channels

    stage, _ = run(main())
    assert stage.target.messages == {7: "one", 8: "two", 9: "three"}
    assert [write.message_id for write in stage.target.writes] == [7, 8]
    assert stage.cache.kept["messages to clean"][0] == "[]"


@pytest.mark.parametrize("error", [MessageGoneError(), NoAccessError(), WriteFailedError()])
def test_a_channel_that_cannot_be_read_is_passed_over(error: ScreenError):
    """The start goes on."""

    async def main() -> Stage:
        stage = Stage()
        stage.cache.kept["messages to clean"] = (f"[[1, 7, {int(VirtualClock().time())}]]", 0)
        channels = FakeChannels(stage.target)
        channels.error = error
        await stage.leftovers.recover(channels)
        await asyncio.sleep(1)
        return stage

    assert run(main()).target.writes == []


@pytest.mark.parametrize("kept", ["", "[", '["x"]', "[[1,2]]", "[[1,2,3,4]]", "{}", "7"])
def test_a_list_that_makes_no_sense_is_no_hurdle(kept: str, caplog: pytest.LogCaptureFixture):
    """It is replaced by the next one."""

    async def main() -> None:
        stage = Stage()
        stage.cache.kept["messages to clean"] = kept, 0
        await stage.leftovers.recover(FakeChannels(stage.target))
        stage.leftovers.leave(stage.target, 7, "text")
        await asyncio.sleep(10)
        assert stage.cache.kept["messages to clean"][0] == "[]"

    run(main())
    assert "messages to clean aren't known" in caplog.text or kept == "{}"


def test_old_entries_and_a_broken_database_stop_nothing():
    """What was left a day ago stays as it is."""

    async def main() -> Stage:
        stage = Stage()
        channels = FakeChannels(stage.target)
        channels.add(7, "one" + CURSOR)
        old = int(VirtualClock().time()) - KEPT_S - 1
        stage.cache.kept["messages to clean"] = f"[[1, 7, {old}]]", 0
        await stage.leftovers.recover(channels)
        stage.cache.fault = StorageError("the disk is full")
        await stage.leftovers.recover(channels)
        stage.leftovers.leave(stage.target, 7, "one")
        await asyncio.sleep(10)
        return stage

    assert run(main()).target.messages == {7: "one"}


def test_only_so_many_are_kept():
    """The oldest make room."""

    async def main() -> Stage:
        stage = Stage()
        stage.target.fail_next(WriteRefusedError(), times=10_000)
        for message_id in range(1, MOST + 11):
            stage.target.messages[message_id] = "text"
            stage.leftovers.leave(stage.target, message_id, "text")
        await asyncio.sleep(0.1)
        return stage

    assert run(main()).cache.kept["messages to clean"][0].count("[1,") == MOST
