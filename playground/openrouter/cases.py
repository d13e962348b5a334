"""Answers that real providers give, by name: refusals, and unusual ways for an answer to end."""

from __future__ import annotations

from playground.openrouter.families import raw
from playground.openrouter.script import Fault, Script

PIXEL = (  # a picture of one transparent pixel
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5E"
    "rkJggg=="
)
GENERIC = "Provider returned error"  # what OpenRouter says where the truth is in `metadata.raw`


def refused(status: int, message: str = GENERIC, **metadata: str) -> Script:
    """A refusal before the stream, with `error.metadata`."""
    return Script(status=status, error_message=message, error_metadata=metadata)


def by_provider(status: int, message: str, *, provider: str = "OpenAI") -> Script:
    """A refusal whose reason only the quoted answer of the provider tells."""
    return refused(status, raw=raw(message), provider_name=provider)


def too_long(limit: int = 8192) -> Script:
    said = (
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {limit + 500}."
    )
    return by_provider(400, said)


def invalid_image() -> Script:
    return by_provider(400, "Could not process image", provider="Anthropic")


def unknown_parameter(name: str = "temperature") -> Script:
    return by_provider(400, f"Unsupported parameter: '{name}' is not supported with this model.")


def provider_quota() -> Script:
    """The provider behind is at its own limit."""
    said = "Quota exceeded for aiplatform.googleapis.com with base model: gemini-2.5-flash."
    return by_provider(429, said, provider="Google")


def key_limit() -> Script:
    return refused(403, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys")


def data_policy() -> Script:
    said = "No endpoints found matching your data policy (Free model training). Configure: "
    return refused(404, said + "https://openrouter.ai/settings/privacy")


def affordable(tokens: int, asked: int = 4096) -> Script:
    """The credits are enough for a shorter answer."""
    needs = f"This request requires more credits, or fewer max_tokens. You requested up to {asked} tokens"
    more = "To increase, visit https://openrouter.ai/settings/credits and upgrade to a paid account"
    return refused(402, f"{needs}, but can only afford {tokens}. {more}")


def thinks(seconds: float, text: str = "Hello.", *, encrypted: bool = False) -> Script:
    """A long thought that shows nothing: keep-alives only, or encrypted details."""
    return Script(text=text, first_token_after=seconds, encrypted=encrypted, tokens_per_second=0)


def byok(upstream_usd: float, fee_usd: float = 0.0) -> Script:
    """Paid with the person's own key at the provider: OpenRouter charges its fee alone."""
    details = {"upstream_inference_cost": upstream_usd}
    usage = {"cost": fee_usd, "is_byok": True, "cost_details": details}
    record = {"total_cost": fee_usd, "is_byok": True, "upstream_inference_cost": upstream_usd}
    return Script(usages=(usage,), record=record, tokens_per_second=0)


def searched(text: str, *urls: str, cited: str = "after", searches: int = 1) -> Script:
    """An answer after a search that took a while, with the pages that the provider reports."""
    pages = [
        {"url": url, "title": f"Page {number}", "content": "An excerpt."} for number, url in enumerate(urls, 1)
    ]
    return Script(text=text, citations=pages, cited=cited, searches=searches, tokens_per_second=0)


# Answers without words, and why; for tests and for the demo's page.
WORDLESS = {
    "picture": Script(text="", images=("https://pictures.example/1.png",)),
    "audio": Script(text="", audio="UklGRg=="),
    "safety": Script(text="", finish="stop", native_finish="SAFETY"),
    "prohibited": Script(text="", finish="stop", native_finish="PROHIBITED_CONTENT"),
    "refusal": Script(text="", refusal="I can't help with that.", native_finish="refusal"),
    "tool": Script(text="", tool="search_the_web", finish="tool_calls", native_finish="tool_calls"),
    "thought": Script(text="", reasoning="So much to consider. " * 20, finish="length", native_finish="length"),
    "filtered": Script(text="", finish="content_filter", native_finish="content_filter"),
}
# Answers that are not the stream that was asked for.
NOT_A_STREAM = {
    "document": Script(body={"choices": [{"message": {"content": "All at once."}, "finish_reason": "stop"}]}),
    "error": Script(body={"error": {"code": 429, "message": "Rate limit exceeded"}}),
    "html": Script(body="<html><body><h1>Sign in to the network</h1></body></html>"),
    "gzip": Script(text="Hello.", gzip=True),
    "redirect": Script(status=307, body="", headers={"Location": "http://127.0.0.2:9/elsewhere"}),
}
THOUGHT_ALOUD = Script(text="<think>\nThey greet me.\n</think>\n\nHello.", tokens_per_second=0)
BROKEN_OFF = Script(text="One two three ", fault=Fault.ERROR, fault_at=3)
