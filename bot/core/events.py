"""What the model client reports while an answer arrives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FinishReason(StrEnum):
    """Why the model stopped, according to the provider."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


class WaitReason(StrEnum):
    """What a request that has not reached the model is waiting for."""

    RATE_LIMIT = "rate_limit"  # the model's or the key's requests per minute
    CAPACITY = "capacity"  # this process's cap on open streams
    PERSON = "person"  # one person's share of them
    SERVER = "server"  # one server's share of them
    RETRY = "retry"  # backoff after a temporary failure
    START = "start"  # the client is still loading
    BUDGET = "budget"  # answers under way, which may use up the rest of the budget
    PRESSED_RETRY = "pressed_retry"  # nothing yet: somebody pressed Retry


class Besides(StrEnum):
    """What an answer may bring that can't be shown."""

    TOOL_CALL = "tool call"  # of a tool that nobody offered
    PICTURE = "picture"  # as an address, or one too many
    AUDIO = "audio"
    SOMETHING_ELSE = "something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one attempt used, according to the provider. Money is in integer nano-dollars (1e-9 USD)."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano_usd: int | None = None  # None: not reported

    def plus(self, other: Usage | None) -> Usage:
        """The sum of this and another attempt's usage."""
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
    """The request hasn't reached the model yet. `seconds` is the estimated wait, None when unknown."""

    reason: WaitReason
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The provider took the call and may charge for it from now on: sent once per attempt, before any word.

    Thinking may take minutes. After a Stop or a crash, its cost can still be found out.
    """

    model: str
    generation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The model starts to answer: sent once, before the first `Reasoning` or `Text`.

    `model` is the one that answers, which is a fallback when the first choice couldn't.
    """

    model: str
    generation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Alive:
    """The model shows signs of life, but hasn't said anything for some seconds, not even a thought.

    Sent every few seconds between `Called` and the first `Text`. The model thinks without showing it, or searches.
    """


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The next piece of the model's thinking, which is not part of its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer, never empty. The pieces joined are what the model said."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page that the provider says the answer draws on. `title` is the page's own word, empty where unknown.

    `start` is where in the answer it's cited first, in characters; None where that isn't said.
    """

    url: str
    title: str = ""
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The pages that the answer draws on, in the order reported, each once: sent at most once, after the text."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures that the model made, as data URLs that nobody has looked into: sent at most once."""

    data_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The provider ended the answer; nothing follows. `besides` is what it also brought and can't be shown."""

    reason: FinishReason
    besides: frozenset[Besides] = frozenset()


Event = Waiting | Called | Alive | Started | Reasoning | Text | Sources | Pictures | Usage | Done
