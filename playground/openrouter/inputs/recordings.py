"""Recordings that are to be transcribed, as they arrive."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES_A_SECOND = 4000  # of a voice message
USD_A_SECOND = 0.0001


@dataclass(slots=True, frozen=True)
class Recording:
    """One request to `/audio/transcriptions`."""

    model: str
    data: bytes
    name: str = ""

    @property
    def usage(self) -> Mapping[str, Any]:
        seconds = len(self.data) / BYTES_A_SECOND
        return {"seconds": seconds, "cost": round(seconds * USD_A_SECOND, 9)}


async def read_recording(request: web.Request) -> Recording:
    """Either form of it: JSON with base64, or a form with a file."""
    if not request.content_type.startswith("multipart/"):
        body = await request.json()
        return Recording(str(body["model"]), base64.b64decode(body["input_audio"]["data"]))
    form = await request.post()
    file = form["file"]
    assert isinstance(file, web.FileField)
    return Recording(str(form["model"]), file.file.read(), file.filename)
