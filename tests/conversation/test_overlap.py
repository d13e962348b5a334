"""Joining a continued answer to what is on show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.overlap import LEAD, Continuation, Join

SHOWN = "The first paragraph ends here.\n\nThe second one goes on about rivers. It breaks off in the mid"


def join(shown: str, continuation: str, size: int) -> str:
    """The continuation, fed in pieces of a size, as it would be shown."""
    joint = Join(shown)
    pieces = [joint.feed(continuation[at : at + size]) for at in range(0, len(continuation), size)]
    return "".join([*pieces, joint.end()])


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("continuation", "shown_after"),
    [
        ("dle of a word.", "dle of a word."),
        ("middle of a word.", "dle of a word."),
        ("It breaks off in the middle of a word.", "dle of a word."),
        (
            "The second one goes on about rivers. It breaks off in the middle of a word.",
            "dle of a word.",
        ),
        ("Something else altogether.", "Something else altogether."),
        ("", ""),
    ],
    ids=["nothing", "a word", "a sentence", "a paragraph", "unrelated", "empty"],
)
def test_what_the_model_repeats_is_dropped(continuation: str, shown_after: str, size: int) -> None:
    """Whatever is repeated, of a word, a sentence, a paragraph or nothing, the joint reads as one text."""
    assert join(SHOWN, continuation, size) == shown_after


def test_letters_in_common_are_no_repetition() -> None:
    """An overlap inside a word is chance."""
    assert join("a book", "keeper", 1) == "keeper"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("shown", "continuation", "shown_after"),
    [
        ("今日は天気がいいから散歩に", "から散歩に行きましょう。", "行きましょう。"),
        ("我们明天早上一起去", "一起去公园。", "公园。"),
        ("วันนี้อากาศดีมาก", "อากาศดีมากจริงๆ", "จริงๆ"),
        ("今天我们看", "看看吧", "看看吧"),
        ("我觉得慢慢", "慢慢来", "慢慢来"),
    ],
    ids=["Japanese", "Chinese", "Thai", "a letter in common", "two letters"],
)
def test_languages_without_spaces_repeat_too(shown: str, continuation: str, shown_after: str, size: int) -> None:
    """From three characters on; where words begin can't be told there, and one or two are often doubled."""
    assert join(shown, continuation, size) == shown_after


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("shown", "more"),
    [
        ("A paragraph.\n", "\nAnother one."),
        ("def f():\n    if x:\n    ", "    return 1"),
        ("x = (", "(a + b) * c)"),
        ("The end..", "."),
        ("if a =", "= b:"),
        ("```\ncode\n``", "`"),
    ],
    ids=["line feed", "indentation", "bracket", "full stop", "equals sign", "fence"],
)
def test_signs_in_common_are_no_repetition(shown: str, more: str, size: int) -> None:
    """White space and punctuation are often meant twice; only words tell a repetition."""
    assert join(shown, more, size) == more


def test_a_continuation_that_only_repeats_adds_nothing() -> None:
    """A model with nothing to add shows nothing twice."""
    assert join(SHOWN, "It breaks off in the mid", 4) == ""


@given(st.text(max_size=60), st.text(max_size=60), st.integers(1, 9))
def test_only_a_prefix_that_stands_at_the_end_already_is_dropped(shown: str, more: str, size: int) -> None:
    """Joined, the text is what was shown and the continuation less a prefix that what was shown ends with."""
    added = join(shown, more, size)
    assert more.endswith(added)
    assert shown.endswith(more[: len(more) - len(added)])


# --- With marks before the repetition ---------------------------------------------------------------------------


def go_on(shown: str, continuation: str, size: int) -> str:
    """The same as `join`, for a whole continuation."""
    whole = Continuation(shown)
    pieces = [whole.feed(continuation[at : at + size]) for at in range(0, len(continuation), size)]
    return "".join([*pieces, whole.end()])


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("marks", ["", "\n", "\n\n", " ", "...", "… ", '"', "…", "> "])
def test_marks_before_a_repetition_go_with_it(marks: str, size: int) -> None:
    """On a new line, quoted or after an ellipsis: it's a repetition all the same."""
    assert go_on(SHOWN, f"{marks}breaks off in the middle of a word.", size) == "dle of a word."


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("fence", ["```python\n", "```\n", "\n```py\n"])
def test_a_code_block_that_is_opened_again_goes_on(fence: str, size: int) -> None:
    """The shown one is still open; a second fence would close it."""
    shown = "Here:\n```python\nfor n in range(3):\n    print(n, en"
    assert go_on(shown, f'{fence}    print(n, end="")\n```', size) == 'd="")\n```'
    assert go_on(shown, f"{fence}total = 0\n```", size) == f"{fence}total = 0\n```"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("more", ["\n\nAnother one.", '"Quoted."', "... and so on", " next", "dle", "\n", ""])
def test_marks_without_a_repetition_stay(more: str, size: int) -> None:
    """They are the text's own."""
    assert go_on(SHOWN, more, size) == more


@given(st.text(max_size=30), st.text("ab \n.", max_size=30), st.integers(1, 9))
def test_only_the_start_of_a_continuation_is_left_out(shown: str, more: str, size: int) -> None:
    """What is left is its end, whatever the pieces; without a text before it, it's whole."""
    added = go_on(shown, more, size)
    assert more.endswith(added)
    left_out = more[: len(more) - len(added)]
    assert LEAD.sub("", left_out, count=1) in shown
    assert go_on("", more, size) == more
