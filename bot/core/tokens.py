"""How many tokens a text has, estimated from its bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.core.records import AttachmentKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.records import Attachment, Message

MESSAGE_TOKENS = 4  # what chat formats add to each message
# English has about 4.2 bytes of UTF-8 a token, code 3, Chinese and Japanese 2.5 to 4: a guess on the safe side.
DEFAULT_RATIO = 3.0
LEAST_RATIO, GREATEST_RATIO = 1.0, 4.5
LEARNING_RATE = 0.2  # the weight of the newest report
# What isn't text is counted by what it shows. Families differ by a factor of two or three; these are upper ends.
PIXELS_A_TOKEN, PICTURE_TOKENS = 750, (85, 5_000)  # Anthropic's rule; the least and the most of one picture
PAGE_TOKENS, PAGE_BYTES = 1_500, 50_000  # a page's text and picture; its size where the pages weren't counted
SECOND_TOKENS, SECOND_BYTES = 32, 4_000  # Gemini's rule; Discord's voice messages have 32 kbit/s


def estimate(messages: Iterable[Message], ratio: float) -> int:
    """Estimate the tokens of messages from their bytes, `ratio` of them to a token."""
    return sum(
        MESSAGE_TOKENS + math.ceil(_size(message) / ratio) + sum(map(media_tokens, message.attachments))
        for message in messages
    )


def media_tokens(attachment: Attachment) -> int:
    """Estimate the tokens of what isn't text in an attachment."""
    if not attachment.data:
        return 0
    least, most = PICTURE_TOKENS
    match attachment.kind:
        case AttachmentKind.PICTURE:
            pixels = (attachment.width or 0) * (attachment.height or 0)
            return min(max(least, math.ceil(pixels / PIXELS_A_TOKEN)), most) if pixels else most // 2
        case AttachmentKind.DOCUMENT:
            return PAGE_TOKENS * pages_of(attachment)
        case AttachmentKind.AUDIO:
            return math.ceil(SECOND_TOKENS * (attachment.seconds or len(attachment.data) / SECOND_BYTES))
        case _:
            return 0


def pages_of(document: Attachment) -> int:
    """How many pages a document has, guessed from its size where nobody counted them."""
    return document.pages or math.ceil(len(document.data) / PAGE_BYTES)


def _size(message: Message) -> int:
    return len(message.content.encode("utf-8", "surrogatepass"))


class TokenRatio:
    """Bytes of UTF-8 per token, learned for each model from the prompt tokens that its provider reports."""

    def __init__(self) -> None:
        self._ratios: dict[str, float] = {}

    def of(self, model: str) -> float:
        return self._ratios.get(model, DEFAULT_RATIO)

    def learn(self, model: str, messages: Sequence[Message], prompt_tokens: int) -> None:
        """Learn from a report that these messages were so many tokens.

        A report of none is ignored, and one on pictures or sounds, whose share in it nobody knows.
        """
        if any(message.attachments for message in messages):
            return
        content_tokens = prompt_tokens - MESSAGE_TOKENS * len(messages)
        if content_tokens <= 0:
            return
        seen = sum(map(_size, messages)) / content_tokens
        seen = min(max(seen, LEAST_RATIO), GREATEST_RATIO)
        self._ratios[model] = self.of(model) + LEARNING_RATE * (seen - self.of(model))
