"""What the model client tells while an answer comes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FinishReason(StrEnum):
    """Why the model stopped, as the provider says."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


class WaitReason(StrEnum):
    """What a request that has not reached the model is waiting for."""

    RATE_LIMIT = "rate_limit"  # the model's or the key's requests per minute
    CAPACITY = "capacity"  # this process's cap on open streams
    PERSON = "person"  # one person's share of them
    SERVER = "server"  # one server's share of them
    RETRY = "retry"  # backoff after a passing failure
    START = "start"  # the client is still loading
    BUDGET = "budget"  # answers under way, which may use up what is left
    AGAIN = "again"  # nothing: somebody asked for another answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one attempt used, as the provider reports it. Money is in integer nano-dollars (1e-9 USD)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano_usd: int | None = None  # None: not reported

    def plus(self, other: Usage | None) -> Usage:
        """This and another attempt's together."""
        if other is None:
            return self
        costs = (self.cost_nano_usd, other.cost_nano_usd)
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_nano_usd=None if costs == (None, None) else sum(cost or 0 for cost in costs),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The request has not reached the model yet; `seconds` is the estimate, None when unknown."""

    reason: WaitReason
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The model answers: sent once, before the first `Reasoning` or `Text`.

    `model` is the one that answers, a fallback's id where the first choice could not.
    """

    model: str
    generation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Thoughts that the model shows apart from its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer, never empty; joined, the pieces are what the model said."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The provider ended the answer itself; nothing follows."""

    reason: FinishReason
    native_reason: str | None = None
    provider: str | None = None


Event = Waiting | Started | Reasoning | Text | Usage | Done
