"""What holds of every rendered text cut into pages, however it arrives."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.display.text.pager import CURSOR, Page, Pager
from bot.display.text.rich.rendering import Rendering
from tests.display.text.test_pager_properties import LIMIT, cuts, length, quick, texts


def pager() -> Pager:
    return Pager(Rendering(), lambda rows: f"A table is coming: {rows} rows so far")


def paginate(text: str, done: bool) -> list[Page]:
    it = pager()
    it.feed(text)
    return it.pages(done=done)


@quick
@given(texts, st.booleans())
@example("| a |\n|---|\n" + "| b |\n" * 900, True)
@example("**" + "word " * 1000, False)
@example("<details>", True)
def test_pages_tell_the_text_and_every_one_can_be_sent(text: str, done: bool):
    """What was said is on one page, in order; every page fits and shows something."""
    pages = paginate(text, done)
    said = "".join(page.source for page in pages)
    assert text.startswith(said) if not done else said == (text if text.strip() else "")
    for page in pages:
        assert 0 < length(page.content) <= LIMIT
        assert page.content == page.content.strip()


@quick
@given(texts, st.lists(st.floats(0, 1), max_size=8))
def test_finished_pages_never_change(text: str, fractions: list[float]):
    """However much more comes, all pages but the last stay as they are, also when the text ends."""
    whole = [paginate(text, True), paginate(text, False)]
    for at in sorted({int(fraction * len(text)) for fraction in fractions}):
        finished = paginate(text[:at], False)[:-1]
        assert all(pages[: len(finished)] == finished for pages in whole)


@quick
@given(texts, st.lists(st.floats(0, 1), max_size=8))
def test_a_pager_shows_at_every_step_what_it_would_show_of_the_whole(text: str, fractions: list[float]):
    """Feeding bit by bit is the same as starting over; asking for the end ends nothing."""
    it, so_far = pager(), ""
    for delta in cuts(text, fractions):
        it.feed(delta)
        so_far += delta
        for done in (False, True):
            assert it.pages(done=done) == paginate(so_far, done)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("some **bold wor", "some **bold wor** ▌"),
        ("some **", "some ▌"),
        ("an *open", "an *open* ▌"),
        ("***both", "***both*** ▌"),
        ("~~gone", "~~gone~~ ▌"),
        ("the ||secret is", "the ||secret is|| ▌"),
        ("||**secret", "||**secret**|| ▌"),
        ("**bold ||secret", "**bold ||secret||** ▌"),
        ("run `make te", "run `make te` ▌"),
        ("see [the do", "see ▌"),
        ("see [the docs](https://x.o", "see ▌"),
        ("**see [the docs](https://x.o", "**see** ▌"),
        ("2 * 3 and 2*3 and a_b", "2 * 3 and 2*3 and a_b ▌"),
        ("- *item\n- next", "- *item\n- next ▌"),
        ("*two\nlines", "*two\nlines* ▌"),
        ("*done*", "*done* ▌"),
        ("a `**` b", "a `**` b ▌"),
        ("```\n**not bold", "```\n**not bold\n```\n ▌"),
    ],
)
def test_open_marks_are_closed_before_the_cursor(said: str, shown: str):
    """No reader sees a mark whose other half has yet to come, and no spoiler is uncovered."""
    assert paginate(said, False)[-1].content == shown
    assert shown.endswith(CURSOR)


def test_what_ends_open_stays_as_it_was_said_but_for_bold_and_spoilers():
    """A single asterisk may mean a footnote; two hardly mean anything but bold."""
    assert [page.content for page in paginate("*Without tax", True)] == ["*Without tax"]
    assert [page.content for page in paginate("**Bold and", True)] == ["**Bold and**"]
    assert [page.content for page in paginate("||never", True)] == ["||never||"]


@pytest.mark.parametrize("mark", ["**", "*", "~~", "||", "***", "__"])
def test_across_messages_marks_are_closed_and_opened_again(mark: str):
    """As blocks of code are: each message is styled by itself."""
    pages = paginate(f"{mark}{'word ' * 900}end{mark} after", True)
    assert len(pages) > 2
    parts = ["**", "*"] if mark == "***" else [mark]
    for page in pages:
        assert page.content.startswith("".join(parts))
    for page in pages[:-1]:
        assert page.content.endswith("word" + "".join(reversed(parts)))
    assert pages[-1].content.endswith(f"end{mark} after")
