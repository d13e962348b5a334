"""OpenRouter's transcription of recordings, for models that don't hear themselves."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import aiohttp

from bot.core.errors import ModelError
from bot.core.events import Usage
from bot.core.records import Transcript
from bot.core.units import MINUTE_S
from bot.llm.documents import cost_nano_usd, mapping

if TYPE_CHECKING:
    from bot.core.records import Attachment
    from bot.llm.provider.api import ProviderApi

ANSWER_S = 75.0  # OpenRouter gives a provider 60
# What is set aside. The list of models doesn't have those that transcribe; the usual ones take a cent or less.
MOST_NANO_USD_A_MINUTE = 10_000_000
TEXT_CHARS = 50_000  # more than anybody says in the longest recording that is read
FORMATS = {  # the names of files by which a provider tells their formats
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
}


class OpenRouterTranscriptions:
    """The `Transcriber` of OpenRouter. Its requests don't go through admission: none of them streams."""

    def __init__(self, api: ProviderApi, model: str) -> None:
        self.model = model
        self._api = api

    def price(self, seconds: float) -> int | None:
        return round(seconds * MOST_NANO_USD_A_MINUTE / MINUTE_S)

    async def transcribe(self, recording: Attachment) -> Transcript:
        ending = FORMATS.get(recording.media_type)
        if ending is None:
            raise ModelError(model=self.model, detail=f"{recording.media_type} can't be transcribed")
        form = aiohttp.FormData()
        # From a file, so that aiohttp sends it in pieces.
        file = io.BytesIO(recording.data)
        form.add_field("file", file, filename=f"recording.{ending}", content_type=recording.media_type)
        form.add_field("model", self.model)
        answer = await self._api.send("audio/transcriptions", form, timeout_s=ANSWER_S)
        text, usage = answer.get("text"), mapping(answer.get("usage"))
        if not isinstance(text, str):
            raise ModelError(model=self.model, detail="the answer is no transcript")
        return Transcript(text[:TEXT_CHARS], Usage(cost_nano_usd=cost_nano_usd(usage.get("cost"))))
