"""The scheduler itself, with displays that note what becomes of them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bot.display.pacing import DiscordLimits, Wanted
from bot.display.rate_limits import SECOND_S
from bot.display.scheduler import GRACE_S, EditScheduler
from bot.display.target import WriteKind
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

CHANNEL_EDIT = Wanted(kind=WriteKind.EDIT, bucket="edit:1", since=0.0)
FINAL = replace(CHANNEL_EDIT, urgent=True, final=True)
TYPING = Wanted(kind=WriteKind.TYPING, bucket="typing:1", since=0.0, optional=True)


class Note:
    """A display that wants one write after the other, and notes when each was made."""

    def __init__(self, bench: Bench, name: str, *wants: Wanted, takes: float = 0.0) -> None:
        self.bench, self.name, self.wants, self.takes = bench, name, list(wants), takes
        self.answered_after = 0.0  # when, within the write, its answer's headers arrive
        self.answer: Callable[[], None] = lambda: None  # tells the scheduler of them
        self.writing = 0
        self.cancelled = False

    def wanted(self) -> Wanted | None:
        return self.wants[0] if self.wants else None

    async def write(self, kind: WriteKind) -> bool:
        self.writing += 1
        assert kind is self.wants[0].kind
        assert self.writing == 1, "two writes at a time"
        self.wants.pop(0)
        self.bench.log.append((self.bench.clock.monotonic(), self.name))
        try:
            await self.bench.clock.sleep(self.answered_after)
            self.answer()
            await self.bench.clock.sleep(self.takes - self.answered_after)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.writing -= 1
        return True


class Bench:
    """A scheduler in virtual time and what was written through it."""

    def __init__(self, limits: DiscordLimits | None = None) -> None:
        self.clock = VirtualClock()
        self.scheduler = EditScheduler(self.clock, limits)
        self.log: list[tuple[float, str]] = []

    def want(self, name: str, *wants: Wanted, takes: float = 0.0) -> Note:
        note = Note(self, name, *wants, takes=takes)
        self.scheduler.mark(note)
        return note

    @property
    def order(self) -> str:
        return "".join(name for _, name in self.log)

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.log]


def bench(play: Callable[[Bench], Coroutine[Any, Any, None]], limits: DiscordLimits | None = None) -> Bench:
    """Run a scene to its end; nothing of the scheduler's may still run after it."""

    async def scene() -> Bench:
        here = Bench(limits)
        await play(here)
        await here.scheduler.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return here

    return run(scene())


def in_channel(channel: int, wanted: Wanted = CHANNEL_EDIT, *, since: float = 0.0) -> Wanted:
    return replace(wanted, bucket=f"edit:{channel}", since=since)


def test_nothing_runs_while_nothing_is_wanted() -> None:
    """The scheduler starts with the first wanted and ends with the last, leaving no task behind."""

    async def play(bench: Bench) -> None:
        assert len(asyncio.all_tasks()) == 1
        bench.want("a", CHANNEL_EDIT, takes=0.1)
        await bench.clock.sleep(0.2)
        assert len(asyncio.all_tasks()) == 1
        bench.want("b", in_channel(2))
        await bench.clock.sleep(0.1)
        assert len(asyncio.all_tasks()) == 1

    assert bench(play).order == "ab"


def test_urgent_first_then_whose_text_has_waited_longest() -> None:
    """What was marked at the same moment is served by urgency and age, not in the order of marking."""

    async def play(bench: Bench) -> None:
        bench.want("c", in_channel(1, since=0.3))
        bench.want("b", in_channel(2, since=0.2))
        bench.want("a", in_channel(3, FINAL, since=0.9))
        await bench.clock.sleep(1.0)

    assert bench(play).order == "abc"


def test_a_write_that_was_not_made_costs_nothing() -> None:
    """A display that finds nothing left to write gives its request back."""

    class Hesitant(Note):
        async def write(self, kind: WriteKind) -> bool:
            return await super().write(kind) and len(self.wants) < 5

    async def play(bench: Bench) -> None:
        bench.scheduler.mark(Hesitant(bench, "a", *[FINAL] * 6))
        await bench.clock.sleep(1.0)

    assert bench(play).times == [0.0] * 6


def test_other_requests_wait_for_room_and_are_counted() -> None:
    """A hundred reads at once go out within the limit, and first texts between them keep theirs."""

    async def play(bench: Bench) -> None:
        async def read() -> None:
            over = await bench.scheduler.admit()
            bench.log.append((bench.clock.monotonic(), "r"))
            assert bench.scheduler.other_sent()() is None  # as it sets out: it is counted already
            await bench.clock.sleep(0.1)
            over()

        reads = [asyncio.create_task(read()) for _ in range(100)]
        await bench.clock.sleep(0.05)
        bench.want("w", FINAL, takes=0.1)
        await asyncio.gather(*reads)

    log = bench(play).log
    times = [at for at, _ in log]
    assert len(times) == 101
    for at in times:
        assert sum(at <= other < at + 1.0 for other in times) <= 50
    assert max(times) < 4.0
    assert next(at for at, name in log if name == "w") < 1.5


def test_an_answer_to_another_request_makes_room_at_once() -> None:
    """Fifty at once take the whole second; the write goes when it is over, not at the last alarm."""

    async def play(bench: Bench) -> None:
        answered = [bench.scheduler.other_sent() for _ in range(50)]
        bench.want("w", FINAL, takes=0.1)
        await bench.clock.sleep(0.1)
        for over in answered:
            over()
        await bench.clock.sleep(3.0)

    assert bench(play).times == [pytest.approx(0.1 + SECOND_S, abs=0.01)]


def test_edits_of_one_display_use_the_whole_window() -> None:
    """A display that always wants another edit gets five in every window, and those evenly."""

    async def play(bench: Bench) -> None:
        bench.want("a", *[CHANNEL_EDIT] * 11, takes=0.1)
        await bench.clock.sleep(15.0)

    times = bench(play).times
    assert times[5] == pytest.approx(5.1)  # a window ends five seconds after the first write's answer
    assert times[10] == pytest.approx(10.2)
    assert max(after - before for before, after in pairwise(times)) < 1.2


def test_an_edit_waits_a_second_after_a_new_message() -> None:
    """Right after a create there is next to nothing to add; the end of the reply does not wait."""

    async def play(bench: Bench) -> None:
        new = replace(FINAL, kind=WriteKind.CREATE, bucket="create:1")
        bench.want("a", new, CHANNEL_EDIT)
        bench.want("b", replace(new, bucket="create:2"), in_channel(2, FINAL))
        await bench.clock.sleep(3.0)

    assert sorted(bench(play).log) == [(0.0, "a"), (0.0, "b"), (0.0, "b"), (1.0, "a")]


def test_marks_while_a_write_is_in_flight_lead_to_one_write_after_it() -> None:
    """However often a display is marked, it writes once at a time, and then what it wants by then."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", FINAL, takes=1.0)
        await bench.clock.sleep(0.5)
        note.wants.append(FINAL)
        for _ in range(10):
            bench.scheduler.mark(note)
        await bench.clock.sleep(3.0)

    assert bench(play).times == pytest.approx([0.0, 1.0])


def test_a_new_wish_puts_the_alarm_forward() -> None:
    """While one display waits for its backoff, an urgent one is served at once."""

    async def play(bench: Bench) -> None:
        bench.want("slow", replace(CHANNEL_EDIT, not_before=30.0))
        await bench.clock.sleep(2.0)
        bench.want("fast", in_channel(2, FINAL))
        await bench.clock.sleep(60.0)

    assert bench(play).log == [(2.0, "fast"), (30.0, "slow")]


def test_a_wish_that_becomes_urgent_is_served_at_once() -> None:
    """A regular edit that waits its turn and turns into the final edit does not wait any longer."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", CHANNEL_EDIT, CHANNEL_EDIT)
        await bench.clock.sleep(0.3)
        note.wants = [FINAL]
        bench.scheduler.mark(note)
        await bench.clock.sleep(3.0)

    assert bench(play).times == pytest.approx([0.0, 0.3])


def test_a_display_with_nothing_left_to_say_is_not_written() -> None:
    """What a display wanted when it was marked may be gone when its turn comes."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", replace(CHANNEL_EDIT, not_before=5.0))
        note.wants.clear()
        await bench.clock.sleep(10.0)

    assert bench(play).log == []


def test_a_wish_that_moved_to_another_bucket_waits_for_that_one() -> None:
    """The limits are checked for what is written, not for what was wanted when it was marked."""

    async def play(bench: Bench) -> None:
        bench.scheduler.limited("edit:2", retry_after=8.0)
        note = bench.want("a", replace(CHANNEL_EDIT, not_before=5.0))
        note.wants = [in_channel(2)]
        await bench.clock.sleep(10.0)

    assert bench(play).times == pytest.approx([8.0])


def test_typing_is_shown_when_there_is_room() -> None:
    """On an idle budget the indicator goes at once."""

    async def play(bench: Bench) -> None:
        bench.want("a", TYPING)
        await bench.clock.sleep(1.0)

    assert bench(play).times == [0.0]


def test_typing_is_dropped_when_there_is_none() -> None:
    """On a busy budget the indicator is not put off but forgotten, and text goes on."""

    async def play(bench: Bench) -> None:
        bench.want("a", in_channel(1, FINAL))
        await bench.clock.sleep(0.1)
        typing = bench.want("t", TYPING)
        await bench.clock.sleep(5.0)
        assert typing.writing == 0
        bench.scheduler.mark(typing)
        await bench.clock.sleep(1.0)

    assert bench(play, DiscordLimits(global_limit=2, global_reserve=0)).log == [(0.0, "a"), (5.1, "t")]


def test_a_forgotten_display_is_left_alone() -> None:
    """Neither what it was waiting for nor what it wants after the write in flight is done."""

    async def play(bench: Bench) -> None:
        waiting = bench.want("w", replace(in_channel(2), not_before=1.0))
        writing = bench.want("a", FINAL, FINAL, takes=1.0)
        await bench.clock.sleep(0.5)
        bench.scheduler.forget(waiting)
        bench.scheduler.forget(writing)
        await bench.clock.sleep(5.0)

    assert bench(play).order == "a"


def test_a_display_that_fails_is_logged_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """Bugs in a display, in what it wants or in how it writes, end in the log; the others are served."""

    class Broken(Note):
        def wanted(self) -> Wanted | None:
            if len(self.wants) == 1:
                raise ValueError
            return super().wanted()

        async def write(self, kind: WriteKind) -> bool:
            await super().write(kind)
            raise ValueError

    async def play(bench: Bench) -> None:
        bench.scheduler.mark(Broken(bench, "x", FINAL, FINAL))
        bench.want("b", in_channel(2), in_channel(2))
        await bench.clock.sleep(5.0)

    with caplog.at_level(logging.ERROR):
        assert sorted(bench(play).order) == ["b", "b", "x"]
    assert [record.message for record in caplog.records] == [
        "A display failed to write",
        "A display failed to say what it wants",
    ]


def test_closing_waits_for_writes_and_starts_none() -> None:
    """A write in flight ends properly; what waits, or is marked later, is not begun."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", FINAL, FINAL, takes=GRACE_S - 0.5)
        bench.want("b", replace(in_channel(2), not_before=1.0))
        await bench.clock.sleep(0.1)
        await bench.scheduler.aclose()
        assert not note.cancelled
        bench.want("c", in_channel(3))

    assert bench(play).order == "a"


def test_closing_cancels_a_write_that_hangs() -> None:
    """After the grace a write that does not end is cancelled, so that closing always comes to an end."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", FINAL, takes=1e6)
        await bench.clock.sleep(0.1)
        await bench.scheduler.aclose()
        assert note.cancelled
        assert bench.clock.monotonic() == pytest.approx(0.1 + GRACE_S)

    bench(play)


def test_headers_set_the_budget() -> None:
    """Two in ten seconds, says the first answer: then that is what the channel gets."""

    async def play(bench: Bench) -> None:
        def answer() -> None:
            bench.scheduler.learn("edit:1", limit=2, remaining=len(bench.log) % 2, reset_after=10.0)

        bench.want("a", *[FINAL] * 4, takes=0.1).answer = answer
        await bench.clock.sleep(15.0)

    assert bench(play).times == pytest.approx([0.0, 0.1, 10.0, 10.1])


def test_a_write_that_discord_py_holds_back_counts_as_answered() -> None:
    """With the headers of the answer its place is free, although the write returns only seconds later."""

    async def play(bench: Bench) -> None:
        def answer() -> None:
            bench.scheduler.learn("edit:1", limit=5, remaining=0, reset_after=5.0)

        bench.want("a", FINAL, takes=5.0).answer = answer
        await bench.clock.sleep(0.1)
        bench.want("b", in_channel(2, FINAL))
        await bench.clock.sleep(10.0)

    assert bench(play, DiscordLimits(global_limit=1, global_reserve=0)).times == pytest.approx([0.0, SECOND_S])


def test_after_a_429_a_channel_waits_and_no_reply_is_hurt() -> None:
    """Nothing goes to the bucket until `retry_after` is over; everything goes in the end."""

    async def play(bench: Bench) -> None:
        bench.scheduler.limited("edit:1", retry_after=3.0)
        bench.want("a", FINAL)
        bench.want("b", in_channel(2, FINAL))
        await bench.clock.sleep(10.0)

    assert bench(play).log == [(0.0, "b"), (pytest.approx(3.0), "a")]


def test_after_a_global_429_everything_waits_but_webhooks() -> None:
    """The pause applies to everything that counts globally."""

    async def play(bench: Bench) -> None:
        bench.scheduler.limited(None, retry_after=3.0)
        bench.want("a", FINAL)
        bench.want("w", replace(FINAL, bucket="edit:token", counts_globally=False))
        await bench.clock.sleep(10.0)

    assert bench(play).log == [(0.0, "w"), (pytest.approx(3.0), "a")]


def test_an_answer_wakes_who_waits_for_it() -> None:
    """A bucket whose window's end is unknown opens when the answer tells it, without anybody being marked."""

    async def play(bench: Bench) -> None:
        note = bench.want("a", FINAL, takes=60.0)
        note.answered_after = 20.0
        note.answer = lambda: bench.scheduler.learn("edit:1", limit=1, remaining=0, reset_after=2.0)
        await bench.clock.sleep(0.1)
        bench.want("b", FINAL)
        await bench.clock.sleep(30.0)

    assert bench(play, DiscordLimits(bucket_limit=1)).times == pytest.approx([0.0, 22.0])


def test_the_end_of_a_write_wakes_who_waits_for_it() -> None:
    """Where no headers come, a bucket opens a whole window after the write, also for the other displays."""

    async def play(bench: Bench) -> None:
        bench.want("a", FINAL, takes=1.0)
        await bench.clock.sleep(0.1)
        bench.want("b", FINAL)
        await bench.clock.sleep(30.0)

    assert bench(play, DiscordLimits(bucket_limit=1)).times == pytest.approx([0.0, 6.0])


def test_headers_of_other_requests_are_news_too() -> None:
    """Somebody else's answer in the same bucket tells what it leaves."""

    async def play(bench: Bench) -> None:
        bench.scheduler.learn("edit:1", limit=5, remaining=0, reset_after=4.0)
        bench.want("a", FINAL)
        await bench.clock.sleep(10.0)

    assert bench(play).times == pytest.approx([4.0])
