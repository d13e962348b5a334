"""Recordings for models that don't hear: transcribed where the owner chose a model for it, else declined."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import Problem
from bot.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.ports import Transcriber
    from bot.core.records import Attachment, SentFile, Transcript

log = logging.getLogger(__name__)

SOUND_NAMES = (".ogg", ".oga", ".opus", ".mp3", ".m4a", ".wav", ".flac", ".aac", ".aiff", ".aif")
# From 16 to 128 kbit/s: so long a recording is at most and at least, whatever its sender says.
LEAST_BYTES_A_SECOND, MOST_BYTES_A_SECOND = 2_000, 16_000


class Listening:
    """Says what transcribing costs, and does it."""

    def __init__(self, transcriber: Transcriber | None) -> None:
        """None where the owner set no model: recordings leave for no other service unasked."""
        self._transcriber = transcriber

    @property
    def model(self) -> str:
        return self._transcriber.model if self._transcriber else ""

    def price(self, files: Sequence[SentFile]) -> int | None:
        if self._transcriber is None:
            return 0
        return self._transcriber.price(sum(map(seconds_of, filter(is_recording, files))))

    async def transcribe(self, file: SentFile, recording: Attachment) -> Transcript:
        """What is said in a recording.

        Raises:
            FileProblemError: nobody transcribes it, or it failed.
        """
        # What wasn't called a recording had no price, so nothing was set aside for it.
        if self._transcriber is None or not is_recording(file):
            raise FileProblemError(Problem.DEAF)
        try:
            return await self._transcriber.transcribe(recording)
        except ModelError as error:
            log.warning("a recording was not transcribed: %s", error)
            raise FileProblemError(Problem.NOT_TRANSCRIBED) from error


def is_recording(file: SentFile) -> bool:
    """Whether a file is called one. What it really is, its content tells later."""
    named = file.name.lower().endswith(SOUND_NAMES)
    return named or file.seconds is not None or file.media_type.startswith("audio/")


def seconds_of(file: SentFile) -> float:
    """How long a recording takes at most; the length that a file claims for itself is the sender's word."""
    longest = file.size / LEAST_BYTES_A_SECOND
    claimed = longest if file.seconds is None else file.seconds
    return max(file.size / MOST_BYTES_A_SECOND, min(claimed, longest))
