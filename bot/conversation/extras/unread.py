"""Why a file isn't read, and what is said about it: the sentences are in `bot.ui.texts.sent`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

# The limits that people are told
FILES = 10  # of one question; Discord: attachments of a message
FILE_BYTES = 25 * 2**20  # Discord: 10 MB without Nitro
KEPT_BYTES = 10 * 2**20  # of a recording or a scan, which go to the model as they are
SCAN_PAGES = 100  # of a PDF that has to be recognized, at OpenRouter's 2 dollars for 1,000 pages


class Problem(StrEnum):
    """Each has a sentence for people, and stands in the log by its name."""

    TOO_LARGE = "too_large"
    EMPTY = "empty"
    GONE = "gone"  # Discord has it no more, or its link expired
    UNREACHABLE = "unreachable"  # not from Discord's hosts, or the download failed
    SLOW = "slow"
    ARCHIVE = "archive"
    PROGRAM = "program"
    VIDEO = "video"
    OLD_OFFICE = "old_office"
    HEIC = "heic"
    UNKNOWN = "unknown"  # none of the kinds that models read
    DAMAGED = "damaged"
    LOCKED = "locked"  # by a password
    TOO_MANY_PIXELS = "too_many_pixels"
    UNPACKS_TOO_LARGE = "unpacks_too_large"
    SCAN = "scan"  # nothing here recognizes the text of pictures
    LONG_SCAN = "long_scan"
    DEAF = "deaf"  # the model doesn't hear, and nothing transcribes
    NOT_TRANSCRIBED = "not_transcribed"


class FileTexts(Protocol):
    """Sentences of small print, which name a file as its sender did, and short notes on what is missing of one."""

    def declined(self, name: str, problem: Problem) -> str: ...

    def more_declined(self, files: int) -> str: ...

    def too_many(self, unread: int) -> str: ...

    def blind(self, model: str, pictures: Sequence[str], seeing: Sequence[str]) -> str:
        """The model doesn't see these pictures; others do."""
        ...

    def transcript(self, name: str, text: str) -> str: ...

    def shortened(self, characters: int) -> str: ...

    def first_frame(self) -> str: ...

    def some_pages(self, read: int, pages: int) -> str: ...
