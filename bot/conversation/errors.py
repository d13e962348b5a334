"""Why a question is not answered although the model could."""

from __future__ import annotations

from bot.core.errors import HeadwaterError


class QueueFullError(HeadwaterError):
    """Too many questions already wait in this conversation."""

    def __init__(self, *, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    @property
    def sentence(self) -> str:
        return f"{self.waiting} questions are already waiting here. Please ask again when one is answered."


class QuestionTooLongError(HeadwaterError):
    """The question alone is larger than the model's context window. Sizes are in tokens, estimated."""

    def __init__(self, *, tokens: int, limit: int) -> None:
        super().__init__(tokens, limit)
        self.tokens = tokens
        self.limit = limit

    @property
    def sentence(self) -> str:
        return (
            f"That question is about {self.tokens:,} tokens long, but this model has room for "
            f"{self.limit:,}. Please shorten it, or choose a model with a larger context."
        )


class ForgottenError(HeadwaterError):
    """The question is no longer stored, so it cannot be answered again."""

    @property
    def sentence(self) -> str:
        return "The question is no longer in my memory. Please ask it again."


class StillRunningError(HeadwaterError):
    """The question is being answered right now."""

    @property
    def sentence(self) -> str:
        return "That question is being answered right now."


class LostInQueueError(HeadwaterError):
    """The bot was restarted while the question waited in line, so that it was never asked."""

    @property
    def sentence(self) -> str:
        return "I was restarted before it was this question's turn. Please ask it again."


class ShuttingDownError(HeadwaterError):
    """The bot is about to stop and takes no new questions."""

    @property
    def sentence(self) -> str:
        return "I am being restarted. Please ask again in a minute."
