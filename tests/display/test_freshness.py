"""How fresh the scheduler keeps 1 to 500 replies, without a 429. In virtual time, so the figures are exact."""

from __future__ import annotations

import logging
import statistics
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.display.simulation import Outcome, Scene, median, simulate


@pytest.mark.parametrize(
    ("channels", "stale", "first", "lag"),
    [
        (1, 0.58, 0.36, 0.06),
        (10, 0.58, 0.36, 0.06),
        (50, 0.69, 0.36, 0.80),
        (100, 1.40, 1.50, 1.20),
        (200, 2.90, 2.60, 4.10),
        (500, 7.80, 5.80, 14.0),
    ],
)
def test_text_is_as_fresh_as_the_limits_allow(channels: int, stale: float, first: float, lag: float) -> None:
    """The design's benchmark: everybody asks at once; staleness, first text and last text stay within bounds."""
    seen = simulate(Scene(channels=channels))
    assert not seen.discord.refused
    assert seen.stale <= stale
    assert median(seen.first_text) <= first
    assert median(seen.lag) <= lag


@pytest.mark.parametrize("channels", [10, 50, 100, 200])
def test_jitter_and_pauses_provoke_no_429(channels: int) -> None:
    """A slow wire and a process that stands still every two seconds cost some freshness and no 429."""
    calm, rough = (
        simulate(scene)
        for scene in (
            Scene(channels=channels),
            Scene(channels=channels, jitter=0.04, stall=0.15),
        )
    )
    assert not rough.discord.refused
    assert rough.stale < calm.stale * 1.1 + 0.05


@settings(deadline=None, derandomize=True, max_examples=120)
@given(
    seconds=st.floats(0.0, 8.0),
    scene=st.builds(
        Scene,
        channels=st.integers(1, 60),
        per_channel=st.integers(1, 3),
        webhooks=st.integers(0, 5),
        spread=st.floats(0.0, 10.0),
        rate=st.floats(5.0, 200.0),
        page=st.integers(60, 500),
        round_trip=st.floats(0.001, 0.6),
        jitter=st.floats(0.0, 0.4),
        stall=st.floats(0.0, 0.3),
        typing=st.booleans(),
        seed=st.integers(0, 1000),
    ),
)
def test_whatever_happens_every_reply_ends_and_no_429_comes(scene: Scene, seconds: float) -> None:
    """Any mixture of replies, channels, speeds and delays: all of the text is shown, within the limits."""
    scene = replace(scene, tokens=1 + int(seconds * scene.rate))
    seen = simulate(scene)  # fails by itself where a reply never ends
    assert not seen.discord.refused
    for reply in seen.replies:
        shown = [tokens for _, tokens in reply.seen]
        assert shown == sorted(shown)
        assert shown[-1] == scene.tokens


def test_an_unhurried_reply_gets_an_edit_a_second() -> None:
    """Alone in its channel a reply uses the whole window and never shows text much older than a second."""
    seen = simulate(Scene(tokens=3600, page=10_000))
    assert max(seen.stale_worst) < 1.25
    assert len(seen.discord.requests) == pytest.approx(60, abs=2)


def test_most_replies_end_at_once_wherever_their_window_stands() -> None:
    """Of replies of any length nine in ten find a request for their final edit; it is kept for them."""
    lags = [simulate(Scene(tokens=tokens)).final_lag[0] for tokens in range(300, 900, 8)]
    assert sorted(lags)[len(lags) * 9 // 10] < 0.2


def test_replies_in_one_channel_share_fairly() -> None:
    """Five at once in one channel: none is ever stale beyond three times the mean."""
    seen = simulate(Scene(per_channel=5))
    assert not seen.discord.refused
    assert max(seen.stale_worst) < 3 * seen.stale
    assert max(seen.stale_each) < 1.5 * seen.stale


@pytest.mark.parametrize("scene", [Scene(channels=200), Scene(channels=500, spread=60.0), Scene(per_channel=20)])
def test_nobody_starves(scene: Scene) -> None:
    """Under any load the worst served reply is not far from the average one."""
    seen = simulate(scene)
    assert max(seen.stale_each) < 2 * statistics.fmean(seen.stale_each)


@pytest.mark.parametrize(("channels", "spread"), [(40, 10.0), (100, 20.0), (200, 20.0)])
def test_ends_are_shown_at_once_under_load(channels: int, spread: float) -> None:
    """Replies that end at different times show their end at once, however many others want edits."""
    seen = simulate(Scene(channels=channels, spread=spread))
    assert median(seen.final_lag) < 0.1
    assert sorted(seen.final_lag)[channels * 9 // 10] < 0.25


def test_first_texts_are_shown_at_once_under_load() -> None:
    """A question asked while 200 replies stream gets its first text as if it were alone."""
    seen = simulate(Scene(channels=200, spread=20.0))
    assert median(seen.first_text) < 0.4
    assert max(seen.first_text) < 0.75


def of_webhooks(seen: Outcome) -> list[float]:
    return seen.stale_each[: seen.replies[0].scene.webhooks]


def test_webhooks_stay_fresh_whatever_the_global_load() -> None:
    """A hundred replies by slash command do not notice two hundred others; nor the others them."""
    alone = simulate(Scene(channels=100, webhooks=100))
    beside = simulate(Scene(channels=300, webhooks=100))
    assert alone.stale <= 0.65
    assert statistics.fmean(of_webhooks(beside)) <= alone.stale + 0.02
    assert (
        statistics.fmean(beside.stale_each[100:])
        <= statistics.fmean(simulate(Scene(channels=200)).stale_each) + 0.02
    )
    assert not alone.discord.refused + beside.discord.refused


def test_typing_is_shown_and_delays_nobody() -> None:
    """Indicators go out where there is room for them, and first texts come as early as without."""
    calm = simulate(Scene(channels=20, typing=True, first_token=1.0))
    assert all(reply.typed for reply in calm.replies)
    for channels in (20, 30, 50, 100):
        for first_token in (0.3, 0.55, 1.0):
            crowd = Scene(channels=channels, typing=True, first_token=first_token)
            with_typing, without = simulate(crowd), simulate(replace(crowd, typing=False))
            assert max(with_typing.first_text) <= max(without.first_text) + 0.01
            assert not with_typing.discord.refused


def test_another_program_with_the_same_token_is_made_room_for(caplog: pytest.LogCaptureFixture) -> None:
    """It takes ten of the fifty a second: a few 429s tell, no reply is hurt, most of the budget stays in use."""
    caplog.set_level(logging.CRITICAL)
    shared = simulate(Scene(channels=100, tokens=1800, stranger=10.0))
    alone = simulate(Scene(channels=100, tokens=1800))
    assert 0 < len(shared.discord.refused) < 0.03 * len(shared.discord.requests)
    assert shared.stale < 1.7 * alone.stale  # 1.27 would be the ideal: 37 requests a second are left of 47


def test_the_budget_comes_back_when_the_other_program_stops(caplog: pytest.LogCaptureFixture) -> None:
    """A minute later the replies have everything again."""
    caplog.set_level(logging.CRITICAL)
    seen = simulate(Scene(channels=100, tokens=6000, page=1000, stranger=25.0, stranger_until=20.0))
    late = [at for at, _ in seen.discord.requests if 60.0 <= at < 90.0]
    assert len(late) / 30.0 == pytest.approx(47.0, abs=1.0)
    assert all(at < 25.0 for at, _ in seen.discord.refused)
