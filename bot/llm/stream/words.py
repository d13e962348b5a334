"""What the parts of an answer are made of."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a piece of text adds to; the values are the delta's keys as litellm knows them."""

    TEXT = "content"
    REASONING = "reasoning"


Words = list[tuple[Kind, str]]
