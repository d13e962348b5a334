"""Why a provider refuses: read from its words, which may quote the prompt and so go no further than this module.

OpenRouter's own message is often generic ("Provider returned error"), with the truth in `metadata.raw`: the answer
of the provider behind it, as text, as JSON, or as JSON in a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.core import errors
from bot.llm.documents import document, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.core.errors import ModelError

UNAUTHORIZED, PAYMENT_REQUIRED, FORBIDDEN, NOT_FOUND, TOO_MANY_REQUESTS = 401, 402, 403, 404, 429
SERVER_ERRORS = 500
SAID_CHARS = 600  # looked at of each message; what follows is the prompt more often than the reason
RAW_CHARS, NESTING, LISTED = 20_000, 5, 3  # of the quoted answer
MESSAGE_KEYS = ("message", "detail", "details", "error", "errors", "msg", "loc", "raw", "status", "code")
MARGIN_PERCENT = 1  # of a context, left free
LEAST_LIMIT = 256  # tokens; a smaller limit on answers is no model's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What a refusal means. `word` is what the log says of it, from a fixed vocabulary."""

    kind: type[ModelError]
    word: str
    part: str = ""
    number: int | None = None


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_DATA_POLICY = _any(r"data policy", r"privacy settings", r"data.?collection")
_NO_PICTURES = _any(
    r"support image input", r"not support (?:image|vision|multimodal)", r"image_url.{0,40}not supported"
)
_PICTURE = _any(
    r"(?:could not|couldn't|unable to|failed to|cannot|can't) "
    r"(?:process|download|decode|load|fetch|read|open|parse)[\w ]{0,20}(?:image|picture)",
    r"invalid.{0,12}image", r"image.{0,40}(?:not valid|invalid|too large|exceeds)", r"unsupported image",
    r"image.{0,60}(?:media.?type|mime.?type|appears to be)",
    r"image_parse_error",
)  # fmt: skip # many to a line
_TOO_LONG = _any(
    r"context.{0,12}(?:length|window|limit)", r"maximum context", r"too many (?:input |prompt )?tokens",
    r"(?:prompt|input|message|conversation|request)s? (?:is|are|was) too long", r"input token count",
    r"input length", r"exceeds? the (?:model'?s? )?(?:maximum|max)[\w ]*(?:tokens|context|input|prompt)",
    r"reduce the length", r"`?inputs`? tokens \+",
)  # fmt: skip # many to a line
# What a refusal may mean besides its status, in the order in which it's looked for.
_RULES: dict[int, tuple[tuple[re.Pattern[str], Reason], ...]] = {
    PAYMENT_REQUIRED: (
        (
            _any(r"fewer max_tokens", r"prompt tokens limit"),
            Reason(kind=errors.CreditsShortError, word="too few credits for it"),
        ),
    ),
    FORBIDDEN: (
        (
            _any(r"key limit", r"limit exceeded.{0,60}/keys", r"key.{0,30}spending limit"),
            Reason(kind=errors.KeyLimitError, word="the key's own limit"),
        ),
    ),
    NOT_FOUND: (
        (_DATA_POLICY, Reason(kind=errors.DataPolicyError, word="data policy")),
        (_NO_PICTURES, Reason(kind=errors.NoPicturesError, word="no pictures")),
    ),
    TOO_MANY_REQUESTS: (
        (
            _any(r"request too large for"),
            Reason(kind=errors.TooLargeError, word="more than a minute's tokens"),
        ),
    ),
}
# The same for every other status that says no more than that the request wasn't taken. The words may be the
# prompt's, so nothing here closes the key or the model for the others.
_KEY_BEHIND = Reason(kind=errors.PermissionDeniedError, word="the provider behind rejects its key")
_REFUSED: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (_NO_PICTURES, Reason(kind=errors.NoPicturesError, word="no pictures")),
    (_PICTURE, Reason(kind=errors.PictureError, word="picture")),
    (_TOO_LONG, Reason(kind=errors.ContextTooLongError, word="context too long")),
    (
        _any(r"credit balance is too low", r"insufficient (?:credits?|balance|funds)", r"billing hard limit"),
        Reason(kind=errors.CreditsShortError, word="no credits"),
    ),
    (
        _any(r"(?:invalid|incorrect) api.?key", r"api.?key (?:is )?(?:not valid|invalid|expired|disabled)"),
        _KEY_BEHIND,
    ),
    (
        _any(r"location is not supported", r"not (?:available|supported) in your (?:country|region|location)",
             r"unsupported_country", r"region[\w ]{0,20} not supported"),
        Reason(kind=errors.PermissionDeniedError, word="region"),
    ),
    (
        _any(r"not a valid model", r"no such model", r"model.{0,80}not (?:found|exist)", r"unknown model"),
        Reason(kind=errors.ModelNotFoundError, word="no such model"),
    ),
    (
        _any(r"content (?:management |safety )?polic", r"content.?filter", r"PROHIBITED_CONTENT", r"flagged",
             r"moderation", r"safety (?:system|reasons|settings)"),
        Reason(kind=errors.ModerationError, word="moderation"),
    ),
)  # fmt: skip # many to a line
_CONTEXT = _any(
    r"(?:context (?:length|window) (?:is|of)|context limit: \d+ \+ \d+ >|max_new_tokens`? must be <=) (\d{1,9})"
)
_PROMPT = _any(
    r"(\d{1,9}) (?:of text input|(?:tokens )?in the (?:messages|prompt)|input tokens|prompt tokens"
    r"|`inputs` tokens|\+ \d+ >)"
)
_AFFORD = _any(r"can only afford (\d{1,12})")
_QUOTA = _any(r"quota", r"resource.?exhausted", r"at capacity", r"rate.?limited upstream")

# --- Parts of a request that a model may not take ---------------------------------------------------------------

LIMITS = ("max_completion_tokens", "max_tokens")
# Besides the limits, what a request can do without. `provider` isn't among them: it carries the data policy.
_PARTS = {
    "max_completion_tokens": r"max_completion_tokens",
    "max_tokens": r"max_tokens|max_output_tokens|max_new_tokens",
    "temperature": r"temperature",
    "stream_options": r"stream_options|include_usage",
    "session_id": r"session_id",
    "plugins": r"plugins",
    "user": r"['\"`]user['\"`]|parameter:? user",
}
_PART = {name: re.compile(rf"(?<![\w.])(?:{pattern})(?!\w)", re.IGNORECASE) for name, pattern in _PARTS.items()}
_UNSUPPORTED = _any(
    r"(?:not(?: \w+)?|n't)[ _-](?:support|recogni[sz]|permit|allow|accept|enabl|expect)",
    r"un(?:support|recogni|expect|known)", r"deprecated", r"extra (?:inputs|fields)", r"only the default",
    r"invalid (?:parameter|argument|field|value)", r"cannot be used", r"additional propert", r"does not take",
)  # fmt: skip # many to a line
_GREATEST = _any(
    r"(?:at most|less than or equal to|<=?|no more than|up to|maximum(?: value| allowed)?(?: is| of|:)?|\[\d+, ?"
    r"|between \d+ and |\d+ > )\D{0,30}?(\d{1,9})"
)
_NO_SYSTEM = _any(
    r"system (?:role|message|prompt|instruction)s? (?:is |are )?not (?:supported|allowed|enabled)",
    r"developer instructions? (?:is |are )?not enabled", r"(?:doesn't|does not) support (?:the )?system",
    r"unsupported role:? ?['\"`]?system",
)  # fmt: skip # many to a line
_NO_PREFILL = _any(
    r"message prefill", r"must end with a user message", r"cannot end with trailing whitespace",
    r"final `?assistant`? message must start with a thinking block",
    r"expected last role user", r"last message (?:must|should) (?:be|have)[\w ]* user",
)  # fmt: skip # many to a line


def reason_of(status: int | None, error: Mapping[str, Any]) -> Reason | None:
    """What an error document says beyond its status and codes; None where that's nothing known."""
    if status is not None and status >= SERVER_ERRORS:
        return None  # the provider's trouble, whatever it says
    metadata = mapping(error.get("metadata"))
    said = "\n".join([*_said(error.get("message") or error.get("detail")), *_said(metadata.get("raw"))])
    if status == UNAUTHORIZED:
        return _KEY_BEHIND if metadata.get("raw") or metadata.get("provider_name") else None
    if status == PAYMENT_REQUIRED and (afford := _AFFORD.search(said)):
        word = f"can only afford {afford[1]} tokens"
        return Reason(kind=errors.CreditsShortError, word=word, number=int(afford[1]))
    if status == TOO_MANY_REQUESTS and metadata.get("raw") and _QUOTA.search(said):
        return Reason(kind=errors.ProviderQuotaError, word="quota of the provider behind")
    rules = _RULES.get(status or 0)
    if rules is None:
        if part := _part(said, error.get("param")):
            return part
        rules = _REFUSED
    reason = next((reason for pattern, reason in rules if pattern.search(said)), None)
    return replace(reason, number=_room(said)) if reason and reason.kind is errors.ContextTooLongError else reason


def _room(said: str) -> int | None:
    """How many tokens a prompt leaves in the context, less a margin: providers only estimate it, too."""
    limit, prompt = _CONTEXT.search(said), _PROMPT.search(said)
    if not limit or not prompt:
        return None
    return int(limit[1]) * (100 - MARGIN_PERCENT) // 100 - int(prompt[1])


def _part(said: str, param: object) -> Reason | None:
    """The part of the request that the model doesn't take."""
    if _NO_PREFILL.search(said):
        return _unsupported("prefill")
    if _NO_SYSTEM.search(said):
        return _unsupported("system")
    named = {name: match.start() for name, pattern in _PART.items() if (match := pattern.search(said))}
    if isinstance(param, str) and param in _PART:
        named[param] = -1
    if not named:
        return None
    name = min(named, key=named.__getitem__)  # "`max_tokens` isn't supported, use `max_completion_tokens`"
    if name in LIMITS and _TOO_LONG.search(said):
        return None  # the prompt is what is too long
    if name in LIMITS and (greatest := _GREATEST.search(said)) and int(greatest[1]) >= LEAST_LIMIT:
        return _unsupported(name, int(greatest[1]))
    return _unsupported(name) if _UNSUPPORTED.search(said) else None


def _unsupported(part: str, greatest: int | None = None) -> Reason:
    word = f"it doesn't take {part}" if greatest is None else f"it takes {part} of {greatest} at most"
    return Reason(kind=errors.UnsupportedPartError, word=word, part=part, number=greatest)


def _said(value: object, depth: int = 0) -> Iterator[str]:
    """The messages in what a provider says: a text, a document, or a document in a text."""
    if depth > NESTING:
        return
    if isinstance(value, str):
        inner = document(value[:RAW_CHARS].encode("utf-8", "replace")) if value.lstrip().startswith("{") else None
        if inner:
            yield from _said(inner, depth + 1)
        else:
            yield value[:SAID_CHARS]
    elif isinstance(value, dict):
        for key in MESSAGE_KEYS:
            yield from _said(value.get(key), depth + 1)
    elif isinstance(value, list):
        for item in value[:LISTED]:
            yield from _said(item, depth + 1)
