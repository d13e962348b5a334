"""What a provider's failure means: statuses, OpenRouter's error documents and broken connections as our errors.

Sentences for people are the errors' own. `detail`, for the log, has the provider's codes and names and a word of
ours for the reason; its sentences may quote the prompt, so none of them leaves `reasons`.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from bot.core import errors
from bot.core.units import DAY_S
from bot.llm.documents import document, mapping, number
from bot.llm.reasons import PAYMENT_REQUIRED, SERVER_ERRORS, TOO_MANY_REQUESTS, Reason, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.errors import ModelError

STATUSES = range(100, 1000)
REASON_CHARS = 80
LONGEST_WAIT_S = float(DAY_S)  # where a provider asks for a longer wait, it is this one
# What of a provider's own words may go into the log: names, never sentences.
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,39}", re.IGNORECASE)
_NAME = re.compile(r"(?=.{1,40}$)[\w.()/-]+(?: [\w.()/-]+){0,2}", re.ASCII)
# Codes and `error_type`s that OpenRouter documents, where the status beside them says less or is missing.
_BY_NAME: dict[str, type[ModelError]] = {
    "context_length_exceeded": errors.ContextTooLongError,
    "token_limit_exceeded": errors.ContextTooLongError,
    "string_too_long": errors.ContextTooLongError,
    "content_policy_violation": errors.ModerationError,
    "content_filter": errors.ModerationError,
    "refusal": errors.ModerationError,
    "moderation": errors.ModerationError,
    "rate_limit_exceeded": errors.RateLimitedError,
    "rate_limit_error": errors.RateLimitedError,
    "payment_required": errors.PaymentError,
    "insufficient_quota": errors.PaymentError,
    "invalid_image": errors.PictureError,
    "image_too_large": errors.PictureError,
    "unsupported_image_format": errors.PictureError,
    "image_download_failed": errors.PictureError,
    "authentication": errors.AuthenticationError,
    "invalid_api_key": errors.AuthenticationError,
    "permission_denied": errors.PermissionDeniedError,
    "not_found": errors.ModelNotFoundError,
    "model_not_found": errors.ModelNotFoundError,
    "provider_overloaded": errors.ProviderUnavailableError,
    "provider_unavailable": errors.ProviderUnavailableError,
    "timeout": errors.ProviderUnavailableError,
    "server": errors.ProviderUnavailableError,
    "server_error": errors.ProviderUnavailableError,
}
# What the provider behind OpenRouter says of its own account is no question of the bot's.
_BEHIND: dict[type[errors.ModelError], type[errors.ModelError]] = {
    errors.PaymentError: errors.ProviderQuotaError,
    errors.AuthenticationError: errors.PermissionDeniedError,
}
_BY_STATUS: dict[int, type[ModelError]] = {
    401: errors.AuthenticationError,
    402: errors.PaymentError,
    403: errors.PermissionDeniedError,
    404: errors.ModelNotFoundError,
    408: errors.ProviderUnavailableError,
    413: errors.TooLargeError,
    425: errors.ProviderUnavailableError,
    429: errors.RateLimitedError,
}


def from_response(model: str, status: int, headers: Mapping[str, str], body: bytes, *, now: float) -> ModelError:
    """The failure that an HTTP answer other than 200 stands for. `now` is the epoch, for dates in headers."""
    return _build(model, status, _error_in(body), headers, now=now)


def from_event(
    model: str,
    error: object,
    *,
    now: float,
    generation_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ModelError:
    """The failure that an error inside a stream stands for; its code may be a number, a string or missing.

    `headers` are those of the answer that the error is in; the error may bring its own.
    """
    told = mapping(error) or {"message": error}
    code = number(told.get("code"))
    status = int(code) if code is not None and code in STATUSES else None
    own = mapping(mapping(told.get("metadata")).get("headers"))
    texts = {str(k).lower(): v for k, v in own.items() if isinstance(v, str)}
    failure = _build(model, status, told, {**(headers or {}), **texts}, now=now)
    failure.generation_id = generation_id
    return failure


def from_connection(model: str, error: BaseException) -> ModelError:
    """The failure that a refused, reset or otherwise broken connection stands for."""
    # Of the error's text only what the operating system says: aiohttp quotes what it could not read.
    reason = error.strerror if isinstance(error, OSError) and isinstance(error.strerror, str) else ""
    detail = f"{type(error).__name__}: {reason[:REASON_CHARS]}" if reason else type(error).__name__
    return errors.ProviderUnavailableError(model=model, detail=detail)


def broken(failure: ModelError) -> ModelError:
    """The same failure once part of the answer has arrived: what matters then is that it broke off."""
    if isinstance(failure, errors.StalledError | errors.DeadlineExceededError):
        return failure
    return errors.StreamBrokenError(
        model=failure.model,
        status=failure.status,
        retry_after=failure.retry_after,
        generation_id=failure.generation_id,
        detail=failure.detail,
    )


def _build(
    model: str, status: int | None, error: Mapping[str, Any], headers: Mapping[str, str], *, now: float
) -> ModelError:
    reason = reason_of(status, error)
    kind = _kind(status, error, reason, asked_back="retry-after" in headers)
    retry_after = wanted_pause(status, headers, error, now=now)
    failure = kind(model=model, status=status, retry_after=retry_after, detail=_detail(status, error, reason))
    if mapping(error.get("availability")).get("retryable") is False:
        failure.retryable = False
    if reason and isinstance(failure, errors.UnsupportedPartError):
        failure.part, failure.limit = reason.part, reason.number
    if reason and isinstance(failure, errors.ContextTooLongError):
        failure.room_tokens = reason.number
    if reason and isinstance(failure, errors.CreditsShortError):
        failure.affordable_tokens = reason.number
    return failure


def _kind(
    status: int | None, error: Mapping[str, Any], reason: Reason | None, *, asked_back: bool
) -> type[ModelError]:
    if status == PAYMENT_REQUIRED and asked_back:
        return errors.RateLimitedError  # OpenRouter: too much in flight for the credits left; they are not used up
    metadata = mapping(error.get("metadata"))
    if any(metadata.get(key) for key in ("reasons", "flagged_input", "patterns")):
        return errors.ModerationError
    if reason:
        return reason.kind
    for name in (metadata.get("error_type"), error.get("code"), error.get("type")):
        if isinstance(name, str) and name in _BY_NAME:
            behind = metadata.get("raw") or metadata.get("provider_name")
            return _BEHIND.get(_BY_NAME[name], _BY_NAME[name]) if behind else _BY_NAME[name]
    if status is None or status >= SERVER_ERRORS:
        return errors.ProviderUnavailableError
    return _BY_STATUS.get(status, errors.BadRequestError)


def wanted_pause(
    status: int | None, headers: Mapping[str, str], error: Mapping[str, Any], *, now: float
) -> float | None:
    """Seconds the provider wants to be left alone: Retry-After, X-RateLimit-Reset, then the error's own hint.

    Header names are in lower case. OpenRouter gives the reset in milliseconds since the epoch, others in
    seconds since the epoch or from now.
    """
    hint = mapping(error.get("availability")).get("retry_after", mapping(error.get("metadata")).get("retry_after"))
    for seconds in (
        _retry_after(headers.get("retry-after"), now),
        _reset(headers.get("x-ratelimit-reset"), now) if status == TOO_MANY_REQUESTS else None,
        number(hint),
    ):
        if seconds is not None:
            return min(max(0.0, seconds), LONGEST_WAIT_S)
    return None


def _retry_after(value: str | None, now: float) -> float | None:
    if (seconds := number(value)) is not None:
        return seconds
    try:
        return parsedate_to_datetime(value or "").timestamp() - now
    except ValueError:
        return None


def _reset(value: str | None, now: float) -> float | None:
    seconds = number(value)
    if seconds is None or seconds < 1e9:  # noqa: PLR2004 - smaller than any date: seconds from now
        return seconds
    return (seconds / 1000 if seconds > 1e11 else seconds) - now  # noqa: PLR2004 - too large for a date in seconds


def _error_in(body: bytes) -> Mapping[str, Any]:
    """The error of a JSON body; empty for HTML and for nothing."""
    told = document(body)
    error = told.get("error")
    if isinstance(error, str):
        return {"message": error}
    return mapping(error) or told  # some servers put message and code at the top


def _detail(status: int | None, error: Mapping[str, Any], reason: Reason | None) -> str:
    metadata, name = mapping(error.get("metadata")), mapping(error.get("metadata")).get("provider_name")
    parts = [
        f"HTTP {status}" if status else "",
        _code(error.get("code") or error.get("type")),
        _code(metadata.get("error_type")),
        name if isinstance(name, str) and _NAME.fullmatch(name) else "",
        reason.word if reason else "",
    ]
    return " ".join(part for part in parts if part)


def _code(value: object) -> str:
    """A code as it may go into the log: one word, as codes are."""
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""
