"""What came with a question besides words, told as the scripted model got it."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from playground.openrouter.script import text_of
from playground.pictures import pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playground.openrouter.script import Call

KILO = 1024
LINE_CHARS = 100
# How the bot writes a file's text into a question: its name, what it is, and the text between two fences.
TEXT = re.compile(
    r"^(?P<name>[^\n]+?)(?: \((?P<about>[^)\n]*)\))?:\n(?P<fence>`{3,})\n(?P<text>.*?)\n(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
# How the bot names a picture that the model itself made.
OWN = re.compile(r"^\[picture-\d+\.\w+: a picture, (?!no longer)", re.MULTILINE)
CLOSING = "\n\nI am only the playground's scripted model, so that is all I can tell. A real one reads them."


def received(call: Call) -> str:
    """A line for each thing that came with the newest question; empty where nothing did."""
    last = next((m["content"] for m in reversed(call.messages) if m["role"] == "user"), "")
    lines = [*_texts(text_of(last)), *list(_media(last))[_own_pictures(call) :]]
    if not lines:
        return ""
    counted = "one file" if len(lines) == 1 else f"{len(lines)} files"
    listed = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    return f"With your question I got {counted}:\n\n{listed}{CLOSING}"


def _own_pictures(call: Call) -> int:
    """How many pictures at the beginning of the newest question are those of the answer before it."""
    before = next((text_of(m["content"]) for m in reversed(call.messages) if m["role"] == "assistant"), "")
    return len(OWN.findall(before))


def _texts(prompt: str) -> Iterator[str]:
    for found in TEXT.finditer(prompt):
        if found["about"] is None:  # what somebody said elsewhere
            continue
        first = next((line for line in found["text"].splitlines() if line.strip()), "").strip()[:LINE_CHARS]
        shown = first.replace("`", "'")
        yield f"**{found['about']}**, `{found['name']}`: {len(found['text']):,} characters. It begins: `{shown}`"


def _media(content: Any) -> Iterator[str]:  # noqa: ANN401 - a string or a list of parts
    for part in content if isinstance(content, list) else ():
        match part.get("type"):
            case "image_url":
                yield _picture(part["image_url"])
            case "file":
                name, data = part["file"].get("filename", "a file"), _data(part["file"].get("file_data", ""))
                yield f"**a document**, `{name}`: {_size(data)}"
            case "input_audio":
                sound = part["input_audio"]
                yield f"**a recording**: {sound.get('format')}, {_size(_data(sound.get('data', '')))}"


def _picture(image: Mapping[str, str]) -> str:
    kind, data = image["url"].removeprefix("data:").partition(";")[0], _data(image["url"])
    size = pixels(data)
    across = f", {size[0]} by {size[1]} pixels" if size else ""
    return f"**a picture**: {kind}, {_size(data)}{across}"


def _data(url: str) -> bytes:
    try:
        return base64.b64decode(url.rpartition(",")[2], validate=True)
    except binascii.Error:
        return b""


def _size(data: bytes) -> str:
    return f"{len(data) / KILO:,.1f} KB" if len(data) >= KILO else f"{len(data)} bytes"
