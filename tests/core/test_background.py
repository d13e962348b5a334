"""Background work goes on, whatever it meets."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.core.background import Background
from tests.virtual import VirtualClock, run

CLOCK = VirtualClock()


def failing(times: list[float], *, runs_s: float = 0.0, failures: int | None = None) -> Background:
    """Work that notes when it begins, and fails after a while; from the last failure on it just runs."""

    async def work() -> None:
        times.append(CLOCK.monotonic())
        await asyncio.sleep(runs_s)
        if failures is not None and len(times) > failures:
            await asyncio.sleep(1e9)
        raise OverflowError("cannot convert float infinity to integer")

    return Background("a loop", work, CLOCK)


def test_an_unexpected_error_is_logged_and_the_work_starts_over(caplog: pytest.LogCaptureFixture):
    """The pauses double, so that a lasting fault neither stops the work nor fills the log."""
    times: list[float] = []

    async def scenario() -> None:
        loop = failing(times, failures=4)
        loop.start()
        await asyncio.sleep(100)
        assert loop.running
        await loop.aclose()
        assert not loop.running

    with caplog.at_level(logging.ERROR):
        run(scenario())
    assert times == [0, 1, 3, 7, 15]
    assert len(caplog.records) == 4
    assert "a loop" in caplog.text
    assert "OverflowError" in caplog.text


def test_pauses_are_bounded_and_forgotten_after_a_healthy_run():
    """After ten minutes of work a failure is a first one again."""
    times: list[float] = []

    async def scenario() -> None:
        loop = failing(times, runs_s=601)
        loop.start()
        await asyncio.sleep(3000)
        await loop.aclose()

    run(scenario())
    assert times == pytest.approx([0, 602, 1204, 1806, 2408])


def test_work_that_returns_is_over_and_can_be_started_again():
    """Only an error starts it over."""
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)

    async def scenario() -> None:
        loop = Background("short work", work, CLOCK)
        loop.start()
        await asyncio.sleep(1)
        assert not loop.running
        loop.start()
        await asyncio.sleep(1)
        await loop.aclose()

    run(scenario())
    assert len(runs) == 2


def test_closing_twice_or_before_the_start_does_nothing():
    """The owner need not know how far it came."""

    async def scenario() -> None:
        loop = failing([])
        await loop.aclose()
        loop.start()
        loop.start()
        await loop.aclose()
        await loop.aclose()

    run(scenario())
