"""What is kept of an answer besides its words, for the buttons that show it to one person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.core.records import Attachment


class AsideKind(StrEnum):
    """What an aside is; each has a button."""

    THINKING = "thinking"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class Aside:
    """Something kept with an answer. It's no part of memory, exports or requests, and goes with the answer."""

    kind: AsideKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of an answer besides its words; its pictures are part of memory, as attachments are."""

    asides: tuple[Aside, ...] = ()
    pictures: tuple[Attachment, ...] = ()


class Asides(Protocol):
    """Reads what is kept with answers; it's written as they end. Raises `StorageError`."""

    async def of(self, reply_id: int, kind: AsideKind) -> str | None:
        """What the answer of a reply brought; None where that isn't kept, or no longer."""
        ...
