"""What people call themselves, their channels and their servers, as text on one line."""

from __future__ import annotations

import unicodedata

NAME_LIMIT_CHARS = 100  # Discord: names of channels, threads and servers; those of people have 32
# Letters, marks and symbols that show nothing.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
# Controls, format characters (zero width, changes of direction), halves of a character. What this Python doesn't
# know yet is text: it is newer.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})


def one_line(text: str) -> str:
    """A text without line breaks and invisible characters; empty when nothing of it can be seen."""
    return " ".join("".join(map(_visible, text)).split())


def plain_name(name: str) -> str:
    """A name on one line, as long as Discord allows: anybody can name a thread or themselves."""
    return one_line(name)[:NAME_LIMIT_CHARS].strip()


def _visible(char: str) -> str:
    if char.isspace() or char in _BLANK:
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char
