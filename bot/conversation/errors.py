"""Why a question gets no answer although the model could give one."""

from __future__ import annotations

from bot.core.errors import HeadwaterError


class QueueFullError(HeadwaterError):
    """Too many questions already wait in this conversation; `is_own`: of the same person."""

    def __init__(self, *, waiting: int, is_own: bool = False) -> None:
        super().__init__(waiting)
        self.waiting = waiting
        self.is_own = is_own

    @property
    def sentence(self) -> str:
        if self.is_own:
            return f"You already have {self.waiting} questions waiting here. Ask again when one is answered."
        return f"{self.waiting} questions are already waiting here. Ask again when one is answered."


class QuestionTooLongError(HeadwaterError):
    """The question alone is larger than the model's context window. Sizes are in tokens, estimated."""

    def __init__(self, *, tokens: int, limit: int) -> None:
        super().__init__(tokens, limit)
        self.tokens = tokens
        self.limit = limit

    @property
    def sentence(self) -> str:
        return (
            f"Your question is about {self.tokens:,} tokens long, but this model has room for {self.limit:,}. "
            "Please shorten it. An admin can choose a model with a larger context with `/model set`."
        )


class ForgottenError(HeadwaterError):
    """The question is no longer stored, so it can't be answered again."""

    text = "I no longer remember that question. Please ask it again."


class StillRunningError(HeadwaterError):
    """The question is being answered right now."""

    text = "I'm already answering that question."


class LostInQueueError(HeadwaterError):
    """The bot restarted while the question was waiting, so the model was never asked."""

    text = "I restarted before I got to this question. Please ask it again."


class ShuttingDownError(HeadwaterError):
    """The bot is about to stop and takes no new questions."""

    text = "I'm restarting. Please ask again in a minute."
