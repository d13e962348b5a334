"""The parameters of a completion request, beyond model and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.core.model_ids import Provider
from bot.core.records import AttachmentKind
from bot.core.units import NANO
from bot.llm.provider.models import MODALITIES
from bot.llm.reasons import LIMITS

if TYPE_CHECKING:
    from bot.core.records import CompletionRequest, ModelInfo
    from bot.llm.config import ClientConfig
    from bot.llm.quirks import Quirks

OPENAI_HOST = "api.openai.com"
# OpenRouter's own search tool, by an engine whose price is known: $0.007 a search, and the results as part of the
# prompt. https://openrouter.ai/docs/guides/features/server-tools/web-search
SEARCH_TOOL, SEARCH_ENGINE = "openrouter:web_search", "exa"
SEARCH_NANO_USD = NANO // 100
MOST_SEARCHES, RESULTS = 10, 5
# OpenRouter's readers of PDFs: the model itself, and one that reads scans, for a price a page. Where a document's
# text can be read it comes as text, so the free reader would find nothing.
NATIVE, OCR = "native", "mistral-ocr"


def parameters_of(
    request: CompletionRequest,
    config: ClientConfig,
    info: ModelInfo | None,
    quirks: Quirks,
    *,
    max_tokens: int,
) -> dict[str, object]:
    """The parameters to send, without those that the catalog or a refusal says the model lacks."""
    body: dict[str, object] = {
        "stream_options": {"include_usage": True},
        "user": config.pseudonym(request.user_id),
    }
    known = info.parameters if info else None
    if name := _limit_name(known, config, quirks):
        # Asked for more than a model can write, OpenRouter finds nobody who would.
        bounds = (max_tokens, info.max_completion_tokens if info else None, quirks.most_tokens)
        body[name] = min(bound for bound in bounds if bound is not None)
    if request.temperature is not None and (known is None or "temperature" in known):
        body["temperature"] = request.temperature
    made = next((name for name in sorted(known or ()) if name.startswith(MODALITIES)), "")
    if made:
        body["modalities"] = made.removeprefix(MODALITIES).split(",")
    if config.provider.kind is Provider.OPENROUTER:
        body |= {
            "session_id": str(request.channel_id),
            "provider": {"data_collection": config.data_collection},
            # It would drop the middle of a long prompt without a word; what goes into the prompt is decided here.
            "plugins": [{"id": "context-compression", "enabled": False}, *_parser(request, info)],
        }
        if request.web_ceiling is not None and (known is None or "tools" in known):
            body |= _search(request.web_ceiling)
    return {name: value for name, value in body.items() if quirks.takes(name)}


def _search(ceiling_nano_usd: int) -> dict[str, object]:
    """What lets a model search the web as often as the ceiling pays for."""
    searches = max(1, min(MOST_SEARCHES, ceiling_nano_usd // SEARCH_NANO_USD))
    terms = {"engine": SEARCH_ENGINE, "max_results": RESULTS, "max_uses": searches}
    return {
        "tools": [{"type": SEARCH_TOOL, "parameters": terms}],
        "stop_server_tools_when": [
            {"type": "step_count_is", "step_count": searches},
            {"type": "max_cost", "max_cost_in_dollars": ceiling_nano_usd / NANO},
        ],
    }


def _parser(request: CompletionRequest, info: ModelInfo | None) -> list[dict[str, object]]:
    """Who reads the request's documents: without a name, OpenRouter would choose the one that costs most."""
    attached = (each.kind for message in request.messages for each in message.attachments)
    if AttachmentKind.DOCUMENT not in attached:
        return []
    engine = NATIVE if info and "file" in info.input_modalities else OCR
    return [{"id": "file-parser", "pdf": {"engine": engine}}]


def _limit_name(known: frozenset[str] | None, config: ClientConfig, quirks: Quirks) -> str | None:
    """What the limit on the answer's length is called; OpenAI itself refuses the name that all others know."""
    at_openai = urlsplit(config.provider.url).hostname == OPENAI_HOST
    names = list(LIMITS if at_openai else reversed(LIMITS))
    if known is not None:
        if known.isdisjoint(names):
            return None
        names.sort(key=lambda name: name not in known)  # the listed one first
    return next((name for name in names if quirks.takes(name)), None)
