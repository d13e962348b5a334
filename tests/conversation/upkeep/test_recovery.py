"""Replies that a restart interrupted, in virtual time."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from functools import partial

import pytest

from bot.conversation.errors import LostInQueueError
from bot.conversation.ports import StoredReply
from bot.conversation.upkeep.leases import LEASE_S, Leases
from bot.conversation.upkeep.recovery import LOOK_S, Recovery
from bot.core.errors import StorageError
from bot.core.records import Place, Question, ReplyState
from bot.display.errors import MessageGoneError, NoAccessError
from bot.display.reply import Reply
from bot.display.scheduler import EditScheduler
from bot.display.target import Controls
from bot.money.billing import Billing, OpenCall
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.unbooked import Unbooked
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeCatalog, FakeChannels, FakeTarget, MemoryClaims, MemoryStore
from tests.virtual import EPOCH, VirtualClock, run

INTERRUPTED = "-# Interrupted by a restart of the bot."
ASKED = 50  # the id of the message that asked


class Stage:
    """A channel and a memory as an earlier life left them: one reply, unfinished."""

    def __init__(self) -> None:
        self.screen = FakeTarget()
        self.channels = FakeChannels(self.screen)
        self.store = MemoryStore()
        self.channels.add(ASKED, "why?", own=False)
        clock = VirtualClock()
        ledger, unbooked = self.store.ledger, Unbooked(clock)
        self.recovery = Recovery(
            store=self.store,
            leases=Leases(MemoryClaims(self.store), clock, process="here 1 a"),
            billing=Billing(
                budgets=Budgets(ledger, unbooked, clock, owner=OwnerBudgets()),
                ledger=ledger,
                unbooked=unbooked,
                catalog=FakeCatalog(),
                clock=clock,
            ),
            new_reply=partial(
                Reply,
                clock=clock,
                rng=random.Random(1),
                mark=EditScheduler(clock).mark,
                texts=ReplyTexts.display,
            ),
            texts=ReplyTexts(),
            clock=clock,
        )

    async def open(
        self,
        *,
        kept: str = "",
        known: tuple[int, ...] = (),
        waits: bool = False,
        rich_text: bool = False,
        **of: object,
    ) -> None:
        question = Question(
            **{"author_id": 7, "author_name": "Ann", "text": "why?", "message_id": ASKED, **of},
            place=Place(channel_id=1),
        )
        reply_id = await self.store.open_reply(question, model="m", now=int(EPOCH), rich_text=rich_text)
        if not waits:
            await self.store.open_answer(question, model="m", now=int(EPOCH), reply_id=reply_id)
            await self.store.checkpoint(reply_id, kept)
        for message_id in known:
            await self.store.add_reply_message(reply_id, message_id)

    async def recover(self) -> StoredReply:
        await self.recovery.recover(self.channels)
        assert not await self.store.unfinished_replies()
        return self.store.replies[1]


def test_a_reply_ends_with_what_the_channel_shows_of_it():
    """Also with what came after the last checkpoint: memory and screen say the same, the cursor is gone."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One two", known=(101,))
        stage.channels.add(101, "One two three ▌", button_of=1, running=True)
        reply = await stage.recover()
        assert stage.screen.contents == [f"One two three\n{INTERRUPTED}"]
        assert stage.screen.controls[101] == Controls(reply_id=1, retry=True, continue_=True)
        assert (reply.state, reply.text) == (ReplyState.INTERRUPTED, "One two three")

    run(main())


@pytest.mark.parametrize(
    "details",
    [{"button_of": 1, "running": True}, {"reply_to": ASKED}],
    ids=["by its Stop button", "by what it answers"],
)
def test_a_message_that_memory_does_not_know_is_found(details: dict[str, object]):
    """The process ended between Discord's answer and the commit."""

    async def main() -> None:
        stage = Stage()
        await stage.open()
        stage.channels.add(99, "Somebody else's answer", button_of=9)
        stage.channels.add(101, "One ▌", **details)
        reply = await stage.recover()
        assert stage.screen.messages == {99: "Somebody else's answer", 101: f"One\n{INTERRUPTED}"}
        assert reply.text == "One"
        assert reply.message_ids == (101,)

    run(main())


def test_a_question_nothing_was_shown_for_gets_a_line_under_it():
    """With Retry; there is nothing to continue."""

    async def main() -> None:
        stage = Stage()
        await stage.open()
        await stage.recover()
        assert stage.screen.contents == [INTERRUPTED]
        assert list(stage.screen.controls.values()) == [Controls(reply_id=1, retry=True)]
        assert stage.channels.answered == [ASKED]
        assert stage.store.replies[1].message_ids

    run(main())


@pytest.mark.parametrize("shown", [(), (101,)])
def test_who_waited_in_the_queue_is_asked_to_ask_again(shown: tuple[int, ...]):
    """The question's text is not kept before its turn, so it cannot be retried."""

    async def main() -> None:
        stage = Stage()
        await stage.open(waits=True, known=shown)
        for message_id in shown:
            waiting = "-# Waiting for one other question in this channel."
            stage.channels.add(message_id, waiting, button_of=1, running=True)
        await stage.recover()
        assert stage.screen.contents == [f"-# {LostInQueueError().sentence}"]
        assert list(stage.screen.controls.values()) == [Controls(reply_id=1)]

    run(main())


def test_a_reply_that_had_ended_on_the_screen_stays_as_it_is():
    """Only its commit was missing: memory takes over what stands there."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One", known=(101,))
        stage.channels.add(101, "One two\n-# Stopped by mem.", button_of=1)
        reply = await stage.recover()
        assert stage.screen.writes == []
        assert reply.text == "One two"

    run(main())


def test_a_line_that_memory_does_not_take_is_posted_once():
    """With a full disk every reply still ends, in one message, and the next start finds it there."""

    async def main() -> None:
        stage = Stage()
        await stage.open()

        async def full(*_: object) -> None:
            raise StorageError("the disk is full")

        stage.store.add_reply_message = full
        await asyncio.wait_for(stage.recover(), 60)
        assert stage.screen.contents == [INTERRUPTED]

    run(main())


TABLE_SAID = "Look:\n\n| a | b |\n|---|---|\n| 1 | $x^2$ |\n\nSo **it"
TABLE_SHOWN = "Look:\n\n```\na │ b\n──┼───\n1 │ x²\n```\n\nSo **it"


@pytest.mark.parametrize(
    ("shown", "remembered"),
    [
        (TABLE_SHOWN + "** \u258c", TABLE_SAID),
        (TABLE_SHOWN + "** fits, and more \u258c", TABLE_SAID + "** fits, and more"),
        (TABLE_SHOWN + "** fits.\n\n```\nc\n─\n```\n \u258c", TABLE_SAID),
    ],
)
def test_what_a_rendered_answer_says_is_known_from_memory(shown: str, remembered: str):
    """What came after the last checkpoint is read back where it was shown as it was said, and only then."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept=TABLE_SAID, known=(101,), rich_text=True)
        stage.channels.add(101, shown, button_of=1, running=True)
        reply = await stage.recover()
        assert reply.text == remembered
        (content,) = stage.screen.contents
        assert content.startswith(TABLE_SHOWN)
        assert content.endswith(f"\n{INTERRUPTED}")

    run(main())


def test_what_cannot_be_read_back_to_the_letter_is_kept_word_for_word():
    """Messages that no text is shown by, as where one was left behind, are not shortened to what memory has."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One", known=(101, 102))
        stage.channels.add(101, "One two")
        stage.channels.add(102, "three four \u258c", button_of=1, running=True)
        reply = await stage.recover()
        assert reply.text.split() == ["One", "two", "three", "four"]
        assert " ".join(stage.screen.contents).replace(INTERRUPTED, "").split() == reply.text.split()

    run(main())


def test_a_reply_somebody_deleted_is_forgotten():
    """Whole or in part: what is gone from the channel is gone from memory, and nothing is posted again."""

    async def main() -> None:
        whole, part = Stage(), Stage()
        await whole.open(kept="One two", known=(101,))
        assert (await whole.recover()).text == ""
        assert whole.screen.writes == []
        await part.open(kept="One two", known=(101, 102))
        part.channels.add(102, "two ▌", button_of=1, running=True)
        assert (await part.recover()).text == ""
        assert part.screen.contents == [INTERRUPTED]

    run(main())


def test_a_retry_that_was_interrupted_before_its_first_word_forgets_the_old_answer():
    """The screen no longer shows it, so memory does not have it either; Retry is there again."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="An old answer.", known=(101,))
        stage.channels.add(101, "-# Trying again.", button_of=1, running=True)
        assert (await stage.recover()).text == ""
        assert stage.screen.contents == [INTERRUPTED]
        assert stage.screen.controls[101] == Controls(reply_id=1, retry=True)

    run(main())


def test_a_channel_that_is_gone_ends_the_reply_in_memory():
    """There is nobody to tell."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One", known=(101,))
        stage.channels.error = MessageGoneError()
        assert (await stage.recover()).state is ReplyState.INTERRUPTED
        assert stage.screen.writes == []

    run(main())


def test_where_the_channel_cannot_be_read_the_screen_is_made_to_show_what_memory_has():
    """Without the permission to read, what was kept last is certain."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One", known=(101,))
        stage.channels.add(101, "One two ▌", button_of=1, running=True)
        stage.channels.error = NoAccessError()
        reply = await stage.recover()
        assert stage.screen.contents == [f"One\n{INTERRUPTED}"]
        assert reply.text == "One"

    run(main())


def test_a_slash_command_that_was_still_thinking_is_answered():
    """Discord shows its message from the start, before anything was said in it."""

    async def main() -> None:
        stage = Stage()
        await stage.open(message_id=None)
        stage.channels.seen.clear()
        stage.channels.add(10**18 * 2, "", command_of=7)
        await stage.recover()
        assert stage.screen.contents == [INTERRUPTED]

    run(main())


def test_a_private_reply_ends_in_memory_alone():
    """Nothing of it is said in the channel."""

    async def main() -> None:
        stage = Stage()
        await stage.open(private=True, waits=True)
        await stage.recover()
        assert stage.screen.writes == []

    run(main())


def test_one_reply_that_cannot_be_recovered_does_not_keep_others_from_it(caplog: pytest.LogCaptureFixture):
    """A bug met in one is logged, and the next is ended."""

    async def main() -> None:
        stage = Stage()
        await stage.open()
        await stage.open()
        stage.channels.add(101, "One \u258c", button_of=1, running=True)
        stage.store.replies[1] = replace(stage.store.replies[1], message_ids=None)
        await stage.recovery.recover(stage.channels)
        assert stage.store.replies[2].state is ReplyState.INTERRUPTED

    run(main())
    assert "failed by a bug" in caplog.text


def test_a_call_that_a_kill_cut_off_is_booked():
    """With what was set aside, to the person who pays, and by the name under which the provider can be asked."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One two", known=(101,))
        call = OpenCall(model="m2", payer_id=8, reserved_nano_usd=500, generation_id="gen-9")
        await stage.store.open_call(1, call)
        stage.channels.add(101, "One two ▌", button_of=1, running=True)
        await stage.recover()
        (entry,) = stage.store.ledger.entries
        assert (entry.user_id, entry.model, entry.generation_id, entry.reply_id) == (8, "m2", "gen-9", 1)
        assert (entry.cost.nano_usd, entry.cost.estimated) == (500, True)
        await stage.recovery.recover(stage.channels)
        assert len(stage.store.ledger.entries) == 1

    run(main())


def test_what_a_kill_cut_off_counts_before_the_next_question():
    """It's booked at the start, before the channel is looked at, and only once; what still runs is left alone."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One two", known=(101,))
        await stage.open()
        stage.store.lease(2, "elsewhere 1 b", int(EPOCH))
        for reply_id in (1, 2):
            call = OpenCall(model="m", payer_id=8, reserved_nano_usd=500, generation_id=f"gen-{reply_id}")
            await stage.store.open_call(reply_id, call)
        await stage.recovery.book()
        await stage.recovery.book()
        assert [entry.generation_id for entry in stage.store.ledger.entries] == ["gen-1"]
        await stage.recovery.recover(stage.channels)
        assert len(stage.store.ledger.entries) == 1

    run(main())


def test_a_call_that_never_began_is_not_booked():
    """Nothing of it was asked of the provider."""

    async def main() -> None:
        stage = Stage()
        await stage.open()
        await stage.recover()
        assert stage.store.ledger.entries == []

    run(main())


def test_a_reply_that_another_process_carries_on_is_left_alone():
    """Until its lease has run out, as when that process was killed on another machine."""

    async def main() -> None:
        stage = Stage()
        await stage.open(kept="One two", known=(101,))
        stage.channels.add(101, "One two ▌", button_of=1, running=True)
        stage.store.replies[1] = replace(stage.store.replies[1], leased_by="there 1 b", leased_at=int(EPOCH))
        recovering = asyncio.create_task(stage.recovery.run(stage.channels))
        await asyncio.sleep(LEASE_S - 5)
        assert stage.screen.contents == ["One two ▌"]
        await asyncio.sleep(LOOK_S + 10)
        assert stage.screen.contents == [f"One two\n{INTERRUPTED}"]
        recovering.cancel()

    run(main())
