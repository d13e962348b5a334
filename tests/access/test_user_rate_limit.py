"""How often one person may ask."""

from __future__ import annotations

import asyncio

import pytest

from bot.access import user_rate_limit as module
from bot.access.refusals import UserRateLimitError
from bot.access.user_rate_limit import UserRateLimit
from tests.virtual import VirtualClock, run


def test_a_minutes_questions_at_once_then_as_time_gives_them_back():
    """The refusal says when, and is right about it; others are not held up."""

    async def main() -> None:
        pace = UserRateLimit(VirtualClock())
        for _ in range(3):
            pace.take(7, per_minute=3)
        with pytest.raises(UserRateLimitError) as refusal:
            pace.take(7, per_minute=3)
        assert refusal.value.retry_after == pytest.approx(20)
        assert "3 times a minute" in refusal.value.sentence
        pace.take(8, per_minute=3)
        await asyncio.sleep(refusal.value.retry_after)
        pace.take(7, per_minute=3)
        with pytest.raises(UserRateLimitError):
            pace.take(7, per_minute=3)
        await asyncio.sleep(3600)
        for _ in range(3):
            pace.take(7, per_minute=3)

    run(main())


def test_people_who_went_away_are_forgotten(monkeypatch: pytest.MonkeyPatch):
    """Memory does not grow with everybody who ever asked."""
    monkeypatch.setattr(module, "PRUNE_AT", 10)

    async def main() -> None:
        pace = UserRateLimit(VirtualClock())
        for who in range(50):
            pace.take(who, per_minute=60)
            await asyncio.sleep(2)
        assert len(pace._full_at) <= 10

    run(main())
