"""What an answer used, from the provider's figures: whatever they are, they become counts and money in bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.events import Usage
from bot.llm.documents import cost_nano_usd, mapping, number

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TOKENS = 10**9  # of one answer, prompt and all; what claims more is nonsense


def read_usage(usage: Mapping[str, Any], before: Usage | None = None) -> Usage | None:
    """Usage as OpenAI words it, with the cost that OpenRouter adds, in dollars. None where it says nothing usable.

    Args:
        usage: the report.
        before: what an earlier report of the same answer said. Reports are running totals, so the last one counts;
            what it leaves out stays as it was.
    """
    prompt, completion = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    cost = cost_nano_usd(
        usage.get("cost"),
        mapping(usage.get("cost_details")).get("upstream_inference_cost"),
        is_byok=usage.get("is_byok"),
    )
    if cost is None and (prompt is None or completion is None or not prompt + completion):
        return before  # a price can't be told from it; without a report the answer's own text is measured
    cached = _count(mapping(usage.get("prompt_tokens_details")).get("cached_tokens"))
    reasoning = _count(mapping(usage.get("completion_tokens_details")).get("reasoning_tokens"))
    old = before or Usage()
    return Usage(
        prompt_tokens=prompt or old.prompt_tokens,
        completion_tokens=completion or old.completion_tokens,
        cached_tokens=cached or old.cached_tokens,
        reasoning_tokens=reasoning or old.reasoning_tokens,
        cost_nano_usd=old.cost_nano_usd if cost is None else cost,
    )


def _count(value: object) -> int | None:
    """A count of tokens, 0 where it's left out; None for nonsense."""
    if value is None:
        return 0
    count = number(value)
    return int(count) if count is not None and 0 <= count <= MOST_TOKENS else None
