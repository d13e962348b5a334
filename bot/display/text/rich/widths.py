"""How many columns a text takes where all letters are equally wide."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from bot.display.text.markdown import is_joined

if TYPE_CHECKING:
    from collections.abc import Iterator

_EMOJI_FORM = "\ufe0f"  # asks for the colored form of what comes before it


def width(text: str) -> int:
    """Columns of a text: wide letters and emoji take two, what joins on to a letter none."""
    return len(text) if text.isascii() else sum(map(_width, characters(text)))


def characters(text: str) -> Iterator[str]:
    """What a reader takes for one character each."""
    start = 0
    for at in range(1, len(text)):
        if not is_joined(text, at):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def _width(character: str) -> int:
    if _EMOJI_FORM in character or "\U0001f1e6" <= character[0] <= "\U0001f1ff":
        return 2
    if unicodedata.category(character[0]) in {"Cf", "Mn", "Me", "Cc"}:
        return 0
    return 2 if unicodedata.east_asian_width(character[0]) in "WF" else 1


def padded(text: str, columns: int, align: str) -> str:
    """The text in so many columns: `<` left, `>` right, `^` in the middle."""
    room = max(0, columns - width(text))
    left = {"<": 0, ">": room, "^": room // 2}[align]
    return " " * left + text + " " * (room - left)


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns; a word that is too long is cut."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= columns:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in characters(word):
            if lines[-1] and width(lines[-1] + character) > columns:
                lines.append("")
            lines[-1] += character
    return lines
