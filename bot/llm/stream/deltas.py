"""The words in one delta, or in the message of an answer that comes whole. Nothing in it is taken on trust."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.llm.documents import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REDACTED = "[REDACTED]"  # what some providers put in a hidden thought's place


class Kind(StrEnum):
    """What a piece of text adds to; the values are the delta's keys as litellm knows them."""

    TEXT = "content"
    REASONING = "reasoning"


Words = list[tuple[Kind, str]]


def words_of(delta: Mapping[str, Any]) -> Words:
    """What a delta says: thoughts, then text."""
    words: Words = []
    thought = delta.get("reasoning") or delta.get("reasoning_content")
    if thought and isinstance(thought, str) and thought != REDACTED:
        words.append((Kind.REASONING, thought))
    text = delta.get("content")
    if text and isinstance(text, str):
        words.append((Kind.TEXT, text))
    elif text or not words or "refusal" in delta or "audio" in delta:
        words += _less_usual(delta, text, has_thought=bool(words))
    return words


def _less_usual(delta: Mapping[str, Any], content: object, *, has_thought: bool) -> Words:
    words: Words = []
    if not has_thought:
        details = parts_of(delta.get("reasoning_details"))
        words += [(Kind.REASONING, text) for part in details for text in _texts(part)]
    for part in parts_of(content):
        kind = Kind.REASONING if part.get("type") in ("thinking", "reasoning") else Kind.TEXT
        words += [(kind, text) for text in _texts(part)]
    # A refusal is what the model says; so is the transcript of what it speaks.
    for text in (delta.get("refusal"), mapping(delta.get("audio")).get("transcript")):
        if text and isinstance(text, str):
            words.append((Kind.TEXT, text))
    return words


def parts_of(parts: object) -> Iterator[Mapping[str, Any]]:
    """The parts of a content that is a list; some servers put plain strings among them."""
    for part in parts if isinstance(parts, list) else ():
        yield {"text": part} if isinstance(part, str) else mapping(part)


def _texts(part: Mapping[str, Any]) -> Iterator[str]:
    """The text of a part, under any name it goes by."""
    for key in ("text", "summary", "refusal", "thinking"):
        value = part.get(key)
        if isinstance(value, str):
            yield from (value,) if value and value != REDACTED else ()
        elif key == "thinking":
            for inner in parts_of(value):
                yield from _texts(inner)
