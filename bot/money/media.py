"""What pictures, documents and recordings in a request cost beside their tokens, at the catalog's prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.records import AttachmentKind
from bot.core.tokens import media_tokens, pages_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.core.records import Attachment, Message, ModelInfo

# OpenRouter, where a model doesn't read documents itself: 2 dollars for 1,000 pages, even with a free model.
# https://openrouter.ai/docs/guides/overview/multimodal/pdfs
SCANNED_PAGE_NANO_USD = 2_000_000


def media_price(messages: Iterable[Message], info: ModelInfo) -> int:
    """Nano-dollars for what a model takes of it, beyond the tokens that are counted for it."""
    return sum(_price(each, info) for message in messages for each in message.attachments)


def _price(attachment: Attachment, info: ModelInfo) -> int:
    in_tokens = media_tokens(attachment) * (info.prompt_price or 0)
    match attachment.kind:
        case AttachmentKind.PICTURE if "image" in info.input_modalities:
            # Some providers charge by the picture; the catalog then has its price as well.
            return max(0, (info.image_price or 0) - in_tokens)
        case AttachmentKind.AUDIO if "audio" in info.input_modalities:
            return max(0, media_tokens(attachment) * (info.audio_price or 0) - in_tokens)
        case AttachmentKind.DOCUMENT if "file" not in info.input_modalities:
            return SCANNED_PAGE_NANO_USD * pages_of(attachment)
        case _:
            return 0
