"""Names and texts of people, made safe to show inside a sentence."""

from __future__ import annotations

import re

from bot.core.names import one_line, plain_name

NOBODY = "Somebody"
_SPECIAL = re.compile(r"([\\*_~`|>#\-+\[\]()<:.])")
_MARKDOWN = re.compile(r"([\\*_~`|\[\]<]|^[>#+-])")


def shown_name(name: str) -> str:
    """A display name as plain text on one line: no markdown, mention, link or invisible character works in it."""
    return _without_mentions(_SPECIAL.sub(r"\\\1", plain_name(name))) or NOBODY


def shown_text(text: str) -> str:
    """What somebody said, on one line, with its markdown and mentions as plain characters."""
    return _without_mentions(_MARKDOWN.sub(r"\\\1", one_line(text)))


def shown_code(text: str, *, limit: int) -> str:
    """What somebody typed, as a code span that it can't end."""
    line = one_line(text).replace("`", "'")
    return f"`{line if len(line) <= limit else line[: limit - 1] + '…'}`"


def _without_mentions(text: str) -> str:
    return text.replace("@", "@\u200b")  # as discord.utils.escape_mentions does
