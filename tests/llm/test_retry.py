"""When a call is worth sending again, and after how long."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.llm.retry import RetryPolicy, falls_back

POLICY = RetryPolicy(attempts=4, base_s=0.5, cap_s=20.0)


def dice(seed: int = 0) -> random.Random:
    return random.Random(seed)


def delay(
    error: errors.ModelError, *, failures: int = 1, remaining_s: float = 180.0, seed: int = 0
) -> float | None:
    return POLICY.delay(error, failures=failures, remaining_s=remaining_s, rng=dice(seed))


@given(st.integers(1, 30), st.integers())
def test_backoff_doubles_under_full_jitter_up_to_its_cap(failures: int, seed: int):
    """If the provider asks for nothing, the wait is anywhere between nothing and the doubled bound."""
    policy = RetryPolicy(attempts=100, base_s=0.5, cap_s=20.0)
    error = errors.ProviderUnavailableError()
    seconds = policy.delay(error, failures=failures, remaining_s=1e9, rng=dice(seed))
    assert seconds is not None
    assert 0 <= seconds <= min(20.0, 0.5 * 2 ** (failures - 1))


@given(st.floats(0.1, 100), st.integers())
def test_the_wait_that_the_provider_asks_for_is_kept(wanted: float, seed: int):
    """Retry-After comes before any backoff, with a tenth more at most."""
    seconds = delay(errors.RateLimitedError(retry_after=wanted), seed=seed)
    assert seconds is not None
    assert wanted <= seconds <= 1.1 * wanted


def test_a_wait_beyond_the_deadline_ends_the_trying():
    """A wait that would outlast the deadline is not begun, so that the asker hears of it at once."""
    assert delay(errors.RateLimitedError(retry_after=60), remaining_s=59) is None
    assert delay(errors.RateLimitedError(retry_after=50), remaining_s=59) is not None


def test_attempts_are_counted():
    """Four attempts, so three failures are retried and the fourth is not."""
    tries = [delay(errors.EmptyAnswerError(), failures=n) is not None for n in (1, 2, 3, 4)]
    assert tries == [True, True, True, False]


@pytest.mark.parametrize(
    "error",
    [errors.BadRequestError, errors.AuthenticationError, errors.ModerationError, errors.DeadlineExceededError],
)
def test_what_would_fail_again_is_not_sent_again(error: type[errors.ModelError]):
    """Neither this model nor another gets a request that cannot succeed."""
    assert delay(error()) is None
    assert not falls_back(error())


@pytest.mark.parametrize(
    "error",
    [errors.RateLimitedError, errors.ModelNotFoundError, errors.PaymentError, errors.ContextTooLongError],
)
def test_a_fallback_is_asked_where_the_failure_is_the_models(error: type[errors.ModelError]):
    """What concerns one model says nothing about the next."""
    assert falls_back(error())
