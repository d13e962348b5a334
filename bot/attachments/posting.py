"""Pictures that models made, on their way to Discord: decoded by the worker, and made to fit."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from bot.attachments.formats import Format
from bot.attachments.limits import ANSWER_BYTES
from bot.attachments.problems import FileProblemError
from bot.core.records import Attachment, AttachmentKind
from bot.display.target import ShownFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.attachments.parsing import Parser

log = logging.getLogger(__name__)

UPLOAD_BYTES = 24 * 2**20  # of one message with its files; Discord takes 25 MiB, and 10 MiB of each file
ALT_CHARS = 1_024  # Discord: a file's description
SLICE_CHARS = 2**20  # decoded at once, in a millisecond or two; a multiple of four
ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


class PostedPictures:
    """The `PicturePress` of `bot.conversation.asides.pictures`."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    async def files(self, data_urls: Sequence[str], *, alt: str) -> list[ShownFile]:
        limit = min(ANSWER_BYTES, UPLOAD_BYTES // max(1, len(data_urls)))
        files: list[ShownFile] = []
        for url in data_urls:
            try:
                data = await _decoded(url.partition(",")[2])
                fitted = await self._parser.parse(Format.POSTED, data, limit=limit)
            except (FileProblemError, binascii.Error, ValueError) as error:
                log.info("a picture that a model made can't be posted: %s", type(error).__name__)
                continue
            name = f"picture-{len(files) + 1}.{ENDINGS.get(str(fitted.facts.get('media_type')), 'png')}"
            files.append(ShownFile(name, fitted.payload, " ".join(alt.split())[:ALT_CHARS]))
        return files

    async def remembered(self, files: Sequence[ShownFile]) -> tuple[Attachment, ...]:
        kept = []
        for file in files:
            with suppress(FileProblemError):
                parsed = await self._parser.parse(Format.PICTURE, file.data)
                facts = parsed.facts
                picture = Attachment(
                    name=file.name,
                    kind=AttachmentKind.PICTURE,
                    data=parsed.payload,
                    media_type=str(facts["media_type"]),
                    width=int(facts["width"]),
                    height=int(facts["height"]),
                )
                kept.append(picture)
        return tuple(kept)


async def _decoded(text: str) -> bytes:
    """Base64 as bytes, in slices, so that nothing else waits for it."""
    pieces = []
    for start in range(0, len(text), SLICE_CHARS):
        pieces.append(base64.b64decode(text[start : start + SLICE_CHARS]))
        await asyncio.sleep(0)
    return b"".join(pieces)
