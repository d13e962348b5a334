"""Telling an exact reply from one that is not, and how old its text was."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.exactness import shows, staleness
from playground.openrouter.model import long_answer

WORDS = st.lists(st.text("ab`#-*>\N{GREEK SMALL LETTER ALPHA}", min_size=1, max_size=6), min_size=2, max_size=30)


@given(words=WORDS, cuts=st.sets(st.integers(1, 29)), data=st.data())
def test_a_text_cut_at_white_space_is_exact_and_one_character_less_is_not(
    words: list[str], cuts: set[int], data: st.DataObject
):
    """Messages that hold all of a text show it; missing one letter of it they do not."""
    places = [0, *sorted(cut for cut in cuts if cut < len(words)), len(words)]
    messages = ["\n".join(words[a:b]) for a, b in itertools.pairwise(places)]
    text = "\n".join(words) + "\n"
    assert shows(messages, text)
    number = data.draw(st.integers(0, len(messages) - 1))
    shorter = [*messages[:number], messages[number][:-1], *messages[number + 1 :]]
    assert not shows(shorter, text)


@pytest.mark.parametrize(
    ("messages", "text", "verdict"),
    [
        (["one", "two"], "one two", True),
        (["one", "two"], "one, two", False),
        (["one", "one"], "one", False),
        (["one\n```py\na\n```", "```py\nb\n```\ntwo"], "one\n```py\na\nb\n```\ntwo", True),
        (["one\n```py\na\n```", "```py\nb\n```\ntwo"], "one\n```py\na\n```\n```py\nb\n```\ntwo", True),
        (["one\n```py\na\n```", "```js\nc\n```\ntwo"], "one\n```py\na\nb\n```\ntwo", False),
        (["one\n-# Stopped by Mo."], "one", True),
        (["one", "-# Something went wrong."], "one", True),
        (["one\n-# is small"], "one\n-# is small", True),
        (["-# Refused."], "", True),
        (["on"], "one", False),
        (["one", ""], "one", True),
        (["o ne"], "one", False),
        (["a  b"], "a b", False),
    ],
)
def test_only_fences_small_print_and_joints_are_free(messages: list[str], text: str, verdict: bool):
    """What a cut needs is allowed where the text then matches; anything else is a difference."""
    assert shows(messages, text) is verdict


def test_a_beginning_is_enough_where_the_reply_broke_off():
    """A reply that ended early shows a beginning of what was said, not something else."""
    assert shows(["one\n-# Stopped."], "one two", whole=False)
    assert not shows(["two"], "one two", whole=False)


def test_the_long_answer_is_long_and_has_a_block_longer_than_a_message():
    """The demo's long reply needs several messages and a code block that is cut."""
    text = long_answer()
    assert len(text) > 10_000
    assert max(len(part) for part in text.split("```")) > 2000


@pytest.mark.parametrize(
    ("sent", "shown", "mean"),
    [
        ([(0.0, 1), (1.0, 2)], [(0.0, 1), (1.0, 2)], 0.0),
        ([(0.0, 1)], [(1.0, 1)], 0.5),
        ([(0.0, 1), (2.0, 2)], [(1.0, 1), (4.0, 2)], 0.625),
    ],
)
def test_staleness_is_the_age_of_the_oldest_text_not_on_show(
    sent: list[tuple[float, int]], shown: list[tuple[float, int]], mean: float
):
    """Averaged over the time from the first text sent to the last shown."""
    assert staleness(sent, shown) == pytest.approx(mean, abs=0.01)
