"""The words in one delta, or in the message of an answer that comes whole. Nothing in it is taken on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.llm.documents import mapping
from bot.llm.stream.endings import Other
from bot.llm.stream.words import Kind, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PICTURES = ("image_url", "image", "output_image")  # parts of a content


def words_of(delta: Mapping[str, Any]) -> Words:
    """What a delta says: thoughts, then text."""
    words: Words = []
    thought = delta.get("reasoning") or delta.get("reasoning_content")
    if thought and isinstance(thought, str):
        words.append((Kind.REASONING, thought))
    text = delta.get("content")
    if text and isinstance(text, str):
        words.append((Kind.TEXT, text))
    elif text or not words or "refusal" in delta or "audio" in delta:
        words += _less_usual(delta, text, has_thought=bool(words))
    return words


def others_of(delta: Mapping[str, Any]) -> set[Other]:
    """What a delta brings besides words."""
    brought = set()
    if delta.get("tool_calls") or delta.get("function_call"):
        brought.add(Other.TOOL_CALL)
    content = delta.get("content")
    in_parts = isinstance(content, list) and any(part.get("type") in PICTURES for part in _parts(content))
    if in_parts or delta.get("images"):
        brought.add(Other.PICTURE)
    return brought


def _less_usual(delta: Mapping[str, Any], content: object, *, has_thought: bool) -> Words:
    words: Words = []
    if not has_thought:
        details = _parts(delta.get("reasoning_details"))
        words += [(Kind.REASONING, text) for part in details for text in _texts(part)]
    for part in _parts(content):
        kind = Kind.REASONING if part.get("type") in ("thinking", "reasoning") else Kind.TEXT
        words += [(kind, text) for text in _texts(part)]
    # A refusal is what the model says; so is the transcript of what it speaks.
    for text in (delta.get("refusal"), mapping(delta.get("audio")).get("transcript")):
        if text and isinstance(text, str):
            words.append((Kind.TEXT, text))
    return words


def _parts(parts: object) -> Iterator[Mapping[str, Any]]:
    """The parts of a content that is a list; some servers put plain strings among them."""
    for part in parts if isinstance(parts, list) else ():
        yield {"text": part} if isinstance(part, str) else mapping(part)


def _texts(part: Mapping[str, Any]) -> Iterator[str]:
    """The text of a part, under any name it goes by."""
    for key in ("text", "summary", "refusal", "thinking"):
        value = part.get(key)
        if isinstance(value, str):
            yield from (value,) if value else ()
        elif key == "thinking":
            for inner in _parts(value):
                yield from _texts(inner)
