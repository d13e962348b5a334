"""Other people's words in a prompt, set off so that nobody can write their way out of them."""

from __future__ import annotations

import re

LEAST_FENCE = 3  # backticks


def fenced(text: str) -> str:
    """A text between two lines of backticks, more of them than it has anywhere itself."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(LEAST_FENCE, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def cut(text: str, limit: int) -> str:
    """As much of a text as fits, with a sign where the rest is missing."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def without_middle(text: str, limit: int) -> str:
    """The beginning and the end of a text that is too long, and how much is missing between them."""
    if len(text) <= limit:
        return text
    half = max(0, limit) // 2
    end = text[len(text) - half :] if half else ""
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{end}"
