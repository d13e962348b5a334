"""When a failed model call is worth sending again, and how long to wait first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core import errors

if TYPE_CHECKING:
    import random

    from bot.core.errors import ModelError

# Failures of one model that say nothing about the next. A refusal by moderation isn't among them: the bot doesn't
# ask around until somebody answers.
_OF_THE_MODEL = (
    errors.ContextTooLongError,
    errors.DataPolicyError,
    errors.ModelNotFoundError,
    errors.NoPicturesError,
    errors.PaymentError,
    errors.PermissionDeniedError,
    errors.UnsupportedPartError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """Exponential backoff with full jitter; what the provider asks for comes first.

    Attributes:
        attempts: requests sent for one model at most, the first included.
        base_s: upper bound of the first backoff in seconds; it doubles with each failure.
        cap_s: upper bound of every backoff in seconds. A longer Retry-After still applies.
        deadline_s: seconds from the question within which an attempt may begin, over all models. Three minutes
            outlast a provider's rate-limit window of a minute, and nobody keeps waiting after that.
    """

    attempts: int = 4
    base_s: float = 1.0
    cap_s: float = 20.0
    deadline_s: float = 180.0

    def delay(self, error: ModelError, *, failures: int, remaining_s: float, rng: random.Random) -> float | None:
        """Seconds to wait before the next attempt, or None to give up.

        Args:
            error: what the last attempt met; its `retry_after` is what the provider asks for.
            failures: attempts that have failed so far, 1 after the first.
            remaining_s: seconds until the deadline; a longer wait is not started.
            rng: the source of the jitter.
        """
        if not error.retryable or failures >= self.attempts:
            return None
        backoff = min(self.cap_s, self.base_s * 2.0 ** (failures - 1))
        # Only a little is added to the provider's wait, so that several processes don't come back at the same
        # moment.
        asked_s = error.retry_after
        seconds = (
            rng.uniform(0, backoff) if asked_s is None else asked_s + rng.uniform(0, min(backoff, 0.1 * asked_s))
        )
        return seconds if max(seconds, asked_s or 0.0) <= remaining_s else None


def falls_back(error: ModelError) -> bool:
    """Whether another model may answer although this one couldn't."""
    return error.retryable or isinstance(error, _OF_THE_MODEL)
