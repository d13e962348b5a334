"""What is known of Discord's windows from this end of the wire."""

from __future__ import annotations

import heapq
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.display.rate_limits import (
    CATCH_UP,
    HUNG_S,
    KEEP,
    REMEMBER_S,
    SECOND_S,
    TRUST_COUNT,
    TRUST_S,
    Allowance,
    Bucket,
    FastestTrip,
    GlobalLimit,
    Request,
    SlotPacer,
)


def bucket(limit: int = 5, window_s: float = 5.0) -> Bucket:
    return Bucket(limit, window_s, recovery_s=60.0)


def learn(
    window: Bucket,
    now: float,
    request: Request | None = None,
    *,
    limit: int = 5,
    remaining: int,
    reset_after: float,
) -> None:
    """An answer to one of ours, or to somebody else's."""
    window.learn(now, request, limit=limit, remaining=remaining, reset_after=reset_after)
    if request:
        window.answered(now, request)


def send(window: Bucket, *times: float) -> list[Request]:
    requests = [Request("edit:1", at) for at in times]
    for request in requests:
        window.sent(request)
    return requests


def ready_at(window: Bucket, now: float, *, spaced: bool = False, keep: bool = False) -> float:
    return window.ready_at(now, spaced=spaced, keep=keep)


# --- Allowance and pace ---


def test_an_allowance_loses_a_quarter_and_gets_it_back_with_time() -> None:
    """A 429 takes a quarter of the limit, which comes back at the limit's own rate of recovery."""
    allowance = Allowance(40, recovery_s=60.0)
    allowance.shrink(100.0, until=101.0)
    assert [allowance.at(now) for now in (100.0, 107.5, 115.0, 1000.0)] == [30, 35, 40, 40]


def test_429s_of_the_same_moment_are_one_piece_of_news() -> None:
    """Twenty requests in flight that all meet the limit shrink the budget once."""
    allowance = Allowance(40, recovery_s=60.0)
    for at in (100.0, 100.1, 100.9):
        allowance.shrink(at, until=101.0)
    assert allowance.at(100.0) == 30


def test_an_allowance_never_vanishes() -> None:
    """However many 429s come, one request in a window stays allowed."""
    allowance = Allowance(5, recovery_s=60.0)
    for at in range(50):
        allowance.shrink(float(at), until=float(at))
    assert allowance.at(50.0) == 1


def test_a_pace_catches_up_on_a_few_slots_and_no_more() -> None:
    """Waking late loses no slot, and a long rest earns no more than a small burst."""
    pace, starts = SlotPacer(), []
    for _ in range(int(CATCH_UP) + 3):
        starts.append(max(pace.ready_at, 100.0))
        pace.take(starts[-1], rate=10.0)
    assert starts == pytest.approx([100.0] * int(CATCH_UP + 1) + [100.1, 100.2])


# --- Bucket ---


def test_a_fresh_bucket_lets_a_whole_window_go_at_once() -> None:
    """What is urgent need not wait while the window has room."""
    window = bucket()
    for _ in range(5):
        assert ready_at(window, 10.0) == 10.0
        send(window, 10.0)
    assert ready_at(window, 10.0) == math.inf


def test_the_end_of_a_window_is_what_the_answer_says() -> None:
    """Until an answer came nobody knows when the window ends; then it is `Reset-After` from that moment."""
    window = bucket(limit=1)
    [request] = send(window, 10.0)
    assert ready_at(window, 17.0) == math.inf
    learn(window, 17.1, request, limit=1, remaining=0, reset_after=3.0)
    assert ready_at(window, 17.1) == pytest.approx(20.1)
    assert ready_at(window, 20.1) == 20.1


def test_the_earliest_end_told_is_the_best() -> None:
    """Slow answers tell a window's end too late; one fast answer is enough to know better."""
    window = bucket(limit=2)
    first, second = send(window, 10.0, 10.1)
    learn(window, 10.9, first, limit=2, remaining=1, reset_after=4.9)
    learn(window, 10.3, second, limit=2, remaining=0, reset_after=4.8)
    assert ready_at(window, 11.0) == pytest.approx(15.1)


def test_without_headers_a_window_ends_a_whole_one_after_the_answer() -> None:
    """Where nothing tells the window's end, the assumed length counts from the latest possible opening."""
    window = bucket(limit=1)
    [request] = send(window, 10.0)
    assert window.answered(10.2, request)
    assert not window.answered(10.3, request)
    assert ready_at(window, 10.3) == pytest.approx(15.2)


def test_regular_edits_are_spread_evenly() -> None:
    """Five in five seconds are one a second or so, over the whole window and on into the next."""
    window, now, times = bucket(), 10.0, []
    for count in range(11):
        now = ready_at(window, now, spaced=True, keep=True)
        [request] = send(window, now)
        opened = 10.0 + count // 5 * 5.0
        learn(window, now, request, remaining=4 - count % 5, reset_after=opened + 5.0 - now)
        times.append(now)
    late = 5.0 - KEEP
    window_times = [late / 4 * number for number in range(4)] + [late]
    assert times == pytest.approx([10.0 + at for at in window_times] + [15.0 + at for at in window_times] + [20.0])


def test_what_urgent_writes_leave_is_spread_over_the_rest() -> None:
    """After a burst the next regular edit waits for its fair share of what is left of the window."""
    window = bucket()
    first, *_ = send(window, 10.0, 10.0, 11.0)
    learn(window, 10.0, first, remaining=4, reset_after=5.0)
    assert ready_at(window, 11.0, spaced=True, keep=True) == pytest.approx(11.0 + (4.0 - KEEP) / 2)


def test_the_last_request_is_kept_for_a_final_edit() -> None:
    """Nobody else may use a window up before its end is near."""
    window = bucket()
    first, *_ = send(window, 10.0, 10.0, 10.0, 10.0)
    learn(window, 10.0, first, remaining=4, reset_after=5.0)
    assert ready_at(window, 10.0, keep=True) == pytest.approx(15.0 - KEEP)
    assert ready_at(window, 10.0, keep=False) == 10.0


def test_the_limit_and_the_length_of_a_window_are_learnt() -> None:
    """Headers that say 2 in 10 s replace the assumed 5 in 5 s, for this window and the ones after."""
    window = bucket()
    [request] = send(window, 10.0)
    learn(window, 10.1, request, limit=2, remaining=1, reset_after=10.0)
    assert window.gap_s == 5.0
    send(window, 12.0)
    assert ready_at(window, 12.0) == pytest.approx(20.1)


def test_requests_of_others_count() -> None:
    """When the headers say that less remains than we used, somebody else uses the bucket too."""
    window = bucket()
    [request] = send(window, 10.0)
    learn(window, 10.1, request, remaining=0, reset_after=4.9)
    assert ready_at(window, 10.1) == pytest.approx(15.0)


def test_a_window_opened_by_somebody_else_is_noticed() -> None:
    """An answer to a request that is not ours opens the window here as well."""
    window = bucket()
    learn(window, 10.0, remaining=0, reset_after=3.0)
    assert ready_at(window, 10.0) == pytest.approx(13.0)


def test_a_window_that_opened_earlier_than_expected_is_noticed() -> None:
    """A slow answer told the old one's end too late; the answer to a request in between tells of the next."""
    window = bucket(limit=2)
    [slow] = send(window, 10.0)
    learn(window, 11.0, slow, limit=2, remaining=1, reset_after=5.0)
    [opener] = send(window, 15.2)
    learn(window, 15.3, opener, limit=2, remaining=1, reset_after=5.0)
    send(window, 15.4)
    assert ready_at(window, 15.4) == pytest.approx(20.3)


def test_others_windows_leave_room_for_what_is_in_flight() -> None:
    """Somebody else's answer opens a window in which ours that are on their way are still to arrive."""
    window = bucket(limit=2)
    [request] = send(window, 10.0)
    learn(window, 10.1, request, limit=2, remaining=1, reset_after=4.9)
    send(window, 14.9)
    learn(window, 15.2, limit=2, remaining=1, reset_after=5.0)
    assert ready_at(window, 15.2) == pytest.approx(20.2)


def test_requests_in_flight_can_fill_a_window_before_it_opens() -> None:
    """When as many as a window takes are on their way at its end, nothing goes before an answer."""
    window = bucket(limit=2)
    first, second = send(window, 10.0, 10.0)
    learn(window, 10.1, limit=2, remaining=0, reset_after=1.0)
    assert ready_at(window, 12.0) == math.inf
    window.answered(12.0, first)
    assert ready_at(window, 12.0) == 12.0
    window.answered(12.0, second)


def test_a_request_in_flight_at_the_windows_end_counts_in_the_next() -> None:
    """It may arrive on either side of the end, so it takes room on both."""
    window = bucket(limit=2)
    [request] = send(window, 10.0)
    learn(window, 10.1, request, limit=2, remaining=1, reset_after=4.9)
    send(window, 14.9)  # on its way when the window ends
    assert ready_at(window, 15.2) == 15.2
    send(window, 15.2)
    assert ready_at(window, 15.2) == math.inf


def test_a_late_answer_about_the_old_window_does_not_close_the_new() -> None:
    """A straggler's headers are not taken for the window that opened after it was sent."""
    window = bucket(limit=2)
    [first] = send(window, 10.0)
    learn(window, 10.1, first, limit=2, remaining=1, reset_after=4.9)
    straggler, opener = send(window, 14.9, 15.2)
    learn(window, 15.3, straggler, limit=2, remaining=0, reset_after=0.0)
    assert ready_at(window, 15.3) == math.inf
    learn(window, 15.4, opener, limit=2, remaining=0, reset_after=4.9)
    assert ready_at(window, 15.4) == pytest.approx(20.3)


def test_nothing_waits_for_an_answer_that_cannot_come() -> None:
    """When the last request in flight ends without a word, the bucket opens again after a whole window."""
    window = bucket(limit=1)
    [lost] = send(window, 10.0)
    assert ready_at(window, 40.0) == math.inf
    window.answered(40.0, lost)
    assert ready_at(window, 40.0) == pytest.approx(45.0)


def test_a_429_closes_a_bucket_and_narrows_it() -> None:
    """Nothing goes until `retry_after` is over; then one request fewer, until a while has passed."""
    window = bucket()
    window.limited(10.0, retry_after=2.0)
    assert ready_at(window, 10.0) == 12.0
    send(window, 12.0, 12.0, 12.0)
    assert ready_at(window, 12.0) == math.inf


# --- Global limit ---


def everything(limit: int = 47) -> GlobalLimit:
    return GlobalLimit(limit, recovery_s=60.0)


def fill(budget: GlobalLimit, now: float, count: int) -> list[Request]:
    requests = [Request("edit:1", now) for _ in range(count)]
    for request in requests:
        budget.sent(request, paced=False)
    return requests


def test_a_second_has_so_many_places() -> None:
    """When all are taken the next request waits for the first place to come free, and says when."""
    budget = everything(limit=3)
    for request in fill(budget, 10.0, 3):
        budget.answered(10.1, request)
    assert budget.ready_at(10.1) == pytest.approx(10.1 + SECOND_S)
    assert budget.ready_at(11.2) == 11.2


def test_steady_round_trips_cost_nothing() -> None:
    """Once the fastest round trip is known, a place is held from the sending on."""
    budget, now = everything(limit=20), 10.0
    for _ in range(400):
        now = budget.ready_at(now)
        [request] = fill(budget, now, 1)
        budget.answered(now + 0.1, request)
        now += 0.05
    now += 5.0
    requests = fill(budget, now, 20)
    budget.answered(now + 0.1, requests[0])
    assert budget.ready_at(now + 0.1) == pytest.approx(now + SECOND_S)
    budget.answered(now + 0.4, requests[1])  # it may have arrived 0.3 s later than the first
    assert budget.ready_at(now + SECOND_S + 0.1) == pytest.approx(now + SECOND_S + 0.1)
    fill(budget, now + SECOND_S + 0.1, 1)
    assert budget.ready_at(now + SECOND_S + 0.1) == pytest.approx(now + SECOND_S + 0.3)


def test_the_fastest_trip_is_not_believed_too_early() -> None:
    """The answers to a first burst may all be late, so a few seconds and answers must pass."""
    trip = FastestTrip()
    for _ in range(TRUST_COUNT):
        trip.add(10.0, 0.3)
    assert trip.seconds == 0.0
    trip.add(10.1 + TRUST_S, 0.2)
    assert trip.seconds == 0.2


def test_the_fastest_trip_outlasts_a_slow_minute_and_not_a_new_way() -> None:
    """Overload does not wipe it out; when the way has become longer for good, that is believed in the end."""
    trip = FastestTrip()
    for second in range(20):
        trip.add(float(second), 0.1)
    for second in range(20, 80):
        trip.add(float(second), 0.5)
    assert trip.seconds == 0.1
    for second in range(80, 100 + 2 * int(REMEMBER_S)):
        trip.add(float(second), 0.5)
    assert trip.seconds == 0.5


def test_a_request_without_an_answer_holds_its_place() -> None:
    """It may still be on its way, but not forever."""
    budget = everything(limit=1)
    fill(budget, 10.0, 1)
    assert budget.ready_at(12.0) == 10.0 + HUNG_S
    assert budget.ready_at(10.0 + HUNG_S) == 10.0 + HUNG_S


def test_a_global_429_pauses_everything_and_shrinks_the_budget() -> None:
    """Nothing goes until `retry_after` is over, then a quarter less, and after a while as before."""
    budget = everything(limit=40)
    budget.limited(10.0, retry_after=0.5)
    assert budget.ready_at(10.0) == 10.5
    for request in fill(budget, 10.5, 30):
        budget.answered(10.5, request)
    assert budget.ready_at(10.6) == pytest.approx(10.5 + SECOND_S)
    assert budget.ready_at(26.0) == 26.0
    for request in fill(budget, 26.0, 39):
        budget.answered(26.0, request)
    assert budget.ready_at(26.0) == 26.0


def test_half_full_is_not_idle() -> None:
    """Typing indicators have the half that nothing else needs."""
    budget = everything(limit=40)
    fill(budget, 10.0, 19)
    assert budget.idle(10.0)
    fill(budget, 10.0, 1)
    assert not budget.idle(10.0)


@settings(deadline=None, derandomize=True)
@given(seed=st.integers(0, 1_000_000), way_s=st.floats(0.005, 0.3), jitter_s=st.floats(0.0, 0.5))
def test_no_jitter_brings_too_many_requests_into_one_second(seed: int, way_s: float, jitter_s: float) -> None:
    """However long the ways there and back take, the server never sees more than 50 in any one second."""
    chance, budget, now = random.Random(seed), everything(limit=47), 0.0
    arrivals: list[float] = []
    answers: list[tuple[float, int, Request]] = []
    while len(arrivals) < 300:
        while answers and answers[0][0] <= now:
            at, _, request = heapq.heappop(answers)
            budget.answered(at, request)
        ready = budget.ready_at(now)
        if ready > now:
            now = min(ready, answers[0][0]) if answers else ready
            continue
        [request] = fill(budget, now, 1)
        arrivals.append(now + way_s + chance.random() * jitter_s)
        heapq.heappush(answers, (arrivals[-1] + way_s + chance.random() * jitter_s, len(arrivals), request))
        now += chance.choice((0.0, 0.0, 0.0, 0.001, 0.05))
    arrivals.sort()
    assert all(later - earlier >= 1.0 for earlier, later in zip(arrivals, arrivals[50:], strict=False))
