"""What whole families of models refuse of a request, though OpenRouter's own schema takes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from playground.openrouter.script import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# The providers' own words, as OpenRouter passes them on in `metadata.raw`.
NO_PREFILL = (
    "This model does not support assistant message prefill. The conversation must end with a user message."
)
THINKING_FIRST = (
    "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`. When `thinking` is "
    "enabled, a final `assistant` message must start with a thinking block."
)
TRAILING_SPACE = "messages: final assistant content cannot end with trailing whitespace"
USER_LAST = "Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant"
ALTERNATE = (
    "After the optional system message, conversation roles must alternate user/assistant/user/assistant/..."
)
NO_SYSTEM = "System role not supported"
NO_TEMPERATURE = "Unsupported parameter: 'temperature' is not supported with this model."
TOO_MANY = "max_tokens is too large: {}. This model supports at most {} completion tokens."


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A model that takes everything; each field is something that others do not take."""

    provider: str = "Playground"
    assistant_last: str = ""  # how it refuses to go on from an assistant's turn
    trailing_space: bool = True  # at the end of that turn
    alternates: bool = False  # user first, then in turn
    system: bool = True
    temperature: bool = True
    max_tokens: int | None = None

    def objection(self, body: Mapping[str, Any]) -> str:
        """The provider's words where it refuses a request; else nothing."""
        messages = list(body.get("messages", []))
        last, asked = messages[-1] if messages else {}, body.get("max_tokens")
        if last.get("role") == "assistant":
            if self.assistant_last:
                return self.assistant_last
            if not self.trailing_space and text_of(last["content"]) != text_of(last["content"]).rstrip():
                return TRAILING_SPACE
        roles = [message["role"] for message in messages]
        if not self.system and "system" in roles:
            return NO_SYSTEM
        if self.alternates and not alternate(roles):
            return ALTERNATE
        if not self.temperature and "temperature" in body:
            return NO_TEMPERATURE
        return (
            TOO_MANY.format(asked, self.max_tokens) if self.max_tokens and (asked or 0) > self.max_tokens else ""
        )


def alternate(roles: list[str]) -> bool:
    """Whether, after a system message, roles begin with the user and take turns."""
    talk = roles[1:] if roles[:1] == ["system"] else roles
    return talk[:1] == ["user"] and all(a != b for a, b in pairwise(talk)) and "system" not in talk


FAMILIES = {  # by how an id begins; the longest that fits counts
    "anthropic/claude": Family(provider="Anthropic", assistant_last=NO_PREFILL, max_tokens=64_000),
    "anthropic/claude-3": Family(provider="Anthropic", trailing_space=False, max_tokens=8_192),
    "anthropic/claude-3.7-sonnet:thinking": Family(
        provider="Anthropic", assistant_last=THINKING_FIRST, max_tokens=64_000
    ),
    "google/gemma": Family(provider="DeepInfra", system=False, alternates=True),
    "mistralai/": Family(provider="Mistral", assistant_last=USER_LAST, alternates=True),
    "meta-llama/": Family(provider="Groq", max_tokens=32_768),
    "openai/gpt-4o": Family(provider="OpenAI", max_tokens=16_384),
    "openai/o": Family(provider="OpenAI", temperature=False, max_tokens=100_000),
}


def family_of(model: str, families: Mapping[str, Family]) -> Family:
    fitting = [begin for begin in families if model.startswith(begin)]
    return families[max(fitting, key=len)] if fitting else Family()


def raw(message: str) -> str:
    """A provider's own error document, as OpenRouter quotes it in `metadata.raw`."""
    return json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}})
