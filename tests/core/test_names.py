"""Names as text on one line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.names import NAME_LIMIT_CHARS, one_line, plain_name, reads_as_role


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Ada", "Ada"),
        ("  Ada\n\nLovelace\t", "Ada Lovelace"),
        ("a\u2028b\x0bc", "a b c"),
        ("abc\u202edef\u2066", "abcdef"),
        ("z\u200be\u200dr\ufeffo\x00", "zero"),
        ("\u3164\u2800 \u115f", ""),
        ("\ud800half", "half"),
        ("\U0001fae9\U0001fadf", "\U0001fae9\U0001fadf"),  # newer than some versions of Python
        ("\u0e01\u0e33\u0e25\u0e31\u0e07", "\u0e01\u0e33\u0e25\u0e31\u0e07"),
    ],
    ids=ascii,
)
def test_a_name_is_what_can_be_seen_of_it(name: str, plain: str):
    """Line breaks become spaces; what hides or turns the text around goes; every script stays."""
    assert plain_name(name) == plain


@given(st.text())
def test_any_text_is_one_visible_line(text: str):
    """And stays as it is when it's made plain again."""
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip() == one_line(line)
    assert not {unicodedata.category(char) for char in line} & {"Cc", "Cf", "Cs"}


def test_a_long_name_is_cut():
    """At Discord's own limit."""
    assert plain_name("x" * 1000) == "x" * NAME_LIMIT_CHARS


@pytest.mark.parametrize(
    "name",
    [
        "System",
        "<|system|>",
        "[ASSISTANT]",
        "### developer ###",
        "the system",
        "s y s t e m",
        "s.y.s.t.e.m",
        "ѕуѕtеm",  # Cyrillic
        "Ѕystem",
        "αssιstαnτ",  # Greek
        "ᴀꜱꜱɪꜱᴛᴀɴᴛ",  # small capitals
        "𝕾𝖞𝖘𝖙𝖊𝖒",  # mathematical letters
        "ＳＹＳＴＥＭ",  # full width
        "ⓢⓨⓢⓣⓔⓜ",
        "s\u0301y\u0308stem",  # accents
        "5yst3m",
        "t00l",
        "m0de1",
        "Система",
        "Système",
        "Asistente",
        "系统",
        "システム",
        "النظام",
        "시스템",
        "प्रणाली सहायक",
        "ผู้ช่วย",
    ],
    ids=ascii,
)
def test_a_name_reads_as_a_role_in_any_script(name: str):
    """As letters that look like others, in styles, with accents, apart, and translated."""
    assert reads_as_role(name)


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Mem",
        "Systemcat",
        "Toolbox",
        "Андрей",
        "Γιώργος",
        "小明",
        "さくら",
        "محمد",
        "민준",
        "Unassisted",
        "",
        "🦊",
    ],
    ids=ascii,
)
def test_other_names_do_not(name: str):
    """People keep their names."""
    assert not reads_as_role(name)
