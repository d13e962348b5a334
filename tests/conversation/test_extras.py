"""What comes with a question on its way to the model: read once, remembered, only named when it's old."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.conversation.ending import Ending
from bot.conversation.extras.attached import MESSAGE
from bot.conversation.extras.quoting import fenced, without_middle
from bot.conversation.history import WHOLE_TURNS
from bot.conversation.ports import Followed, Heard, ReadFiles
from bot.conversation.prompt import build_prompt
from bot.core.events import Usage
from bot.core.records import (
    Attachment,
    AttachmentKind,
    Extras,
    ModelInfo,
    Place,
    Question,
    ReplyState,
    Role,
    SentFile,
    Turn,
)
from bot.core.tokens import estimate
from bot.money.budgets import OwnerBudgets
from tests.conversation.test_chat import Stage, question
from tests.fakes import FakeTarget
from tests.virtual import run

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = SentFile(name="shot.png", url="https://cdn.discordapp.com/a/shot.png", size=10)
SHOT = Attachment(
    name="shot.png", kind=AttachmentKind.PICTURE, data=b"png", media_type="image/png", width=8, height=6
)
LOG = Attachment(name="log.txt", kind=AttachmentKind.TEXT, text="error: 7", note="the first of 2 parts")


class Reader:
    """A `FileReader` and a `MessageReader` that give what a test tells them."""

    def __init__(self, *attachments: Attachment, notes: Sequence[str] = (), usage: Usage | None = None) -> None:
        self.found = ReadFiles(
            attachments=attachments, notes=tuple(notes), usage=usage, model="stt/model" if usage else ""
        )
        self.followed = Followed()
        self.heard: list[Heard] = []
        self.calls: list[str] = []
        self.cost: int | None = 0
        self.takes_s = 1.0

    def price(self, _files: Sequence[SentFile], _model: ModelInfo | None) -> int | None:
        return self.cost

    async def read(self, files: Sequence[SentFile], model: ModelInfo | None) -> ReadFiles:
        self.calls.append(f"read {len(files)} for {model.id if model else 'unknown'}")
        await asyncio.sleep(self.takes_s)
        return self.found

    async def follow(self, _question: Question, *, starter: bool) -> Followed:
        self.calls.append("follow" + " starter" * starter)
        return self.followed

    async def room(self, _question: Question, *, limit: int) -> list[Heard]:
        self.calls.append(f"room {limit}")
        await asyncio.sleep(1)
        return self.heard


def asked(stage: Stage) -> Any:
    """The last message that a model got."""
    return stage.llm.requests[-1].messages[-1]


def ask(stage: Stage, *questions: Question) -> FakeTarget:
    """Ask one after another; return where the last answer is."""

    async def all_of() -> FakeTarget:
        for each in questions:
            target = FakeTarget(each.place.channel_id)
            await stage.answer(each, target)
        return target

    return run(all_of())


def with_files(text: str = "what's this?", **of: Any) -> Question:
    return replace(question(text), extras=Extras(files=(FILE,)), **of)


def test_a_question_without_extras_is_not_held_up():
    """Nothing is read for it, and the model is asked in the same instant as without a reader."""

    async def main() -> float:
        reader = Reader()
        stage = Stage(reader=reader)
        began = asyncio.get_running_loop().time()
        await stage.answer(question("why?"), FakeTarget())
        assert reader.calls == []
        return asyncio.get_running_loop().time() - began

    assert run(main()) == 0


def test_what_came_with_a_question_is_asked_with_it():
    """Texts set off in its text, the rest beside it; small print under the answer."""
    stage = Stage(reader=Reader(SHOT, LOG, notes=["I left out x.zip.", "I left out x.zip."]))
    target = ask(stage, with_files())
    assert asked(stage).content == (
        "Ann: what's this?\n\n[shot.png: a picture, 8 by 6 pixels]\n\n"
        "log.txt (a text, the first of 2 parts):\n```\nerror: 7\n```"
    )
    assert asked(stage).attachments == (SHOT,)
    assert target.contents == ["Hello.\n-# I left out x.zip."]


def test_it_is_read_once_and_remembered():
    """Later questions have it from memory, and so has Retry: Discord's links don't last."""
    reader = Reader(SHOT, LOG)

    async def main() -> None:
        stage = Stage(reader=reader)
        target = FakeTarget()
        await stage.answer(with_files(), target)
        await stage.answer(question("and now?"), FakeTarget())
        assert stage.llm.requests[-1].messages[0].attachments == (SHOT,)
        await stage.retry(1, target, continue_=False)
        assert asked(stage).attachments == (SHOT,)
        assert "error: 7" in asked(stage).content

    run(main())
    assert reader.calls == ["read 1 for unknown"]


def test_a_stop_while_files_are_read_ends_the_question():
    """Nothing is asked, and nothing remembered."""

    async def main() -> None:
        stage, target = Stage(reader=Reader(SHOT)), FakeTarget()
        task = asyncio.create_task(stage.answer(with_files(), target))
        await asyncio.sleep(0.5)
        stage.chat.runs.cancel(Ending(state=ReplyState.STOPPED, by="Ann"))
        ending = await task
        assert ending.state is ReplyState.STOPPED
        assert not stage.llm.requests
        assert not stage.store.questions

    run(main())


def test_what_reading_costs_is_booked_beside_the_answer():
    """A transcription is paid for by the asker, within the budgets."""
    reader = Reader(LOG, usage=Usage(cost_nano_usd=30))
    reader.cost = 40
    stage = Stage(reader=reader)
    ask(stage, with_files())
    first = stage.ledger.entries[0]
    assert (first.state, first.model, first.cost.nano_usd) == ("reading", "stt/model", 30)
    broke = Stage(reader=reader, owner=OwnerBudgets(month=0))
    target = ask(broke, with_files())
    assert "budget" in target.contents[0]
    assert not broke.llm.requests


def test_linked_messages_and_their_files_are_read():
    """What was found is asked with the question, and what wasn't is said."""
    reader = Reader(SHOT)
    quoted = Attachment(
        name="A message by Bob in #x", kind=AttachmentKind.TEXT, text="so", media_type=MESSAGE, author_id=8
    )
    reader.followed = Followed(attachments=(quoted,), files=((8, (FILE, FILE)),), notes=("No.",))
    stage = Stage(reader=reader)
    target = ask(stage, replace(question("see"), extras=Extras(links=((1, 2),))))
    assert reader.calls == ["follow", "read 2 for unknown"]
    assert "A message by Bob in #x:\n```\nso\n```" in asked(stage).content
    assert target.contents == ["Hello.\n-# No."]
    assert [each.author_id for each in stage.store.questions[1].attachments] == [8, 8]


def test_the_message_a_thread_is_about_is_read_with_its_first_question_alone():
    """From then on memory has it. A thread that begins with the question itself has nothing to read."""
    reader = Reader()
    stage = Stage(reader=reader)
    thread = replace(question("one"), place=Place(channel_id=5, guild_id=9, parent_id=1))
    ask(stage, thread, replace(thread, text="two"), replace(thread, text="three"))
    own = Place(channel_id=6, guild_id=9, parent_id=1)
    ask(stage, replace(question("own", message_id=6), place=own))
    assert reader.calls == ["follow starter"]


def heard(number: int, text: str = "hi", name: str = "Bob", author: int = 8) -> Heard:
    return Heard(message_id=number, author_id=author, author_name=name, at=60 * number, text=text)


def test_the_room_is_read_while_the_question_waits():
    """It costs the time that is left of it when its turn comes."""
    reader = Reader()
    reader.heard = [heard(1)]

    async def main() -> float:
        stage = Stage(reader=reader)
        stage.llm.gap = 1.0
        first = stage.ask("first", channel=1)
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await stage.answer(replace(question("second"), extras=Extras(room_id=1)), FakeTarget())
        await first
        assert "[1970-01-01 00:01] Bob: hi" in asked(stage).content
        assert len(stage.llm.requests[-1].messages) == 3
        return asyncio.get_running_loop().time() - began

    assert run(main()) < 5
    assert reader.calls == ["room 20"]


def test_a_room_has_a_share_of_the_prompt_and_no_more():
    """The newest messages that fit; the conversation keeps its room."""
    said = [heard(number, "x" * 100) for number in range(100)]
    turns = [
        Turn(id=2, role=Role.ASSISTANT, text="y" * 300, author_id=None, author_name="", created_at=0),
        Turn(id=1, role=Role.USER, text="z" * 300, author_id=7, author_name="Ann", created_at=0),
    ]
    prompt = build_prompt(
        system_prompt="",
        turns=turns,
        question=question("why?"),
        context_length=4_000,
        max_tokens=1_000,
        ratio=1.0,
        heard=said,
    )
    assert prompt.dropped == 0
    around = prompt.messages[-1].content
    assert 0 < around.count("Bob:") < 6
    assert around.index("01:39") and around.endswith("Ann: why?")  # noqa: PT018 - the newest is there
    assert prompt.tokens + prompt.max_tokens <= 4_000


def test_two_people_of_one_name_stay_two_in_the_room():
    """As in the conversation."""
    prompt = build_prompt(
        system_prompt="",
        turns=[],
        question=question("why?", author=7),
        context_length=None,
        max_tokens=100,
        heard=[heard(1, name="Ann", author=80_001), heard(2, name="Ann", author=7)],
    )
    assert "Ann (0001): hi" in prompt.messages[-1].content
    assert "Ann (0007): hi" in prompt.messages[-1].content


def test_what_is_older_is_only_named():
    """After a number of turns a prompt no longer carries it."""
    stage = Stage(reader=Reader(SHOT, LOG))
    ask(stage, with_files(), *(question(f"{number}?") for number in range(WHOLE_TURNS // 2 + 1)))
    first = stage.llm.requests[-1].messages[0]
    assert first.attachments == ()
    assert first.content == (
        "Ann: what's this?\n\n[shot.png: a picture, no longer attached]\n\n[log.txt: a text, no longer attached]"
    )


@pytest.mark.parametrize("context", [600, 2_000, 8_000])
def test_texts_that_are_too_long_for_a_model_are_shortened(context: int):
    """The question is answered all the same, with the beginning and the end of them."""
    attached = (replace(LOG, text="a" * 5_000 + "b" * 5_000), replace(SHOT, width=3000, height=3000))
    asks = replace(question("why?"), attachments=attached)
    prompt = build_prompt(
        system_prompt="", turns=[], question=asks, context_length=context, max_tokens=100, ratio=1.0
    )
    content = prompt.messages[-1].content
    assert estimate(prompt.messages, 1.0) + prompt.max_tokens <= context
    assert "log.txt" in content
    assert "shot.png" in content
    if context > 600:
        assert "characters left out" in content


def test_a_shortened_text_says_how_much_is_missing():
    """So that nobody takes it for the whole."""
    assert without_middle("a" * 100, 100) == "a" * 100
    assert without_middle("a" * 60 + "b" * 60, 40) == f"{'a' * 20}\n[… 80 characters left out …]\n{'b' * 20}"


@pytest.mark.parametrize("text", ["", "`", "```", "a ```` b", "```\n```", "`" * 99])
def test_nothing_that_is_fenced_can_end_its_fence(text: str):
    """The fence is longer than any row of backticks inside."""
    fence, *inside, end = fenced(text).split("\n")
    assert fence == end
    assert fence not in "\n".join(inside)


def test_files_that_are_too_large_together_are_left_out_by_name(monkeypatch: pytest.MonkeyPatch):
    """The question is answered with those that fit."""
    monkeypatch.setattr("bot.conversation.extras.reading.QUESTION_BYTES", 5)
    large = replace(SHOT, name="large.png", data=b"large")
    stage = Stage(reader=Reader(SHOT, large, LOG))
    target = ask(stage, with_files())
    assert asked(stage).attachments == (SHOT,)
    assert "error: 7" in asked(stage).content
    assert "I left out `large.png`" in target.contents[0]


def test_files_that_take_long_are_said_to_be_read_and_can_be_stopped():
    """The message has Stop from then on."""

    async def main() -> None:
        reader = Reader(SHOT)
        reader.takes_s = 30.0
        stage, target = Stage(reader=reader), FakeTarget()
        task = asyncio.create_task(stage.answer(with_files(), target))
        await asyncio.sleep(1)
        assert target.contents == []
        await asyncio.sleep(2)
        assert target.contents == ["-# Reading what you sent."]
        (controls,) = target.controls.values()
        assert controls.stop
        assert stage.chat.runs.stop(controls.reply_id, by="Ann")
        assert (await task).state is ReplyState.STOPPED
        assert target.contents == ["-# Stopped by Ann."]
        assert not stage.llm.requests

    run(main())


def test_an_answer_takes_the_place_of_the_reading():
    """In the same message, remembered with its question."""

    async def main() -> None:
        reader = Reader(SHOT)
        reader.takes_s = 5.0
        stage, target = Stage(reader=reader), FakeTarget()
        await stage.answer(with_files(), target)
        assert target.contents == ["Hello."]
        await stage.answer(question("and now?"), FakeTarget())
        assert stage.llm.requests[-1].messages[0].attachments == (SHOT,)

    run(main())
