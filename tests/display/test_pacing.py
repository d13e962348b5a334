"""The rule by which requests are spent: who writes next, and when."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.display.pacing import IDLE_S, DiscordLimits, Pacer, Wanted
from bot.display.rate_limits import CATCH_UP, KEEP, SECOND_S
from bot.display.target import WriteKind


def edit(channel: int = 1, *, since: float = 0.0) -> Wanted:
    return Wanted(kind=WriteKind.EDIT, bucket=f"edit:{channel}", since=since)


def create(channel: int = 1, *, since: float = 0.0) -> Wanted:
    return Wanted(kind=WriteKind.CREATE, bucket=f"create:{channel}", since=since)


def final(channel: int = 1, *, since: float = 0.0) -> Wanted:
    return replace(edit(channel, since=since), urgent=True, final=True)


def webhook(token: str, *, since: float = 0.0) -> Wanted:
    return Wanted(kind=WriteKind.EDIT, bucket=f"edit:{token}", since=since, counts_globally=False)


def pacer(**limits: float) -> Pacer:
    return Pacer(DiscordLimits(**limits))


def spend(budget: Pacer, now: float, wanted: Wanted, *, times: int = 1) -> None:
    """Send so many and have them answered at once, without headers."""
    for _ in range(times):
        budget.answered(now, budget.sent(now, wanted))


def test_the_oldest_unseen_text_is_served_first() -> None:
    """Among regular edits that the limits permit, the one whose text has waited longest goes."""
    candidates = {"young": edit(1, since=9.0), "old": edit(2, since=7.0), "middle": edit(3, since=8.0)}
    assert pacer().choose(10.0, candidates)[0] == "old"


def test_urgent_writes_come_before_older_text() -> None:
    """A first text or a final goes before any regular edit, and the older urgent one before the younger."""
    candidates = {
        "old edit": edit(1, since=1.0),
        "young final": final(2, since=9.0),
        "first": replace(create(3, since=8.0), urgent=True),
    }
    assert pacer().choose(10.0, candidates)[0] == "first"


def test_whoever_may_not_write_yet_holds_nobody_up() -> None:
    """A full bucket or a backoff leaves the request to the next."""
    budget = pacer()
    spend(budget, 10.0, final(1), times=5)
    candidates = {
        "full": final(1, since=1.0),
        "backing off": replace(edit(2, since=2.0), not_before=11.0),
        "free": edit(3, since=3.0),
    }
    assert budget.choose(10.0, candidates)[0] == "free"


def test_when_nobody_may_write_it_says_when_to_look_again() -> None:
    """The wait ends when the first of the candidates may go."""
    budget = pacer()
    spend(budget, 10.0, edit(1))
    candidates = {"spaced": edit(1), "backing off": replace(edit(2), not_before=10.4)}
    assert budget.choose(10.0, candidates) == (None, pytest.approx(10.4))
    assert budget.choose(10.0, {"spaced": edit(1)}) == (None, pytest.approx(10.0 + (5.0 - KEEP) / 4))


def test_with_nobody_there_is_nothing_to_wait_for() -> None:
    """No candidates: no choice and no time."""
    assert pacer().choose(10.0, {}) == (None, math.inf)


def test_choosing_spends_nothing() -> None:
    """The rule is pure: asked again, it gives the same answer."""
    budget, candidates = pacer(), {"a": edit(1), "b": edit(2)}
    assert budget.choose(10.0, candidates) == budget.choose(10.0, candidates)


def test_a_window_of_edits_keeps_one_for_a_final() -> None:
    """A first text shown by an edit leaves the window's last request alone; a final takes it."""
    budget = pacer()
    spend(budget, 10.0, final(), times=4)
    assert budget.ready_at(10.0, replace(edit(), urgent=True)) == pytest.approx(15.0 - KEEP)
    assert budget.ready_at(10.0, final()) == 10.0


def test_new_messages_go_while_their_window_has_room() -> None:
    """Each create is needed once and refreshes nothing, so creates are neither spread nor kept."""
    budget = pacer()
    spend(budget, 10.0, create(), times=4)
    assert budget.ready_at(10.1, create()) == 10.1


def test_an_edit_keeps_its_distance_from_a_new_message() -> None:
    """The edit right after a new message would show next to nothing; urgent ones go all the same."""
    budget = pacer()
    assert budget.spaced(edit(), created_at=10.0).not_before == 11.0
    assert budget.spaced(final(), created_at=10.0) == final()
    assert budget.spaced(replace(edit(), not_before=20.0), created_at=10.0).not_before == 20.0


def test_regular_writes_leave_at_an_even_pace() -> None:
    """Places in the second are taken and come free one by one, so that under load a final need not wait."""
    budget, now, times = pacer(global_limit=50, global_reserve=0), 10.0, []
    for channel in range(45):
        now = budget.ready_at(now, edit(channel))
        spend(budget, now, edit(channel))
        times.append(now)
    assert [after - before for before, after in pairwise(times[CATCH_UP:])] == pytest.approx(
        [0.02] * (44 - CATCH_UP)
    )
    assert budget.ready_at(now, final(99)) == now


def test_the_second_is_shared_by_all_buckets() -> None:
    """When the global budget is spent, nobody who counts globally may write, however urgent."""
    budget = pacer(global_limit=10, global_reserve=2)
    for channel in range(9):
        spend(budget, 10.0, final(channel))
    assert budget.ready_at(10.0, final(99)) == pytest.approx(10.0 + SECOND_S)


def test_writes_leave_the_reserve_where_other_requests_are_about() -> None:
    """One place is always left to them, all of the reserve for ten seconds after one that came unannounced."""
    budget = pacer(global_limit=10, global_reserve=3)
    budget.other_answered(0.1, budget.other_sent(0.0))
    for channel in range(7):
        spend(budget, 9.0, final(channel))
    assert budget.ready_at(9.0, final(99)) > 9.0
    budget.other_answered(12.1, budget.other_sent(12.0, announced=True))
    for channel in range(9):
        assert budget.ready_at(15.0, final(channel)) == 15.0
        spend(budget, 15.0, final(channel))
    assert budget.ready_at(15.0, final(99)) > 15.0


def test_other_requests_use_up_the_reserve_first() -> None:
    """What the bot asks Discord besides its writes is counted: beyond the reserve, it costs the writes a place."""
    budget = pacer(global_limit=10, global_reserve=2)
    answered = [budget.other_sent(10.0) for _ in range(3)]
    for channel in range(7):
        assert budget.ready_at(10.0, final(channel)) == 10.0
        spend(budget, 10.0, final(channel))
    for request in answered:
        budget.other_answered(10.1, request)
    assert budget.ready_at(10.1, final(99)) > 11.0


def test_webhooks_are_outside_the_global_limit() -> None:
    """An exhausted or paused global budget does not touch an interaction's webhook."""
    budget = pacer(global_limit=10, global_reserve=2)
    for channel in range(8):
        spend(budget, 10.0, final(channel))
    budget.limited(10.0, None, retry_after=30.0)
    assert budget.ready_at(10.0, webhook("a")) == 10.0


def test_webhooks_do_not_outrun_the_process() -> None:
    """Outside the global limit, regular writes keep to what one process sends with ease."""
    budget, now = pacer(outside_rate=10.0), 10.0
    for token in range(30):
        now = budget.ready_at(now, webhook(str(token)))
        spend(budget, now, webhook(str(token)))
    assert now == pytest.approx(10.0 + (29 - CATCH_UP) / 10.0)
    assert budget.ready_at(now, replace(webhook("final"), urgent=True)) == now


def test_typing_needs_an_idle_budget() -> None:
    """A typing indicator goes while half of the second is free, and enough for the first texts that may come."""
    budget, typing = pacer(), Wanted(kind=WriteKind.TYPING, bucket="typing:1", since=0.0, optional=True)
    assert budget.idle(10.0, typing)
    assert not budget.idle(10.0, replace(typing, not_before=11.0))
    assert budget.idle(10.0, typing, first_texts=46)
    assert not budget.idle(10.0, typing, first_texts=47)
    for channel in range(24):
        spend(budget, 10.0, final(channel))
    assert not budget.idle(10.0, typing)


def test_old_messages_are_edited_about_every_seven_seconds() -> None:
    """Discord allows three such edits in 20 s, and one of them is kept for the final."""
    budget, now, times = pacer(), 10.0, []
    old = replace(edit(1), bucket="old edit:1")
    for _ in range(4):
        now = budget.ready_at(now, old)
        times.append(now)
        spend(budget, now, old)
    assert times[3] - times[0] == pytest.approx(20.0)
    assert min(after - before for before, after in pairwise(times)) >= 4.0
    assert budget.ready_at(now, replace(final(1), bucket="old edit:1")) == now


def test_a_429_in_one_bucket_leaves_the_others_alone() -> None:
    """Only the bucket that met the limit waits."""
    budget = pacer()
    budget.limited(10.0, "edit:1", retry_after=2.0)
    assert budget.ready_at(10.0, edit(1)) == 12.0
    assert budget.ready_at(10.0, edit(2)) == 10.0


def test_headers_release_the_place_of_the_request_they_answer() -> None:
    """The answer counts from its headers on, although discord.py returns only when the window is over."""
    budget = pacer(global_limit=1, global_reserve=0)
    request = budget.sent(10.0, final(1))
    budget.learn(10.1, "edit:1", request, limit=5, remaining=0, reset_after=4.9)
    assert budget.ready_at(10.1, final(2)) == pytest.approx(10.1 + SECOND_S)


def test_idle_buckets_are_forgotten() -> None:
    """Memory does not grow with the channels ever written to."""
    budget = pacer()
    for channel in range(1000):
        spend(budget, channel * 1.0, edit(channel))
    spend(budget, 1000.0 + 2 * IDLE_S, edit(1))
    assert len(budget._buckets) == 1
