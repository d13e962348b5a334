"""Pictures that a model makes: beside its words or alone, posted with the last write."""

from __future__ import annotations

import pytest

from bot.core.events import Pictures, Text
from bot.core.records import ReplyState
from bot.ui.texts.replies import REMARKS, ReplyTexts
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import run

GOOD, BAD = "data:image/png;base64,good", "data:image/png;base64,bad"


def answered(*script: object, target: FakeTarget | None = None) -> tuple[Stage, FakeTarget]:
    async def main() -> tuple[Stage, FakeTarget]:
        stage, shown = Stage(), target or FakeTarget(latency=0.1)
        stage.llm.say(*script)
        await stage.ask("draw a cat", shown)
        return stage, shown

    return run(main())


def test_pictures_come_with_the_words_and_say_what_was_asked_for():
    """As files of the last message, whose alt text is the question."""
    stage, target = answered("Here it is.", Pictures((GOOD, GOOD + "2")))
    (message,) = target.messages
    assert target.contents == ["Here it is."]
    assert [file.description for file in target.pictures[message]] == ["draw a cat"] * 2
    assert stage.store.answers == {1: "Here it is."}


def test_a_picture_alone_is_an_answer():
    """No words are made up for the reader; memory has a word for it, so that the talk can go on."""
    stage, target = answered(Pictures((GOOD,)))
    (message,) = target.messages
    assert target.contents == [""]
    assert len(target.pictures[message]) == 1
    assert stage.store.closed == {1: ReplyState.COMPLETE}
    assert stage.store.answers == {1: "(A picture.)"}


def test_a_picture_that_cannot_be_read_is_named():
    """Beside others in a remark, alone as the reason why there is no answer."""
    _, target = answered("Here.", Pictures((GOOD, BAD)))
    assert target.contents == [f"Here.\n-# {next(text for key, text in REMARKS.items() if key == 'picture')}"]
    stage, target = answered(Pictures((BAD,)))
    assert "a picture in a form that I can't show" in target.contents[0]
    assert stage.store.closed == {1: ReplyState.FAILED}


def test_where_files_may_not_be_posted_the_words_are_shown_all_the_same():
    """And the reader learns what is missing."""
    target = FakeTarget(latency=0.1)
    target.refuse_files = True
    _, target = answered("Here it is.", Pictures((GOOD,)), target=target)
    assert target.contents == [f"Here it is.\n-# {ReplyTexts.display.pictures_refused}"]
    assert not any(target.pictures.values())


@pytest.mark.parametrize("words", ["x" * 5000, "```\n" + "line\n" * 700 + "```"])
def test_pictures_are_under_the_last_of_several_messages(words: str):
    """Once, whatever length the answer has."""
    _, target = answered(Text(words), Pictures((GOOD,)))
    *earlier, last = target.messages
    assert earlier
    assert [len(target.pictures[message]) for message in (*earlier, last)] == [0] * len(earlier) + [1]
