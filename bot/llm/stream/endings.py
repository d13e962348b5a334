"""How answers end: what the providers' reasons mean, and what to say of an end without words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core import errors
from bot.core.events import Besides, FinishReason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from bot.core.errors import ModelError

# Finish reasons in lower case, OpenRouter's first, then those of the providers behind it. Any other ends an answer
# like `stop`.
CUT = {
    "length",
    "max_tokens",
    "max_output_tokens",
    "model_length",
    "model_context_window_exceeded",
}
FILTERED = {
    "content_filter",
    "content_filtered",
    "refusal",
    "safety",
    "prohibited_content",
    "blocklist",
    "recitation",
    "spii",
    "model_armor",
    "image_safety",
    "image_prohibited_content",
    "image_recitation",
    "guardrail_intervened",
    "moderation",
    "sensitive",
    "error_toxic",
}
TOOL_CALLED = {
    "tool_calls",
    "function_call",
    "tool_use",
    "unexpected_tool_call",
    "malformed_function_call",
    "too_many_tool_calls",
}
BROKEN = {"error", "network_error", "insufficient_system_resource", "abort", "aborted"}


def error_in(document: Mapping[str, Any], *, named: bool) -> Mapping[str, Any] | None:
    """The error that a document without choices is, although it has none; `named`: its event is called so."""
    if named or "error" in (document.get("object"), document.get("type")):
        return document
    # What web frameworks say; a document of the API has either choices or usage.
    said = document.get("detail") or document.get("message")
    is_answer = "choices" in document or "usage" in document
    return {"message": said} if isinstance(said, str) and not is_answer else None


def reason_of(names: AbstractSet[str]) -> FinishReason:
    """Why the answer ended, from the finish reasons given for it; the provider's own may say more than `stop`."""
    if names & FILTERED:
        return FinishReason.CONTENT_FILTER
    return FinishReason.LENGTH if names & CUT else FinishReason.STOP


def without_words(names: AbstractSet[str], brought: AbstractSet[Besides]) -> type[ModelError]:
    """What to say of an answer that ended without any text or picture."""
    reason = reason_of(names)
    if reason is FinishReason.CONTENT_FILTER:
        return errors.FilteredAnswerError
    if Besides.TOOL_CALL in brought or names & TOOL_CALLED:
        return errors.UnofferedToolError
    if Besides.PICTURE in brought:
        return errors.PictureOnlyError
    if Besides.AUDIO in brought:
        return errors.AudioOnlyError
    if brought:
        return errors.UnreadableAnswerError
    return errors.OutOfTokensError if reason is FinishReason.LENGTH else errors.EmptyAnswerError
