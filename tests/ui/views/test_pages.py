"""Lines on pages."""

from __future__ import annotations

from bot.ui.views.pages import PAGE_CHARS, paginate_lines


def test_pages_hold_whole_lines_and_the_head():
    """Nothing is lost, nothing is too long, and a line that is gets cut."""
    lines = [f"line {number} " + "x" * 100 for number in range(60)] + ["y" * 5000]
    pages = paginate_lines(lines, head="**Head**")
    assert len(pages) > 3
    assert all(len(page) <= PAGE_CHARS and page.startswith("**Head**\n") for page in pages)
    shown = [line for page in pages for line in page.splitlines()[1:]]
    assert shown[:-1] == lines[:-1]
    assert shown[-1].endswith("y…")


def test_a_page_holds_no_more_lines_than_are_wanted():
    """However short they are, so that a menu beneath has an option for each."""
    assert paginate_lines("abcde", most=2) == ["a\nb", "c\nd", "e"]


def test_no_lines_are_one_page():
    """There is always something to show."""
    assert paginate_lines([], head="Head") == ["Head"]
