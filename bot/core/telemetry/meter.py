"""What is counted of a running bot. Labels are a few known words: no content, no ids of people or places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds, up to where it's bad
SLOW_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
AGES_S = (0.05, 0.1, *SLOW_S)


@dataclass(frozen=True, slots=True)
class Metric:
    """A counter or, with `buckets` (upper bounds in seconds), a distribution."""

    name: str
    description: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REPLIES = Metric("replies", "Replies that ended, by how", ("state",))
FIRST_TEXT = Metric("first_text_seconds", "From a question to the first text on the screen", (), SLOW_S)
COMPLETE = Metric("complete_seconds", "From a question to the end of its answer on the screen", (), SLOW_S)
WRITES = Metric("writes", "Requests to Discord that show replies, by kind", ("kind",))
STALENESS = Metric("staleness_seconds", "Age of the oldest unseen text when a write showed it", (), AGES_S)
LIMITED = Metric(
    "rate_limits", "429s from Discord: of one bucket, of all routes, or shared with others", ("scope",)
)
CALLS = Metric("model_calls", "Calls of models that ended: complete, or by the error", ("outcome",))
RETRIES = Metric("model_retries", "Calls of models that were made again, by the error", ("cause",))
TOKENS = Metric("tokens", "Tokens that were booked: prompt and completion", ("kind",))
COST = Metric("cost_dollars", "US dollars that were booked")
DATABASE = Metric("database_seconds", "Time in the database: one read, write or report", ("work",), FAST_S)
DATABASE_FAILURES = Metric(
    "database_failures", "Reads, writes and reports that the database didn't take", ("work",)
)
CACHE = Metric(
    "prompt_cache_tokens", "Tokens of prompts that the provider read from its cache, or didn't", ("result",)
)
LAG = Metric("loop_lag_seconds", "How late the event loop was", (), FAST_S)
DEAF = Metric("deaf_reconnects", "Gateway connections closed because no event came")
METRICS = (
    *(REPLIES, FIRST_TEXT, COMPLETE, WRITES, STALENESS, LIMITED, CALLS, RETRIES, TOKENS, COST, CACHE),
    *(DATABASE, DATABASE_FAILURES, LAG, DEAF),
)


class Meter(Protocol):
    """Takes in what happens. Cheap, and never fails."""

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        ...

    def observe(self, metric: Metric, seconds: float, **labels: str) -> None:
        """Add to a distribution."""
        ...


class Unmetered:
    """A `Meter` for bots that nobody asks."""

    def count(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        pass

    def observe(self, metric: Metric, seconds: float, **labels: str) -> None:
        pass


UNMETERED = Unmetered()
