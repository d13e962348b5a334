"""Thoughts in tags before an answer, cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.stream.deltas import Kind
from bot.llm.stream.thoughts import TAGS, LeadingThoughts

PAIRS = [*TAGS.items(), ("<THINK>", "</Think>")]


def split(*pieces: str, complete: bool = True) -> tuple[str, str]:
    """The thoughts and the text in these pieces."""
    thoughts, words = LeadingThoughts(), []
    for piece in pieces:
        words += [(Kind.TEXT, piece)] if thoughts.over else thoughts.feed(piece)
    if not thoughts.over:
        words += thoughts.end(complete=complete)
    assert all(text for _, text in words)
    thought, text = ("".join(text for its, text in words if its is kind) for kind in (Kind.REASONING, Kind.TEXT))
    return thought, text


def cut(text: str, cuts: list[int]) -> list[str]:
    places = sorted({place % (len(text) + 1) for place in cuts})
    return [piece for a, b in zip([0, *places], [*places, len(text)], strict=True) if (piece := text[a:b])]


@given(st.sampled_from(PAIRS), st.lists(st.integers(0, 1000), max_size=20))
def test_leading_thoughts_are_told_from_the_answer(tags: tuple[str, str], cuts: list[int]):
    """Every family's tags, cut over deltas at any place."""
    begin, end = tags
    said = f"\n{begin}\nHm, is 1 < 2? </thin\n{end}\n\n    Yes: `{begin}a{end}`."
    assert split(*cut(said, cuts)) == ("Hm, is 1 < 2? </thin\n", f"    Yes: `{begin}a{end}`.")


@given(
    st.text(st.sampled_from("<>/[]|◁▷thinkTHINK \n`ab"), max_size=60), st.lists(st.integers(0, 1000), max_size=20)
)
def test_cuts_never_matter(said: str, cuts: list[int]):
    """The pieces that words come in make no difference."""
    assert split(*cut(said, cuts)) == split(said)


@pytest.mark.parametrize(
    "said",
    [
        "A <think>b</think> c",
        "`<think>` is a tag.",
        "```\n<think>\n</think>\n```",
        "<div>think</div>",
        "[Thinking](https://example.org) of you",
        "[Think] before you speak",
        "[TH]",
        "<thin",
        "<",
        " \n ",
        "  indented",
        "\n" * 300 + "<think>",
        "</think> first",
        "◁ left",
    ],
)
def test_tags_in_the_text_are_text(said: str):
    """In code, in mid-text, or almost one: nothing changes."""
    assert split(said) == ("", said)
    assert split(*said) == ("", said)


@pytest.mark.parametrize(
    ("said", "thought", "text"),
    [
        ("<think></think>Yes.", "", "Yes."),
        ("<think>\n\n</think>\n\nYes.", "", "Yes."),
        ("<think>a</think>\n<think>b</think>\nYes.", "ab", "Yes."),
        ("<think>a <think> b</think>Yes.", "a <think> b", "Yes."),
        ("<think>a</think>", "a", ""),
        ("<think>a</think>\n\n", "a", ""),
        ("<think>a</think>\n<th", "a", "\n<th"),
        ("<think>a</think> Yes", "a", " Yes"),
    ],
)
def test_around_the_thoughts(said: str, thought: str, text: str):
    """Empty ones, several in a row, and blank lines between them and the answer."""
    assert split(said) == (thought, text)
    assert split(*said) == (thought, text)


def test_a_thought_that_never_ends_was_the_answer():
    """The model says it's done, so those words are its answer: they come as text, with the tag they came with."""
    assert split("<think>It's ", "four.") == ("It's four.", "<think>It's four.")


def test_a_thought_that_breaks_off_stays_one():
    """A cut answer keeps its thoughts, to the last character."""
    assert split("<think>It's four.</th", complete=False) == ("It's four.</th", "")
