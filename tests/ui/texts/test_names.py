"""Names of people inside sentences."""

from __future__ import annotations

import inspect
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.ending import Ending
from bot.core.names import NAME_LIMIT_CHARS
from bot.core.records import ReplyState
from bot.ui.texts import memory, models
from bot.ui.texts.names import NOBODY, shown_code, shown_name, shown_text
from bot.ui.texts.replies import ReplyTexts

HOSTILE = {
    "**bold**": r"\*\*bold\*\*",
    "a_b_c": r"a\_b\_c",
    "||spoiler||": r"\|\|spoiler\|\|",
    "`code`": r"\`code\`",
    "# heading": r"\# heading",
    "-# small print": r"\-\# small print",
    "> quote": r"\> quote",
    "1. list": r"1\. list",
    "[click](https://evil.example)": r"\[click\](https\:\/\/evil\.example)",
    "<@123>": "\\<@\u200b123\\>",
    "@everyone": "@\u200beveryone",
    "</ask:1>": r"\<\/ask\:1\>",
    "<:emoji:1>": r"\<\:emoji\:1\>",
    "one\ntwo\r\nthree": "one two three",
    "abc\u202edef\u2066": "abcdef",
    "z\u200be\u200cr\u200do\ufeff": "zero",
    "\u3164": NOBODY,
    "\u2800 \u115f": NOBODY,
    "": NOBODY,
    "tab\tand\x00null": "tab andnull",
}


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_plain_text(name: str):
    """No markdown, no mention, no line break, nothing that turns the text around or hides."""
    shown = shown_name(name)
    assert shown.replace("\\", "") == HOSTILE[name].replace("\\", "")
    for char in "*_~`|>#[]<:":
        assert shown.count(char) == shown.count("\\" + char)


@given(st.text(max_size=200))
def test_whatever_a_name_is_it_is_one_line_of_visible_text(name: str):
    """Never empty, never longer than the limit and its escapes."""
    shown = shown_name(name)
    assert shown.strip()
    assert len(shown.splitlines()) == 1
    assert len(shown) <= 2 * NAME_LIMIT_CHARS
    invisible = {char for char in shown if unicodedata.category(char) in {"Cc", "Cf"}}
    assert invisible <= {"\u200b"}
    assert "\u200b" not in shown.replace("@\u200b", "")


def test_newer_characters_than_python_knows_are_kept():
    """They are somebody's name, not blanks."""
    assert shown_name("\U0001fae9\U0001fadf") == "\U0001fae9\U0001fadf"


def test_what_was_said_stays_on_its_line():
    """An excerpt begins no heading and mentions nobody."""
    assert shown_text("# big\n@everyone <@1> *x*") == "\\# big @\u200beveryone \\<@\u200b1> \\*x\\*"


def test_what_somebody_typed_stays_in_its_code_span():
    """However many backticks, lines or characters it has."""
    assert shown_code("a`b\n``c", limit=80) == "`a'b ''c`"
    assert shown_code("x" * 100, limit=10) == "`" + "x" * 9 + "…`"


def sentences_with_a_name() -> list[str]:
    """Every function of the texts that takes a person's name as `by`, called with a hostile one."""
    found = []
    for module in (memory, models):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = inspect.signature(function).parameters
            if function.__module__ == module.__name__ and "by" in parameters:
                values = {"turns": 2, "hidden": 2, "model": "a/b", "scope": "channel", "history_tokens": 1}
                given_ = {each: values.get(each) for each in parameters if each != "by"}
                found.append((name, function(by="<@1>*\n# x", **given_)))
    assert {name for name, _ in found} == {"cleared", "restored", "branch_begins", "chosen", "reset"}
    stopped = ReplyTexts().ending(Ending(state=ReplyState.STOPPED, by="<@1>*\n# x"))
    return [stopped, *(text for _, text in found)]


@pytest.mark.parametrize("sentence", sentences_with_a_name())
def test_every_sentence_escapes_the_name_in_it(sentence: str):
    """No matter who it is about."""
    assert shown_name("<@1>*\n# x") in sentence
    assert "<@1>" not in sentence
    assert "\n#" not in sentence
