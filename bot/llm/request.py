"""The body of a completion request, beyond model and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.core.model_ids import Provider

if TYPE_CHECKING:
    from bot.core.records import CompletionRequest, ModelInfo
    from bot.llm.config import ClientConfig

OPENAI_HOST = "api.openai.com"


def messages_of(request: CompletionRequest) -> list[dict[str, str]]:
    return [{"role": message.role.value, "content": message.content} for message in request.messages]


def parameters_of(request: CompletionRequest, config: ClientConfig, info: ModelInfo | None) -> dict[str, object]:
    """The parameters to send; those that the catalogue says the model lacks are left out."""
    body: dict[str, object] = {
        "stream_options": {"include_usage": True},
        "user": config.pseudonym(request.user_id),
    }
    known = info.parameters if info else None
    if name := _limit_name(known, config):
        longest = info.max_completion_tokens if info else None
        # Asked for more than a model can write, OpenRouter finds nobody who would.
        body[name] = min(request.max_tokens, longest or request.max_tokens)
    if request.temperature is not None and (known is None or "temperature" in known):
        body["temperature"] = request.temperature
    if config.provider.kind is Provider.OPENROUTER:
        body |= {
            "session_id": str(request.channel_id),
            "provider": {"data_collection": config.data_collection},
            # It would drop the middle of a long prompt in silence; what goes into the prompt is decided here.
            "plugins": [{"id": "context-compression", "enabled": False}],
        }
    return body


def _limit_name(known: frozenset[str] | None, config: ClientConfig) -> str | None:
    """What the limit on the answer's length is called; OpenAI itself refuses the name that all others know."""
    if known is not None:
        return next((name for name in ("max_tokens", "max_completion_tokens") if name in known), None)
    return "max_completion_tokens" if urlsplit(config.provider.url).hostname == OPENAI_HOST else "max_tokens"
