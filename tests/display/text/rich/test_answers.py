"""Answers as current models write them, at every letter while they stream."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.display.text.pager import CURSOR, HELD, Page, Pager
from bot.display.text.rich.rendering import Rendering
from bot.display.text.rich.tables import WIDEST
from bot.display.text.rich.widths import width

ANSWERS = (Path(__file__).parent / "answers.md").read_text().split("=====\n")
OF_NO_WORDS = re.compile(  # tags, addresses, titles, formulas
    r"\\begin\{a.*?\\end\{a[a-z]*\}|\$\$.*?\$\$|\\\[.*?\\\]|\\\(.*?\\\)|\$[^$\n]*\$|\\\w+"
    r"|</?[a-z]+[^<>]*>|&[a-z]+;|\]\([^()\s]*(?: \"[^\"]*\")?\)|https?://\S+|```\w*|~~~\w*",
    re.DOTALL,
)
WORD = re.compile(r"[^\W\d_²³¹⁰-₟]{4,}")


def pager() -> Pager:
    return Pager(Rendering(), lambda rows: f"{rows} rows")


def contents(pages: list[Page]) -> list[str]:
    return [page.content for page in pages]


def in_place(pages: list[Page]) -> list[str]:
    """The lines that stay: all above the one that is being written, less what only closes a block for display."""
    shown = "\n".join(contents(pages)).removesuffix(CURSOR).rstrip()
    lines = shown.split("\n")
    if lines[-1].startswith(f"-# {HELD}"):
        lines.pop()
    while lines and re.fullmatch(r"[> ]*(?:`{3,}|~{3,})?", lines[-1]):
        lines.pop()
    return lines[:-1]


def test_there_are_enough():
    """Of all kinds that are known to go wrong."""
    assert len(ANSWERS) >= 60


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_nothing_that_is_on_show_moves_or_changes(answer: str):
    """At every letter: lines above the one being written stay, and nothing is too long."""
    streamed, before = pager(), []
    for at, letter in enumerate(answer, start=1):
        streamed.feed(letter)
        pages = streamed.pages(done=False)
        lines = in_place(pages)
        assert all(line == earlier for line, earlier in zip(lines, before, strict=False)), answer[:at]
        assert all(len(content) <= 2000 for content in contents(pages))
        assert "".join(page.source for page in pages) == answer[: len("".join(page.source for page in pages))]
        before = lines
    whole = pager()
    whole.feed(answer)
    assert streamed.pages(done=True) == whole.pages(done=True)
    final = "\n".join(contents(whole.pages(done=True))).split("\n")
    assert final[: len(before)] == before


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_bold_is_closed_wherever_the_cursor_is(answer: str):
    """No reader sees the two asterisks of a phrase that isn't complete yet."""
    streamed = pager()
    for letter in answer:
        streamed.feed(letter)
        last = "".join(contents(streamed.pages(done=False))[-1:]).removesuffix(CURSOR).split("\n\n")[-1]
        prose = re.sub(r"`[^`]*`?", "", last)
        if "kwargs" not in prose and "2**10" not in prose:
            assert prose.count("**") % 2 == 0 or "**Note" in prose, last


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_the_words_shown_are_the_words_said(answer: str):
    """None is lost and none is added, whatever form it takes; what was said is known of each page."""
    whole = pager()
    whole.feed(answer)
    pages = whole.pages(done=True)
    assert "".join(page.source for page in pages) == answer
    shown = set(WORD.findall(" ".join(contents(pages))))
    assert not set(WORD.findall(OF_NO_WORDS.sub(" ", answer))) - shown
    assert not shown - set(WORD.findall(answer)) - {"latex"}


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_tables_fit_on_a_phone(answer: str):
    """No line of one is wider than its screen."""
    whole = pager()
    whole.feed(answer)
    for content in contents(whole.pages(done=True)):
        assert all(width(line) <= WIDEST for line in content.split("\n") if "│" in line)


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_code_is_never_touched(answer: str):
    """Every block and every span of it's there to the letter."""
    whole = pager()
    whole.feed(answer)
    shown = "\n".join(contents(whole.pages(done=True)))
    for block in re.findall(r"^ *(```\w+\n.*?```)$", answer, re.DOTALL | re.MULTILINE):
        assert block in shown


def test_turned_off_it_shows_what_the_model_wrote():
    """The same pages as ever."""
    for answer in ANSWERS:
        plain = Pager()
        plain.feed(answer)
        assert contents(plain.pages(done=True)) == [answer.strip()]
