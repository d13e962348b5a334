"""The JSON documents in the data of an event: usually one, and sometimes damaged or several in a row."""

from __future__ import annotations

import json
from typing import Any

from bot.llm.documents import integer

# A large event may be one picture. As a million small values it would take a hundred times its size in memory.
LARGE_CHARS, MOST_VALUES = 2**20, 200_000
MOST_REPAIRS = 100  # in one event, so that its cost stays in proportion to its length
_STRICT = json.JSONDecoder()
_LENIENT = json.JSONDecoder(parse_int=integer, strict=False)


def documents_in(text: str) -> tuple[list[Any], bool]:
    """The documents in a text that begins with one, and whether they are all of it.

    Raises:
        RecursionError: a document is nested deeper than Python's stack.
    """
    if len(text) > LARGE_CHARS and sum(map(text.count, ",{[")) > MOST_VALUES:
        return [], False
    try:
        document, end = _STRICT.raw_decode(text)
    except ValueError:
        end = 0
    return ([document], True) if end == len(text) else _salvaged(text)


def _salvaged(text: str) -> tuple[list[Any], bool]:
    """What can be read of a text that isn't one proper document."""
    documents, at, repairs = [], 0, 0
    while at >= 0 and repairs < MOST_REPAIRS:
        try:
            document, end = _LENIENT.raw_decode(text, at)
        except ValueError:
            repairs += 1
            found = text.find("\n{", at)
            at = found + 1 if found >= 0 else -1
        else:
            documents.append(document)
            at = text.find("{", end)
    return documents, not repairs
