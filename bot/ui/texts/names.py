"""Names and texts of people, made safe to show inside a sentence."""

from __future__ import annotations

import re
import unicodedata

NAME_LIMIT = 100  # characters; Discord allows 32, webhooks 80
NOBODY = "Somebody"
# Letters and marks that show nothing, although Unicode calls them letters, marks or symbols.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})  # controls, zero-width and bidirectional marks, halves of characters
_SPECIAL = re.compile(r"([\\*_~`|>#\-+\[\]()<:.])")
_MARKDOWN = re.compile(r"([\\*_~`|\[\]<]|^[>#+-])")


def shown_name(name: str) -> str:
    """A display name as plain text on one line: no markdown, mention, link or invisible character works in it."""
    visible = _on_one_line(name)[:NAME_LIMIT].rstrip()
    return _without_mentions(_SPECIAL.sub(r"\\\1", visible)) or NOBODY


def shown_text(text: str) -> str:
    """What somebody said, on one line, with its markdown and mentions as plain characters."""
    return _without_mentions(_MARKDOWN.sub(r"\\\1", _on_one_line(text)))


def _on_one_line(text: str) -> str:
    return " ".join("".join(map(_visible, text)).split())


def _visible(char: str) -> str:
    if char.isspace() or char in _BLANK:
        return " "
    return "" if unicodedata.category(char) in _INVISIBLE else char


def _without_mentions(text: str) -> str:
    return text.replace("@", "@\u200b")  # as discord.utils.escape_mentions does
