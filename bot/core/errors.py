"""TODO"""

from __future__ import annotations


class HeadwaterError(Exception):
    """Root of the failures a user can meet; `sentence` is what they read.

    A sentence says what happened and what to do, names no internals and never quotes a provider's raw text.
    """

    @property
    def sentence(self) -> str:
        return "Something went wrong on my side. Please try again."

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.sentence}"


class ModelError(HeadwaterError):
    """The model client could not give, or finish, an answer.

    Attributes:
        model: the provider's id of the model asked.
        status: HTTP status, or the code of an error inside the stream; None where nothing answered.
        retry_after: seconds until another try makes sense; None when unknown.
        generation_id: the provider's id of the generation, where it had begun.
        detail: the provider's reason for the log, bounded and free of content and keys.
    """

    retryable = False  # may the same request succeed if it is sent again?

    def __init__(
        self,
        *,
        model: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        generation_id: str | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(detail)
        self.model = model
        self.status = status
        self.retry_after = retry_after
        self.generation_id = generation_id
        self.detail = detail

    @property
    def later(self) -> str:
        """`in about 12 s`, or `in a moment` where nobody knows."""
        return "in a moment" if self.retry_after is None else f"in about {max(1, round(self.retry_after))} s"


class BadRequestError(ModelError):
    """400, 412, 422: the provider does not take this request."""

    @property
    def sentence(self) -> str:
        return "The model did not accept this request. Try rephrasing it, or another model with `/model set`."


class ContextTooLongError(ModelError):
    """The prompt is larger than the model's context window."""

    @property
    def sentence(self) -> str:
        return (
            "This is more text than the model can read at once. "
            "Please shorten the question, or choose a model with a larger context."
        )


class AuthenticationError(ModelError):
    """401: the key is missing, wrong or disabled."""

    @property
    def sentence(self) -> str:
        return "The model provider rejected this bot's API key. The bot's owner needs to check it."


class PaymentError(ModelError):
    """402: out of credits, or the key's own limit is reached."""

    @property
    def sentence(self) -> str:
        return "The model provider says the credits for this are used up. The bot's owner needs to top them up."


class ModerationError(ModelError):
    """403, or a refused prompt: moderation or a guardrail stopped the request."""

    @property
    def sentence(self) -> str:
        return "The model provider's moderation refused this question. Please rephrase it."


class PermissionDeniedError(ModelError):
    """403 for any other reason: the key may not use this model, or not from this region."""

    @property
    def sentence(self) -> str:
        return (
            "The model provider does not let this bot use that model. "
            "An admin can choose another with `/model set`."
        )


class ModelNotFoundError(ModelError):
    """404, or 400 for an unknown id: no such model, or nobody serves it under the current settings."""

    @property
    def sentence(self) -> str:
        return "That model is not available right now. An admin can choose another with `/model set`."


class TooLargeError(ModelError):
    """413: the request's body is too large."""

    @property
    def sentence(self) -> str:
        return "This question is too large to send. Please shorten it."


class RateLimitedError(ModelError):
    """429: the provider's limit, for this model or this key."""

    retryable = True

    @property
    def sentence(self) -> str:
        return f"The model is being asked too often right now. Please try again {self.later}."


class ProviderUnavailableError(ModelError):
    """408, 5xx, a refused or broken connection: the provider could not answer just now."""

    retryable = True

    @property
    def sentence(self) -> str:
        return f"The model provider could not answer. Please try again {self.later}."


class EmptyAnswerError(ModelError):
    """The stream ended without a word."""

    retryable = True

    @property
    def sentence(self) -> str:
        return "The model sent an empty answer. Please try again."


class StreamBrokenError(ModelError):
    """The stream ended in an error, or without saying that it had ended."""

    retryable = True

    @property
    def sentence(self) -> str:
        return "The model provider broke off in the middle of the answer."


class GarbledAnswerError(ModelError):
    """The answer ended well, but a part of the stream could not be read, so words may be missing."""

    retryable = True

    @property
    def sentence(self) -> str:
        return "A part of this answer did not arrive in one piece, so words may be missing."


class FirstTokenTimeoutError(ModelError):
    """No first token within its deadline."""

    retryable = True

    @property
    def sentence(self) -> str:
        return "The model took too long to begin. Please try again."


class StalledError(ModelError):
    """Nothing new from the model for too long in the middle of an answer."""

    retryable = True

    @property
    def sentence(self) -> str:
        return "The model fell silent in the middle of the answer."


class DeadlineExceededError(ModelError):
    """The whole answer took longer than its deadline."""

    @property
    def sentence(self) -> str:
        return "The answer took longer than the time allowed for one."


class AdmissionError(ModelError):
    """Too many requests are already waiting for the model."""

    @property
    def sentence(self) -> str:
        return f"Too many questions are waiting for the model. Please try again {self.later}."


class ClientNotReadyError(ModelError):
    """The model client could not be loaded."""

    @property
    def sentence(self) -> str:
        return "The model client could not start. The bot's owner finds the reason in the log."


class StorageError(HeadwaterError):
    """The database cannot be read or written; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def sentence(self) -> str:
        return f"My memory cannot be reached ({self.reason}). The bot's owner finds more in the log."
