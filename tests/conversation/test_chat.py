"""The use case, in virtual time: from a question to what is shown and what is remembered."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from bot.access.gate import Admitted
from bot.conversation.answer import Answerer
from bot.conversation.asides.search import WebSearch
from bot.conversation.chat import ChatService
from bot.conversation.errors import QueueFullError, ShuttingDownError
from bot.conversation.extras.reading import ExtrasReader
from bot.conversation.memory import CHECKPOINT_S
from bot.core.errors import ProviderUnavailableError, StorageError
from bot.core.events import Done, FinishReason
from bot.core.records import ModelInfo, Place, Question, ReplyState
from bot.display.errors import MessageGoneError, NoAccessError, WriteFailedError
from bot.display.reply import Reply
from bot.display.scheduler import EditScheduler
from bot.display.target import Controls
from bot.money.billing import Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.unbooked import Unbooked
from bot.settings.model_choice import ModelChoice
from bot.settings.profile import Defaults, Profiles
from bot.settings.resolver import SettingsResolver
from bot.settings.system_prompt import SystemPrompts
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeCatalog, FakePress, FakeTarget, MemorySettings, MemoryStore, ScriptedLLM
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from bot.conversation.ending import Ending


def question(text: str, *, channel: int = 1, author: int = 7, **details: Any) -> Question:
    return Question(place=Place(channel_id=channel), author_id=author, author_name="Ann", text=text, **details)


class Stage:
    """The use case with everything around it in memory."""

    def __init__(
        self,
        *models: ModelInfo,
        owner: OwnerBudgets = OwnerBudgets(),  # noqa: B008 - frozen
        reader: Any = None,  # what reads files and messages
    ) -> None:
        self.llm = ScriptedLLM()
        self.store = MemoryStore()
        self.ledger = self.store.ledger
        clock = VirtualClock()
        catalog = FakeCatalog(*models)
        self.resolver = SettingsResolver(MemorySettings(), clock)
        self.scheduler = EditScheduler(clock)
        self.unbooked = Unbooked(clock)
        self.budgets = Budgets(self.ledger, self.unbooked, clock, owner=owner)
        billing = Billing(
            budgets=self.budgets, ledger=self.ledger, unbooked=self.unbooked, catalog=catalog, clock=clock
        )
        self.chat = ChatService(
            answerer=Answerer(
                llm=self.llm,
                catalog=catalog,
                store=self.store,
                texts=ReplyTexts(),
                ratios=billing.ratios,
                search=WebSearch(catalog, available=True),
                pictures=FakePress(),
            ),
            profiles=Profiles(
                ModelChoice(self.resolver, catalog, default="a/model"),
                SystemPrompts(clock),
                defaults=Defaults(system_prompt="", max_tokens=100),
            ),
            billing=billing,
            store=self.store,
            new_reply=partial(
                Reply, clock=clock, rng=random.Random(1), mark=self.scheduler.mark, texts=ReplyTexts.display
            ),
            texts=ReplyTexts(),
            clock=clock,
            extras=ExtrasReader(
                messages=reader, files=reader, store=self.store, catalog=catalog, texts=ReplyTexts()
            )
            if reader
            else None,
            queue_limit=2,
            queue_per_person=2,
        )

    def ask(self, text: str, target: FakeTarget | None = None, **options: object) -> asyncio.Task[None]:
        return asyncio.create_task(self.answer(question(text, **options), target or FakeTarget(latency=0.1)))

    async def answer(self, asked: Question, target: FakeTarget, *, is_exempt: bool = False) -> Ending:
        admitted = await self.admit(asked.author_id, asked.place, is_exempt=is_exempt)
        return await self.chat.ask(asked, target, admitted)

    async def retry(self, reply_id: int, target: FakeTarget, *, continue_: bool, by: int = 7) -> None:
        """Press Retry or Continue as the person `by`."""
        record = await self.store.reply(reply_id)
        place = record.place if record else Place(channel_id=1)
        await self.chat.retry(reply_id, target, await self.admit(by, place), continue_=continue_)

    async def admit(self, user_id: int, place: Place, *, is_exempt: bool = False) -> Admitted:
        """What applies to somebody who may ask."""
        effective = await self.resolver.effective(place)
        return Admitted(effective, self.budgets.charge(user_id, place, effective, is_exempt=is_exempt))


def test_two_channels_are_answered_at_once_and_know_nothing_of_each_other():
    """Neither waits for the other, and neither history shows in the other's request."""

    async def main() -> Stage:
        stage = Stage()
        stage.llm.gap = 1.0
        await asyncio.wait_for(
            asyncio.gather(stage.ask("red", channel=1), stage.ask("blue", channel=2)),
            4,
        )
        await asyncio.gather(stage.ask("red again", channel=1), stage.ask("blue again", channel=2))
        return stage

    stage = run(main())
    for request in stage.llm.requests:
        assert len({word for word in ("red", "blue") if word in str(request.messages)}) == 1
    assert [len(request.messages) for request in stage.llm.requests] == [1, 1, 3, 3]


def test_who_waits_in_the_queue_is_told_and_can_give_up():
    """The place in the queue is shown, and Stop works there: the model is never asked."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 10.0
        first = stage.ask("first")
        await asyncio.sleep(1)
        second = stage.ask("second", target)
        await asyncio.sleep(2)
        assert target.contents == ["-# Waiting for one other question in this channel."]
        assert stage.chat.runs.stop(2, by="Ann")
        await asyncio.wait_for(second, 1)
        assert target.contents == ["-# Stopped by Ann."]
        await first
        assert len(stage.llm.requests) == 1

    run(main())


def test_private_questions_wait_for_nobody():
    """They leave nothing behind that others would go on from, so they are answered beside the queue."""

    async def main() -> None:
        stage = Stage()
        stage.llm.gap = 1.0
        others = [stage.ask("public"), stage.ask("another")]
        others += [stage.ask(str(number), private=True) for number in range(5)]
        await asyncio.sleep(0.5)
        assert stage.llm.open == 6
        await asyncio.gather(*others)

    run(main())


def test_a_full_queue_refuses_without_a_word():
    """Past the limit the caller says so: a person who floods a channel must not make the bot fill it."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget()
        stage.llm.gap = 10.0
        others = [stage.ask(str(number)) for number in range(3)]
        await asyncio.sleep(1)
        with pytest.raises(QueueFullError):
            await stage.ask("one too many", target)
        assert not target.contents
        await asyncio.gather(*others)

    run(main())


def test_the_text_shown_is_kept_while_it_streams():
    """A crash loses at most what came after the last checkpoint, and never keeps what nobody saw."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 0.5
        stage.llm.say(*(f"word{number} " for number in range(40)))
        await stage.ask("talk", target)
        assert len(stage.store.checkpoints) >= 20 / CHECKPOINT_S - 1
        shown = [write.content for write in target.writes]
        for text in stage.store.checkpoints:
            assert any(content.startswith(text.strip()) for content in shown)
        assert stage.store.answers[1] == "".join(f"word{number} " for number in range(40))

    run(main())


def test_a_long_answer_is_put_together_only_when_it_is_kept(monkeypatch: pytest.MonkeyPatch):
    """At every delta, joining all of it would cost the square of its length."""
    joins, shown_text = [], Reply.shown_text.fget

    def counted(reply: Reply) -> str:
        joins.append(reply.length)
        return shown_text(reply)

    async def main() -> Stage:
        monkeypatch.setattr(Reply, "shown_text", property(counted))
        stage = Stage()
        stage.llm.gap = 0.05
        stage.llm.say(*(f"word{number} " for number in range(400)))
        await stage.ask("talk", FakeTarget(latency=0.1))
        return stage

    kept = run(main()).store.checkpoints
    assert kept
    assert len(joins) <= len(kept) + 2  # and at the end


def test_a_reply_that_was_deleted_ends_the_call_and_is_not_remembered():
    """The model is not paid for what nobody can read, and memory follows what the channel shows."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 1.0
        stage.llm.say(*(f"word{number} " for number in range(100)))
        asked = stage.ask("talk", target)
        await asyncio.sleep(5)
        target.remove(target.writes[0].message_id)
        await asyncio.wait_for(asked, 5)
        assert stage.llm.open == 0
        assert stage.store.answers[1] == ""

    run(main())


def test_what_could_not_be_shown_is_not_remembered():
    """When the rest cannot be posted, memory has what the channel has."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 1.0
        stage.llm.say("one ", "two ", "three ")
        asked = stage.ask("count", target)
        await asyncio.sleep(1.5)
        target.fail_next(WriteFailedError(), times=100)
        await asyncio.wait_for(asked, 600)
        assert stage.store.answers[1] == "one "

    run(main())


def test_a_restart_interrupts_what_does_not_end_in_time():
    """New questions are refused, short answers finish, long ones end as interrupted, all in a sentence."""

    async def main() -> None:
        stage = Stage()
        short, long, silent = (FakeTarget(number, latency=0.1) for number in (1, 2, 3))
        stage.llm.gap = 1.0
        stage.llm.say("a ", "short ", "answer")
        stage.llm.say(*["word "] * 50)
        asked = [stage.ask("short", short, channel=1)]
        await asyncio.sleep(0.01)
        asked.append(stage.ask("long", long, channel=2))
        await asyncio.sleep(1.5)
        stage.llm.gap = 100.0
        asked.append(stage.ask("silent", silent, channel=3))
        await asyncio.sleep(0.5)
        closing = asyncio.create_task(stage.chat.aclose(grace_s=4))
        await asyncio.sleep(1)
        late = FakeTarget(4)
        await stage.ask("late", late, channel=4)
        await asyncio.gather(closing, *asked)
        sorry = f"-# {ShuttingDownError().sentence}"
        assert short.contents == ["a short answer"]
        assert long.contents[0].endswith("-# Interrupted by a restart of the bot.")
        assert silent.contents == late.contents == [sorry]

    run(main())


def test_a_bug_is_told_and_logged_and_hides_nothing(caplog: pytest.LogCaptureFixture):
    """Whatever breaks, the reply ends in a sentence and the log has the traceback."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget()

        async def broken(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        stage.store.window = broken
        await stage.ask("hello", target)
        assert target.contents == ["-# Something went wrong on my side. Please try again."]

    run(main())
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_in_the_books_ends_the_reply_all_the_same(caplog: pytest.LogCaptureFixture):
    """An answer that cannot be booked loses its cursor and its Stop button like any other."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)

        async def broken(_entry: object) -> None:
            raise ZeroDivisionError

        stage.ledger.book = broken
        stage.llm.say("one ", "two ", "three")
        await asyncio.wait_for(stage.ask("count", target), 60)
        assert target.contents == ["one two three"]
        assert list(target.controls.values()) == [Controls(reply_id=1)]
        assert stage.store.answers[1] == "one two three"

    run(main())
    assert "ZeroDivisionError" in caplog.text


def test_an_answer_of_invisible_characters_is_none():
    """Discord takes no message in which nothing can be seen, so the reply says that nothing came."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.say("\u200b")
        await asyncio.wait_for(stage.ask("hello", target), 60)
        assert "-# " in target.contents[-1]
        assert stage.store.closed == {1: ReplyState.FAILED}

    run(main())


def test_cancelling_the_asking_closes_the_model_call():
    """The owner of the question's task can end it at any time."""

    async def main() -> None:
        stage = Stage()
        stage.llm.gap = 10.0
        asked = stage.ask("hello")
        await asyncio.sleep(1)
        assert stage.llm.open == 1
        asked.cancel()
        with suppress(asyncio.CancelledError):
            await asked
        await asyncio.sleep(0)
        assert stage.llm.open == 0

    run(main())


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Done(reason=FinishReason.LENGTH), ReplyState.CUT),
        (Done(reason=FinishReason.CONTENT_FILTER), ReplyState.FILTERED),
        (ProviderUnavailableError(), ReplyState.FAILED),
        (Done(reason=FinishReason.STOP), ReplyState.COMPLETE),
    ],
    ids=lambda value: str(value) if isinstance(value, ReplyState) else "",
)
def test_every_ending_has_its_state(ending: object, state: ReplyState):
    """How a reply ended is stored as it was told."""

    async def main() -> None:
        stage = Stage()
        stage.llm.say("text", ending)
        await stage.ask("hello")
        assert stage.store.closed == {1: state}

    run(main())


def test_a_lost_reply_is_no_failure():
    """A reply whose channel is gone before the first word ends quietly."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget()
        target.fail_next(MessageGoneError())
        await asyncio.wait_for(stage.ask("hello", target), 5)
        assert stage.store.answers[1] == ""

    run(main())


def test_what_was_deleted_stays_forgotten_where_access_is_lost_in_the_same_moment():
    """The last write failing for another reason does not bring a deleted answer back into memory."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 1.0
        stage.llm.say(*["word "] * 50)
        asked = stage.ask("talk", target)
        await asyncio.sleep(5)
        target.fail_next(NoAccessError())
        stage.chat.runs.deleted(list(target.messages))
        await asyncio.wait_for(asked, 5)
        assert stage.store.answers[1] == ""

    run(main())


def test_a_reply_to_an_older_answer_is_asked_after_that_one():
    """What was said since is left out, also where that answer was given to such a question itself."""

    async def main() -> Stage:
        stage = Stage()
        for number in (1, 2):
            stage.llm.say(f"answer {number}")
            await stage.ask(f"question {number}")
        for number, anchor in ((3, 2), (4, None), (5, 6), (6, None)):
            stage.llm.say(f"answer {number}")
            stage.store.anchors = {77: anchor} if anchor else {}
            await stage.ask(f"question {number}", replies_to=77)
        return stage

    stage = run(main())
    said = [[int(message.content[-1]) for message in request.messages] for request in stage.llm.requests]
    assert said[2] == [1, 1, 3]
    assert said[3] == [1, 1, 2, 2, 3, 3, 4]
    assert said[4] == [1, 1, 3, 3, 5]
    assert said[5] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]


def test_where_nothing_can_be_stored_the_answer_is_given_and_says_so():
    """A full disk costs the memory of an answer, not the answer; who waits in the queue is served as ever."""

    async def main() -> None:
        stage, targets = Stage(), [FakeTarget(latency=0.1), FakeTarget(latency=0.1)]
        stage.llm.gap = 1.0
        stage.store.fault = StorageError("the disk is full")
        await asyncio.gather(*(stage.ask("hello", target) for target in targets))
        for target in targets:
            assert target.contents[-1].startswith("Hello.\n-# I couldn't save this answer")
            assert "the disk is full" in target.contents[-1]
            assert list(target.controls.values())[-1] == Controls()
        stage.store.fault = None
        await stage.ask("again", targets[0])
        assert targets[0].contents[-1] == "Hello."

    run(main())


def test_a_disk_that_fills_up_while_an_answer_streams_is_told_below_it():
    """The text is all there; only memory lacks its end."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 1.0
        stage.llm.say(*["word "] * 10)
        asked = stage.ask("talk", target)
        await asyncio.sleep(2)
        stage.store.fault = StorageError("the disk is full")
        await asked
        assert target.contents[-1].startswith("word word word")
        assert "I couldn't save this answer" in target.contents[-1]

    run(main())


def questions_and_answers(stage: Stage) -> list[tuple[str, str]]:
    return [(stage.store.questions[turn_id].text, text) for turn_id, text in stage.store.answers.items()]


def test_an_answer_that_could_not_be_saved_is_saved_when_the_database_is_back():
    """The question, the whole text, its messages and its cost, once each, however often it's tried."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.store.fault = StorageError("another program is using it")
        await stage.ask("hello", target)
        await stage.unbooked.flush()
        assert questions_and_answers(stage) == []
        stage.store.fault = None
        await stage.unbooked.flush()
        await stage.unbooked.flush()
        assert questions_and_answers(stage) == [("hello", "Hello.")]
        (reply,) = stage.store.replies.values()
        assert reply.state is ReplyState.COMPLETE
        assert list(reply.message_ids) == list(target.messages)
        assert [entry.reply_id for entry in stage.ledger.entries] == [reply.id]

    run(main())


def test_the_end_of_an_answer_is_saved_when_the_database_is_back():
    """A lock that begins in the middle of an answer costs memory none of its words."""

    async def main() -> None:
        stage = Stage()
        stage.llm.gap = 1.0
        stage.llm.say(*["word "] * 10)
        asked = stage.ask("talk")
        await asyncio.sleep(2)
        stage.store.fault = StorageError("another program is using it")
        await asked
        assert stage.chat.runs.reply_ids() == [1], "another process would end it as interrupted"
        stage.store.fault = None
        await stage.unbooked.flush()
        assert questions_and_answers(stage) == [("talk", "word " * 10)]

    run(main())


@pytest.mark.parametrize("how", ["question deleted", "answer deleted", "forgotten"])
def test_what_is_forgotten_meanwhile_is_not_saved_late(how: str):
    """Somebody who deletes or erases it before the database is back finds nothing of it stored after."""

    async def main() -> None:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.store.fault = StorageError("another program is using it")
        await stage.ask("secret", target, message_id=99)
        if how == "forgotten":
            stage.chat.runs.forget(lambda asked: asked.author_id == 7)
        else:
            stage.chat.runs.deleted([99] if how == "question deleted" else list(target.messages))
        stage.store.fault = None
        await stage.unbooked.flush()
        assert [text for _, text in questions_and_answers(stage) if text] == []
        assert stage.store.questions == {}
        assert len(stage.ledger.entries) == 1

    run(main())
