"""Questions that a proxy bot shows under another name."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.records import Place, Question
from bot.ui.incoming.proxied import COPIED_WITHIN_S, ProxiedQuestions
from tests.virtual import VirtualClock, run

HERE, ELSEWHERE = Place(channel_id=1, guild_id=9), Place(channel_id=2, guild_id=9)


def question(text: str, place: Place = HERE, author_id: int = 7) -> Question:
    return Question(place=place, author_id=author_id, author_name="Ann", text=text, message_id=hash(text))


def found(copy: Question, *, after_s: float = 1.0) -> Any:
    """The text of the question that is taken for the copy's original."""

    async def main() -> Any:
        proxied = ProxiedQuestions(VirtualClock())
        for text in ("my dog is Rex", "A: my cat is Tom"):
            proxied.note(SimpleNamespace(), question(text))
        await asyncio.sleep(after_s)
        original = proxied.original_of(copy)
        assert proxied.original_of(copy) is None, "found once"
        return original and original.question.text

    return run(main())


@pytest.mark.parametrize("text", ["my cat is Tom", "A: my cat is Tom"])
def test_a_copy_leaves_out_no_more_than_its_marks(text: str) -> None:
    """The original is the newest question there that has all the copy's words."""
    assert found(question(text)) == "A: my cat is Tom"


@pytest.mark.parametrize(
    "copy",
    [question("my cat is Tim"), question(""), question("my cat is Tom", ELSEWHERE)],
    ids=["words", "", "place"],
)
def test_what_copies_nothing_stands_for_nothing(copy: Question) -> None:
    """Other words, no words, another channel."""
    assert found(copy) is None


def test_a_copy_comes_soon() -> None:
    """Later on it's a message of its own."""
    assert found(question("my cat is Tom"), after_s=COPIED_WITHIN_S + 1) is None
