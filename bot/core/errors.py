"""The failures a user can meet: the root of all, those of the model client, and the database's."""

from __future__ import annotations

from typing import ClassVar

from bot.core.units import about


class HeadwaterError(Exception):
    """Root of the failures a user can meet; `sentence` is what they read.

    A sentence says what happened, then what the reader can do. It names no internals and never quotes a provider.
    A subclass sets `text` where its sentence is always the same, and overrides `sentence` where it is not.
    """

    text: ClassVar[str] = "Something went wrong on my side. Please try again."

    @property
    def sentence(self) -> str:
        return self.text

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.sentence}"


class ModelError(HeadwaterError):
    """The model client couldn't start or finish an answer.

    Attributes:
        model: the provider's id of the model asked.
        status: HTTP status, or the code of an error inside the stream; None when nothing answered.
        retry_after: seconds until a retry makes sense; None when unknown.
        generation_id: the provider's id of the generation, once it has started.
        detail: the provider's reason for the log, bounded and free of content and keys.
    """

    retryable = False  # whether the same request may succeed when it is sent again
    may_be_billed = False  # whether the provider may charge for a call that it took and that ends this way

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

    def __str__(self) -> str:
        """For the log: kind, status and cause, never content."""
        return f"{type(self).__name__} (model {self.model}, status {self.status}): {self.detail}"

    @property
    def later(self) -> str:
        """`in about 12 s`, or `in a moment` when that is unknown."""
        return "in a moment" if self.retry_after is None else f"in about {about(self.retry_after)}"


class BadRequestError(ModelError):
    """400, 412, 422: the provider doesn't accept this request."""

    text = (
        "The model didn't accept this request. Try rephrasing it. "
        "An admin can choose another model with `/model set`."
    )


class UnsupportedPartError(BadRequestError):
    """400: the model doesn't take one part of this request, which isn't the question.

    Attributes:
        part: the parameter, or `system` or `prefill` for a form of messages.
        limit: for a number that is too large, the greatest that the model takes; None when it doesn't say.
    """

    part = ""
    limit: int | None = None


class PictureError(BadRequestError):
    """400: a picture in the request can't be read, or is too large."""

    text = "The model couldn't read a picture in this question. Send it again as PNG or JPEG, or ask without it."


class NoPicturesError(ModelError):
    """404: nobody who serves this model takes pictures."""

    text = (
        "This model can't look at pictures. Ask without them. An admin can choose another model with `/model set`."
    )


class ContextTooLongError(ModelError):
    """The prompt is larger than the model's context window, or leaves no room there for the answer.

    Attributes:
        room_tokens: how long an answer there is room for; None when the provider doesn't say.
    """

    room_tokens: int | None = None

    text = (
        "That's more text than the model can read at once. Please shorten it. "
        "An admin can choose a model with a larger context with `/model set`."
    )


class AuthenticationError(ModelError):
    """401: the key is missing, wrong or disabled."""

    text = "The model provider rejected this bot's API key. The bot's owner needs to check it."


class PaymentError(ModelError):
    """402: out of credits, or the key's own limit is reached."""

    text = "The bot's credits with the model provider are used up. The bot's owner needs to add more."


class CreditsShortError(PaymentError):
    """402: the credits don't pay for an answer as long as this one could be.

    Attributes:
        affordable_tokens: how long an answer they do pay for; None when the provider doesn't say.
    """

    affordable_tokens: int | None = None
    text = (
        "The bot's credits with the model provider don't pay for an answer this long. A shorter question may "
        "still work. The bot's owner needs to add more."
    )


class KeyLimitError(ModelError):
    """403: the key's own spending limit is reached, whatever the model."""

    text = "The bot's key has reached its spending limit with the model provider. The bot's owner can raise it."


class ModerationError(ModelError):
    """403, or a refused prompt: moderation or a guardrail stopped the request."""

    text = "The model provider's moderation refused this question. Please rephrase it."


class PermissionDeniedError(ModelError):
    """403 for any other reason: the key may not use this model, or not from this region."""

    text = "The model provider doesn't let this bot use that model. An admin can choose another with `/model set`."


class ModelNotFoundError(ModelError):
    """404, or 400 for an unknown id: no such model, or no provider serves it under the current settings."""

    text = "That model isn't available right now. An admin can choose another with `/model set`."


class DataPolicyError(ModelError):
    """404: nobody who serves this model keeps to the owner's data policy."""

    text = (
        "No provider of this model meets this bot's data policy (DATA_COLLECTION). The bot's owner can change the "
        "policy. An admin can choose another model with `/model set`."
    )


class TooLargeError(ModelError):
    """413: the request's body is too large."""

    text = "This question is too large to send. Please shorten it."


class WrongAddressError(ModelError):
    """A redirect or a web page: what answered isn't the provider's API."""

    text = (
        "The model provider's address answered with a web page or a redirect. "
        "The bot's owner needs to check the address in the settings."
    )


class OversizedAnswerError(ModelError):
    """The answer is larger than any real one; reading stopped there."""

    may_be_billed = True
    text = (
        "The model provider sent more data than I can read. An admin can choose another model with `/model set`."
    )


class RateLimitedError(ModelError):
    """429: the provider's limit, for this model or this key."""

    retryable = True

    @property
    def sentence(self) -> str:
        return f"The model is getting too many requests right now. Please try again {self.later}."


class ProviderQuotaError(RateLimitedError):
    """429: the provider behind this model is at its own limit."""

    @property
    def sentence(self) -> str:
        return (
            f"The provider behind this model has reached its limit. Please try again {self.later}. "
            "An admin can choose another model with `/model set`."
        )


class ProviderUnavailableError(ModelError):
    """408, 5xx, a refused or broken connection: the provider couldn't answer just now."""

    retryable = True

    @property
    def sentence(self) -> str:
        return f"The model provider couldn't answer. Please try again {self.later}."


class EmptyAnswerError(ModelError):
    """The stream ended without any text."""

    retryable = True
    text = "The model sent an empty answer. Please try again."


class FilteredAnswerError(ModelError):
    """A safety filter stopped the model before its first word."""

    may_be_billed = True
    text = "The model provider's safety filter stopped this answer. Please rephrase the question."


class OutOfTokensError(ModelError):
    """The answer reached its length limit without a word, usually because the model spent it all on thinking."""

    may_be_billed = True
    text = (
        "The model spent the whole answer length on thinking. Try a simpler question. "
        "An admin can raise `answer_length` with `/settings set`."
    )


class UnofferedToolError(ModelError):
    """The model called a tool, and nobody offered it one."""

    may_be_billed = True
    text = (
        "The model tried to use a tool that I don't have. Try rephrasing the question. "
        "An admin can choose another model with `/model set`."
    )


class PictureOnlyError(ModelError):
    """The answer is nothing but a picture that can't be shown: an address, or a form that isn't taken."""

    may_be_billed = True
    text = "The model answered with a picture in a form that I can't show. Please ask for an answer in words."


class AudioOnlyError(ModelError):
    """The answer is nothing but audio."""

    may_be_billed = True
    text = (
        "The model answered with audio, which I can't play. Please ask for an answer in words. "
        "An admin can choose another model with `/model set`."
    )


class UnreadableAnswerError(ModelError):
    """The answer is nothing but something that isn't known here, such as a video."""

    may_be_billed = True
    text = (
        "The model answered with something that I can't show. Please ask for an answer in words. "
        "An admin can choose another model with `/model set`."
    )


class StreamBrokenError(ModelError):
    """The stream ended in an error, or stopped without an end marker."""

    retryable = True
    may_be_billed = True
    text = "The model provider broke off in the middle of the answer. Please try again."


class GarbledAnswerError(ModelError):
    """The answer ended normally, but part of the stream was unreadable, so words may be missing."""

    retryable = True
    may_be_billed = True
    text = "Part of this answer arrived damaged, so words may be missing. Retry asks again."


class FirstTokenTimeoutError(ModelError):
    """The first token didn't arrive within its deadline."""

    retryable = True
    may_be_billed = True
    text = "The model took too long to start. Please try again."


class ThinkingTimeoutError(ModelError):
    """The model was alive, but didn't write a word in time. Asking again would be billed again."""

    may_be_billed = True
    text = (
        "The model was still thinking when its time ran out. Try a simpler question. "
        "An admin can choose a faster model with `/model set`."
    )


class StalledError(ModelError):
    """The model sent nothing for too long in the middle of an answer."""

    retryable = True
    may_be_billed = True
    text = "The model stopped sending in the middle of the answer. Please try again."


class DeadlineExceededError(ModelError):
    """The whole answer took longer than its deadline."""

    may_be_billed = True
    text = "This answer took longer than the time limit. Try a shorter question."


class AdmissionError(ModelError):
    """Too many requests are already waiting for the model."""

    @property
    def sentence(self) -> str:
        return f"Too many questions are waiting for the model. Please try again {self.later}."


class TooManyAtOnceError(ModelError):
    """One person has as many requests open or waiting as one person may."""

    text = "You already have as many answers under way as one person can. Please wait for one to finish."


class ClientNotReadyError(ModelError):
    """The model client failed to load."""

    text = "The model client couldn't start. The bot's owner can find the reason in the log."


class StorageError(HeadwaterError):
    """The database can't be read or written; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def sentence(self) -> str:
        return f"The database is unavailable ({self.reason}). The bot's owner can find details in the log."
