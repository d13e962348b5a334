"""How many tokens a text has, estimated from its bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.core.records import Message


MESSAGE_TOKENS = 4  # what chat formats add to each message
# English has about 4.2 bytes of UTF-8 a token, code 3, Chinese and Japanese 2.5 to 4: a guess on the safe side.
DEFAULT_RATIO = 3.0
LEAST_RATIO, GREATEST_RATIO = 1.0, 4.5
LEARNING_RATE = 0.2  # the weight of the newest report


def estimate(messages: Iterable[Message], ratio: float) -> int:
    """Estimate the tokens of messages from their bytes, `ratio` of them to a token."""
    return sum(MESSAGE_TOKENS + math.ceil(_size(message) / ratio) for message in messages)


def _size(message: Message) -> int:
    return len(message.content.encode("utf-8", "surrogatepass"))


class TokenRatio:
    """Bytes of UTF-8 per token, learned for each model from the prompt tokens that its provider reports."""

    def __init__(self) -> None:
        self._ratios: dict[str, float] = {}

    def of(self, model: str) -> float:
        return self._ratios.get(model, DEFAULT_RATIO)

    def learn(self, model: str, messages: Sequence[Message], prompt_tokens: int) -> None:
        """Learn from a report that these messages were so many tokens. A report of none is ignored."""
        content_tokens = prompt_tokens - MESSAGE_TOKENS * len(messages)
        if content_tokens <= 0:
            return
        seen = sum(map(_size, messages)) / content_tokens
        seen = min(max(seen, LEAST_RATIO), GREATEST_RATIO)
        self._ratios[model] = self.of(model) + LEARNING_RATE * (seen - self.of(model))
