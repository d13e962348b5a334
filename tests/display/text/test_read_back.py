"""Reading back what messages show."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.display.text.pager import Pager, with_note
from bot.display.text.read_back import had_ended, text_of, words_of
from bot.display.text.rich.rendering import Rendering

WORDS = " ".join(f"word{number}" for number in range(200))
CODE = "```python\n" + "\n".join(f"    value_{number} = compute({number})" for number in range(90)) + "\n```"
LONG = "\n\n".join(f"# Part {part}\n\n{WORDS}\n\n{CODE}" for part in range(3))


def shown(text: str, *, done: bool = False, note: str = "") -> list[str]:
    pager = Pager()
    pager.feed(text)
    pages = pager.pages(done=done)
    return with_note(pages, note) if note else [page.content for page in pages]


def said(text: str) -> list[str]:
    """The words; a fence that ends the text looks the same as one that only closes the block for display."""
    return text.rstrip().removesuffix("```").split()


@settings(max_examples=150, deadline=None)
@given(st.integers(1, len(LONG)), st.integers(0, 2500))
@example(end=3467, behind=1966)  # where the text cannot be told, the words are kept
def test_what_messages_show_is_read_back_but_for_white_space_between_them(end: int, behind: int):
    """Whatever came after the text was last kept, code blocks cut in two included."""
    messages = shown(LONG[:end])
    found = text_of(messages, LONG[: max(0, end - behind)])
    assert said(words_of(messages) if found is None else found) == said(LONG[:end])


@settings(max_examples=50, deadline=None)
@given(st.integers(1, len(LONG)))
@example(3467)  # its second message begins with a block of its own, its third goes on with that
def test_the_words_of_messages_are_all_there_without_what_only_display_added(end: int):
    """In order and once each, also where the text cannot be told to the letter."""
    assert said(words_of(shown(LONG[:end]))) == said(LONG[:end])


def test_a_text_too_far_behind_cannot_be_told():
    """There are more ways to read its messages than are tried."""
    assert text_of(shown(LONG[:3467]), LONG[: 3467 - 1966]) is None


def test_text_kept_in_whole_comes_back_to_the_letter():
    """White space that no message shows is known from memory."""
    text = LONG[:5000]
    found = text_of(shown(text), text)
    assert found is not None
    assert found.rstrip() == text.rstrip()


def test_an_answer_begun_anew_is_not_taken_for_the_old_one():
    """Memory still has the old text when the screen already has the new."""
    assert text_of(shown("A new answer"), WORDS * 3) == "A new answer"
    assert text_of(["-# Trying again."], "An old answer.") == ""


@pytest.mark.parametrize("note", ["", "Stopped by mem."])
def test_small_print_and_cursor_are_no_text(note: str):
    """What the bot adds says nothing the model said."""
    assert text_of(shown("Hello", done=bool(note), note=note), "") == "Hello"


def test_a_rendered_text_is_told_from_memory_and_what_came_after():
    """An answer whose rendering can't be undone is known by what memory has, and never by how it was shown."""
    said = "a\n\n| b |\n|---|\n| c |\n\nmore *words"
    pager = Pager(Rendering())
    pager.feed(said + " and *rest")
    messages = [page.content for page in pager.pages(done=False)]
    assert text_of(messages, said, rich_text=True) == said + " and *rest"
    assert text_of(messages, "a\n\n", rich_text=True) is None
    assert text_of(["-# ▦ A table is coming: 1 row so far ▌"], "| b |\n", rich_text=True) == ""


def test_what_cannot_be_told_is_not_guessed():
    """Messages that no text is shown by are believed by nobody."""
    assert text_of(["x" * 2000, "y"], "") is None


def test_an_ended_message_is_told_from_one_that_waits_for_more():
    """Small print at the end ends a reply; a cursor says that it goes on."""
    assert had_ended("Half\n-# Stopped by mem.")
    assert not had_ended("Half ▌")
    assert not had_ended("Half\n-# of it ▌")
    assert not had_ended("Half")
