"""What is one character to a reader, and what is nothing to see."""

from __future__ import annotations

import pytest

from bot.display.text.growing_text import GrowingText
from bot.display.text.markdown import is_joined
from bot.display.text.pager import paginate

JOINED = {
    "Hangul of parts": "\u1112\u1161\u11ab",
    "Hangul and a tail": "\ud558\u11ab",
    "Hangul, old": "\ua960\u1161\ud7cb",
    "Hindi conjunct": "\u0915\u094d\u0937",
    "Hindi conjunct with a joiner": "\u0915\u094d\u200d\u0937",
    "Hindi conjunct with a dot": "\u0921\u094d\u093c\u0922",
    "Khmer": "\u1781\u17d2\u1798\u17c2",
    "Tamil vowel": "\u0ba8\u0bbf",
    "Thai vowel": "\u0e01\u0e33",
    "half-width sound mark": "\uff76\uff9e",
    "accents": "e\u0301\u0323",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "flag": "\U0001f1e9\U0001f1ea",
    "flag of a country's part": "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "keycap": "1\ufe0f\u20e3",
    "skin tone": "\U0001f44b\U0001f3fd",
    "Arabic number sign": "\u0600\u0661",
}
APART = {
    "Hangul syllables": "\ud558\ud558",
    "Hangul with a tail, then a lead": "\ud55c\u1112",
    "Hindi letters": "\u0915\u0937",
    "Latin after a virama": "\u0915\u094d!",
    "flags": "\U0001f1ea\U0001f1e9",
    "letters": "ab",
}


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_parts_of_a_character_are_joined(text: str):
    """Whatever the language."""
    assert all(is_joined(text, at) for at in range(1, len(text)))


@pytest.mark.parametrize("text", APART.values(), ids=APART)
def test_characters_are_not(text: str):
    """A message may end between them."""
    between = len(text) - 1
    prefix = "\U0001f1e9" if text[0] == "\U0001f1ea" else ""  # its second half begins with another flag's
    assert not is_joined(prefix + text, len(prefix) + between)


@pytest.mark.parametrize("text", JOINED.values(), ids=JOINED)
def test_no_message_ends_inside_one(text: str):
    """A text without a space is cut between characters."""
    pages = paginate(text * 1500, done=True)
    assert len(pages) > 1
    assert all(len(page.source) % len(text) == 0 for page in pages)


def test_a_message_does_not_end_before_what_changes_its_last_sign():
    """Full-width punctuation has two forms, and a selector after it chooses one."""
    text = "\u6f22\u5b57\uff01\ufe00" * 700
    assert all(not page.source.startswith("\ufe00") for page in paginate(text, done=True))


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \n\t\u00a0\u2003", True),
        ("\u200b\u200d\ufeff\u00ad", True),
        ("\x00\x1b", True),
        ("\U0001fae9", False),  # newer than the Unicode of Python 3.11
        ("\u0378", False),  # nobody has given it a meaning yet
        ("\ue000", False),  # private use
        ("\ud83d", False),  # half a character: the other half may come
        (" . ", False),
    ],
)
def test_characters_that_python_does_not_know_are_text(text: str, blank: bool):
    """A model may answer with an emoji of this year."""
    said = GrowingText()
    for character in text:
        said.append(character)
    assert said.is_blank is blank
    assert str(said) == text
