"""Pictures, files and recordings in a request: marks in its JSON, which become base64 in slices as it's sent.

A request with ten pictures has megabytes: to encode and write them at once would stop the event loop.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from bot.core.records import AttachmentKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bot.core.records import Attachment, ModelInfo

SLICE_BYTES = 3 * 2**15  # a multiple of three, so that the slices' base64 joins to that of the whole
INPUTS = {
    AttachmentKind.PICTURE: "image",
    AttachmentKind.AUDIO: "audio",
}  # the catalog's words for what models take
NAMES = {AttachmentKind.PICTURE: "picture", AttachmentKind.AUDIO: "recording", AttachmentKind.DOCUMENT: "document"}
# The formats of sound by the second half of their media type, where the two are called differently.
SOUNDS = {
    "mpeg": "mp3",
    "x-wav": "wav",
    "wave": "wav",
    "x-m4a": "m4a",
    "mp4": "m4a",
    "x-aiff": "aiff",
    "opus": "ogg",
}


class Media:
    """What one request carries besides text, for one model."""

    def __init__(self, info: ModelInfo | None = None) -> None:
        """`info` is the catalog's entry of the model; without one it's taken to read everything."""
        self._info = info
        # Nobody can write a text that contains it.
        self._mark = f"media-{secrets.token_hex(16)}-"
        self._data: list[bytes] = []

    def content(self, text: str, attachments: Sequence[Attachment]) -> str | list[dict[str, Any]]:
        """A message's content: the text first, then what comes with it. What the model can't take is named."""
        taken = [each for each in attachments if self._takes(each)]
        left_out = [
            f"({each.name}: a {NAMES[each.kind]} that you can't read.)"
            for each in attachments
            if each not in taken
        ]
        text = "\n".join([text, *left_out])
        if not taken:
            return text
        return [{"type": "text", "text": text}, *map(self._part, taken)]

    def _takes(self, attachment: Attachment) -> bool:
        needed = INPUTS.get(attachment.kind)
        return needed is None or self._info is None or needed in self._info.input_modalities

    def _part(self, attachment: Attachment) -> dict[str, Any]:
        mark = f"{self._mark}{len(self._data)}."
        self._data.append(attachment.data)
        url = f"data:{attachment.media_type};base64,{mark}"  # never an address: litellm would fetch it
        match attachment.kind:
            case AttachmentKind.PICTURE:
                return {"type": "image_url", "image_url": {"url": url}}
            case AttachmentKind.AUDIO:
                sound = attachment.media_type.partition("/")[2].partition(";")[0]
                return {"type": "input_audio", "input_audio": {"data": mark, "format": SOUNDS.get(sound, sound)}}
            case _:
                return {"type": "file", "file": {"filename": attachment.name, "file_data": url}}

    def __bool__(self) -> bool:
        return bool(self._data)

    def size(self, content: bytes) -> int:
        """The bytes of a request whose JSON is `content`, with the data in place of the marks."""
        literal, numbers = self._cut(content)
        return sum(map(len, literal)) + sum(-(-len(self._data[number]) // 3) * 4 for number in numbers)

    async def body(self, content: bytes) -> AsyncIterator[bytes]:
        """That request, in slices; others get their turn after each."""
        literal, numbers = self._cut(content)
        for before, number in zip(literal, [*numbers, None], strict=True):
            yield before
            data = memoryview(self._data[number] if number is not None else b"")
            for start in range(0, len(data), SLICE_BYTES):
                yield b64encode(data[start : start + SLICE_BYTES])
                await asyncio.sleep(0)

    def _cut(self, content: bytes) -> tuple[list[bytes], list[int]]:
        pieces = re.split(rb"%b(\d{1,4})\." % self._mark.encode(), content)
        return pieces[::2], [int(number) for number in pieces[1::2]]
