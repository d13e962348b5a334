"""Admission: caps, fairness, cool-downs, refusals, the free models' pace; all in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.core.events import Waiting, WaitReason
from bot.core.records import ModelClientStatus
from bot.llm.admission.admission import Admission
from bot.llm.admission.limits import AdmissionLimits, Caller
from bot.llm.admission.slot import Slot
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CLOCK = VirtualClock()
PATIENCE_S = 100.0


class Gate:
    """An admission whose users note when they were let in."""

    def __init__(self, **limits: int) -> None:
        self.admission = Admission(AdmissionLimits(**limits), CLOCK)
        self.log: list[tuple[str, float]] = []
        self.heard: list[Waiting] = []
        self.tasks: list[asyncio.Task[None]] = []

    def ask(
        self,
        name: str,
        *,
        channel: int,
        person: int | None = None,
        guild: int | None = None,
        model: str = "m",
        work: Callable[[Slot], Awaitable[None]],
    ) -> None:
        asker = caller(channel, person=person, guild=guild)
        slot = self.admission.enter(model, asker, patience_s=PATIENCE_S)
        self.tasks.append(asyncio.create_task(self._use(name, slot, work)))

    async def _use(self, name: str, slot: Slot, work: Callable[[Slot], Awaitable[None]]) -> None:
        with slot:
            async for waiting in slot.turns():
                self.heard.append(waiting)
            self.log.append((name, CLOCK.monotonic()))
            await work(slot)

    async def done(self) -> list[str]:
        await asyncio.gather(*self.tasks)
        return [name for name, _ in self.log]


PEOPLE = itertools.count(1000)


def caller(channel: int, *, person: int | None = None, guild: int | None = None) -> Caller:
    """Somebody in a channel; somebody else each time, where it doesn't say who."""
    return Caller(channel_id=channel, user_id=next(PEOPLE) if person is None else person, guild_id=guild)


def answers(seconds: float) -> Callable[[Slot], Awaitable[None]]:
    async def work(slot: Slot) -> None:
        slot.answered()
        await asyncio.sleep(seconds)

    return work


def test_two_hundred_streams_are_open_at_once_by_default():
    """Nobody waits below the cap."""

    async def scenario() -> None:
        gate = Gate()
        for channel in range(200):
            gate.ask(f"{channel}", channel=channel, work=answers(10))
        await gate.done()
        assert {at for _, at in gate.log} == {0.0}
        assert gate.heard == []

    run(scenario())


def test_a_channel_is_served_in_order_and_takes_turns_with_the_others():
    """One channel's long line does not keep the other channels waiting behind it."""

    async def scenario() -> None:
        gate = Gate(streams=1)
        for n in range(3):
            gate.ask(f"a{n}", channel=1, work=answers(1))
        for n in range(2):
            gate.ask(f"b{n}", channel=2, work=answers(1))
        gate.ask("c0", channel=3, work=answers(1))
        assert await gate.done() == ["a0", "b0", "c0", "a1", "b1", "a2"]
        assert gate.admission.open == gate.admission.waiting == 0

    run(scenario())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(1, 4))
def test_everybody_is_served_once_and_in_their_channels_order(channels: list[int], streams: int):
    """Whatever the arrivals, nobody is lost and nobody overtakes within a channel."""

    async def scenario() -> None:
        gate = Gate(streams=streams)
        for number, channel in enumerate(channels):
            gate.ask(f"{channel}:{number:03}", channel=channel, work=answers(1))
        assert len(await gate.done()) == len(channels)
        for channel in set(channels):
            mine = sorted((name, at) for name, at in gate.log if name.startswith(f"{channel}:"))
            times = [at for _, at in mine]
            assert times == sorted(times)

    run(scenario())


def test_a_retry_keeps_its_place():
    """Who failed through no fault of theirs is not sent to the back of the queue."""

    async def scenario() -> None:
        gate = Gate(streams=1)
        first = gate.admission.enter("m", caller(1), patience_s=PATIENCE_S)
        gate.ask("other", channel=2, work=answers(1))
        first_again = gate.admission.enter("m", caller(1), patience_s=PATIENCE_S, previous=first)
        first.leave()
        assert first_again.admission.done()
        first_again.leave()
        assert await gate.done() == ["other"]

    run(scenario())


def test_a_429_holds_back_everybody_then_one_goes_ahead():
    """After the cool-down one request tries, and the rest follow in order when it is answered."""

    async def scenario() -> None:
        gate = Gate()
        gate.admission.cool_down("m", 2.0, errors.RateLimitedError())

        async def work(slot: Slot) -> None:
            await asyncio.sleep(0.3)
            slot.answered()

        for channel in range(20):
            gate.ask(f"{channel:02}", channel=channel, work=work)
        gate.ask("elsewhere", channel=99, model="other", work=work)
        served = await gate.done()
        assert served == ["elsewhere", *(f"{n:02}" for n in range(20))]
        times = dict(gate.log)
        assert times["elsewhere"] == 0
        assert times["00"] == pytest.approx(2.0)
        assert times["01"] == times["19"] == pytest.approx(2.3)
        assert gate.heard[0] == Waiting(reason=WaitReason.RATE_LIMIT, seconds=2.0)

    run(scenario())


def test_a_probe_that_falls_silent_or_fails_does_not_block_the_rest():
    """The rest follow two seconds later at the latest, at once where the probe gave up."""

    async def scenario() -> None:
        gate = Gate()
        gate.admission.cool_down("m", 1.0, errors.RateLimitedError())

        async def silent(_: Slot) -> None:
            await asyncio.sleep(60)

        async def fails(_: Slot) -> None:
            await asyncio.sleep(0.5)

        gate.ask("silent", channel=1, work=silent)
        gate.ask("fails", channel=2, work=fails)
        gate.ask("last", channel=3, work=answers(1))
        await gate.done()
        times = dict(gate.log)
        assert (times["silent"], times["fails"], times["last"]) == pytest.approx((1.0, 3.0, 3.5))

    run(scenario())


def test_a_cool_down_beyond_patience_is_told_at_once():
    """Neither those in the queue nor those who come later wait for what they will not live to see."""

    async def scenario() -> None:
        gate = Gate()
        gate.admission.cool_down("m", 5.0, errors.RateLimitedError(status=429))
        gate.ask("early", channel=1, work=answers(1))
        await asyncio.sleep(0.1)
        gate.admission.cool_down("m", 3600.0, errors.RateLimitedError(status=429))
        with pytest.raises(errors.RateLimitedError) as told:
            await gate.done()
        assert CLOCK.monotonic() == pytest.approx(0.1)
        assert told.value.retry_after == pytest.approx(3600)
        with pytest.raises(errors.RateLimitedError):
            gate.admission.enter("m", caller(2), patience_s=PATIENCE_S)

    run(scenario())


def test_a_model_out_of_credits_refuses_for_a_minute_then_twice_as_long():
    """Everybody is told at once; after each pause one may try, and an answer forgets it all."""

    async def scenario() -> None:
        admission = Admission(AdmissionLimits(), CLOCK)
        broke = errors.PaymentError(status=402)
        for pause in (60.0, 120.0, 240.0):
            admission.refuse("m", broke)
            admission.refuse("m", broke)  # a second request in flight met the same
            with pytest.raises(errors.PaymentError) as told:
                admission.enter("m", caller(1), patience_s=PATIENCE_S)
            assert told.value is not broke
            assert told.value.retry_after == pytest.approx(pause)
            await asyncio.sleep(pause)
            with admission.enter("m", caller(1), patience_s=PATIENCE_S) as slot:
                assert slot.admission.done()
        slot.answered()
        admission.refuse("m", broke)
        await asyncio.sleep(60)
        assert admission.enter("m", caller(1), patience_s=PATIENCE_S).admission.done()

    run(scenario())


def test_a_dead_key_refuses_everybody_until_it_works_again():
    """Those in the queue hear of it at once, too."""

    async def scenario() -> None:
        gate = Gate(streams=1)
        gate.ask("open", channel=1, work=answers(5))
        gate.ask("in the queue", channel=2, work=answers(5))
        await asyncio.sleep(1)
        gate.admission.refuse_all(errors.AuthenticationError(status=401))
        with pytest.raises(errors.AuthenticationError):
            await gate.tasks[1]
        with pytest.raises(errors.AuthenticationError):
            gate.admission.enter("other", caller(3), patience_s=PATIENCE_S)
        gate.admission.reopen()
        gate.admission.enter("other", caller(3), patience_s=PATIENCE_S)
        await gate.tasks[0]

    run(scenario())


def test_the_line_is_bounded_in_length_and_time():
    """A full line refuses at once, a slow one after the time set."""

    async def scenario() -> None:
        gate = Gate(streams=1, waiting=1, wait_s=30)
        gate.ask("open", channel=1, work=answers(60))
        gate.ask("slow", channel=2, work=answers(1))
        with pytest.raises(errors.AdmissionError):
            gate.admission.enter("m", caller(3), patience_s=PATIENCE_S)
        with pytest.raises(errors.AdmissionError):
            await gate.tasks[1]
        assert CLOCK.monotonic() == pytest.approx(30)
        assert {w.reason for w in gate.heard} == {WaitReason.CAPACITY}
        assert gate.admission.waiting == 0
        await gate.tasks[0]

    run(scenario())


def test_leaving_the_line_by_cancellation_frees_the_place():
    """A question taken back holds nobody up."""

    async def scenario() -> None:
        gate = Gate(streams=1)
        gate.ask("open", channel=1, work=answers(10))
        gate.ask("gone", channel=2, work=answers(10))
        gate.ask("next", channel=3, work=answers(10))
        await asyncio.sleep(1)
        gate.tasks[1].cancel()
        gate.tasks[0].cancel()
        await asyncio.sleep(0)
        await asyncio.gather(*gate.tasks, return_exceptions=True)
        assert [name for name, _ in gate.log] == ["open", "next"]
        assert gate.admission.open == 0

    run(scenario())


def test_free_models_share_twenty_requests_a_minute():
    """The limit is the account's, so two free models share it; others are not slowed."""

    async def scenario() -> None:
        gate = Gate()
        for n in range(40):
            gate.ask(f"{n:02}", channel=n, model=f"m{n % 2}:free", work=answers(0.1))
        gate.ask("paid", channel=99, model="m0", work=answers(0.1))
        await asyncio.sleep(1)
        with pytest.raises(errors.RateLimitedError) as told:
            gate.admission.enter("m0:free", caller(50), patience_s=PATIENCE_S)
        assert told.value.retry_after == pytest.approx(119)
        await gate.done()
        times = dict(gate.log)
        assert [times[f"{n:02}"] for n in range(40)] == pytest.approx([0.0] * 20 + [60.0] * 20)
        assert times["paid"] == 0

    run(scenario())


def test_the_days_free_requests_run_out_until_midnight():
    """When the provider's count of the day is used up, everybody hears when the next day begins."""

    async def scenario() -> None:
        admission = Admission(AdmissionLimits(), CLOCK)
        admission.learn_free_quota(per_day=50, used=49)
        admission.enter("m:free", caller(1), patience_s=PATIENCE_S)
        with pytest.raises(errors.RateLimitedError) as told:
            admission.enter("m:free", caller(1), patience_s=PATIENCE_S)
        assert told.value.retry_after is not None
        assert (CLOCK.time() + told.value.retry_after) % 86_400 == pytest.approx(0, abs=1e-3)
        await asyncio.sleep(told.value.retry_after + 1)
        admission.enter("m:free", caller(1), patience_s=PATIENCE_S)

    run(scenario())


# --- Shares ---------------------------------------------------------------------------------------------------


def test_one_person_has_three_streams_and_the_others_overtake():
    """A flood of private asks in many channels waits behind itself, and says for what."""

    async def scenario() -> None:
        gate = Gate(streams=10, waiting_per_person=100)
        for n in range(60):
            gate.ask(f"flood{n:02}", channel=n, person=7, work=answers(1))
        gate.ask("other", channel=99, person=8, guild=1, work=answers(1))
        assert gate.admission.open == 4
        await asyncio.sleep(0.5)
        gate.ask("later", channel=98, person=9, work=answers(1))
        await gate.done()
        times = dict(gate.log)
        assert (times["other"], times["later"]) == pytest.approx((0, 0.5))
        assert [times[f"flood{n:02}"] for n in range(60)] == pytest.approx([n // 3 for n in range(60)])
        assert {waiting.reason for waiting in gate.heard} == {WaitReason.PERSON}
        assert gate.admission.status() == ModelClientStatus(limit=10)

    run(scenario())


def test_one_server_leaves_streams_to_the_others():
    """Its further requests wait for its own; a person's share is told before the server's."""

    async def scenario() -> None:
        gate = Gate(streams=10, per_server=4)
        for n in range(8):
            gate.ask(f"big{n}", channel=n, guild=1, work=answers(1))
        gate.ask("small", channel=50, guild=2, work=answers(1))
        gate.ask("direct", channel=51, work=answers(1))
        await gate.done()
        times = dict(gate.log)
        assert (times["small"], times["direct"]) == (0, 0)
        assert [times[f"big{n}"] for n in range(8)] == pytest.approx([0] * 4 + [1] * 4)
        assert {waiting.reason for waiting in gate.heard} == {WaitReason.SERVER}

    run(scenario())


def test_one_person_cannot_fill_the_line():
    """Beyond their places they are refused at once; everybody else still finds room, and a retry keeps its own."""

    async def scenario() -> None:
        gate = Gate(streams=10, waiting=50, waiting_per_person=5)
        for n in range(8):
            gate.ask(f"{n}", channel=n, person=7, work=answers(1))
        with pytest.raises(errors.TooManyAtOnceError):
            gate.admission.enter("m", caller(9, person=7), patience_s=PATIENCE_S)
        gate.ask("other", channel=10, person=8, work=answers(1))
        retried = gate.admission.enter("m", caller(11, person=9), patience_s=PATIENCE_S)
        retried.leave()
        again = gate.admission.enter("m", caller(11, person=7), patience_s=PATIENCE_S, previous=retried)
        again.leave()
        await gate.done()
        assert dict(gate.log)["other"] == 0
        gate.admission.enter("m", caller(9, person=7), patience_s=PATIENCE_S).leave()

    run(scenario())


def test_one_server_cannot_fill_the_line():
    """Its further requests are refused at once; other servers still find room."""

    async def scenario() -> None:
        gate = Gate(streams=1, waiting=10, waiting_per_server=6)
        for n in range(7):
            gate.ask(f"big{n}", channel=n, guild=1, work=answers(1))
        with pytest.raises(errors.AdmissionError):
            gate.admission.enter("m", caller(9, guild=1), patience_s=PATIENCE_S)
        gate.ask("small", channel=50, guild=2, work=answers(1))
        await gate.done()
        gate.admission.enter("m", caller(9, guild=1), patience_s=PATIENCE_S).leave()

    run(scenario())


def test_who_waits_too_long_for_their_own_answers_hears_that():
    """Not that others are in the way."""

    async def scenario() -> None:
        gate = Gate(per_person=1, wait_s=30)
        gate.ask("long", channel=1, person=7, work=answers(60))
        gate.ask("next", channel=2, person=7, work=answers(1))
        with pytest.raises(errors.TooManyAtOnceError):
            await gate.tasks[1]
        assert CLOCK.monotonic() == pytest.approx(30)
        await gate.tasks[0]

    run(scenario())


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([None, 1, 2])), min_size=1, max_size=40
    ),
    st.integers(1, 3),
    st.integers(1, 4),
)
def test_shares_are_kept_and_nobody_is_lost(asks: list[tuple[int, int, int | None]], person: int, server: int):
    """Any mix of people and servers: no share is ever exceeded, and everybody is served."""

    async def scenario() -> None:
        gate = Gate(streams=6, per_person=person, per_server=server, waiting_per_person=100)
        people: Counter[int] = Counter()
        guilds: Counter[int | None] = Counter()

        def work(user: int, guild: int | None) -> Callable[[Slot], Awaitable[None]]:
            async def stream(_: Slot) -> None:
                people[user] += 1
                guilds[guild] += 1
                assert people[user] <= person
                assert guild is None or guilds[guild] <= server
                await asyncio.sleep(1)
                people[user] -= 1
                guilds[guild] -= 1

            return stream

        for number, (channel, user, guild) in enumerate(asks):
            gate.ask(f"{number}", channel=channel, person=user, guild=guild, work=work(user, guild))
        assert len(await gate.done()) == len(asks)
        assert gate.admission.open == gate.admission.waiting == 0

    run(scenario())


def test_a_cancelled_answer_gives_its_share_back():
    """Stop frees the person's stream for their next question."""

    async def scenario() -> None:
        gate = Gate(per_person=1)
        gate.ask("stopped", channel=1, person=7, work=answers(100))
        gate.ask("gone", channel=2, person=7, work=answers(100))
        gate.ask("next", channel=3, person=7, work=answers(1))
        await asyncio.sleep(1)
        gate.tasks[1].cancel()
        gate.tasks[0].cancel()
        await asyncio.sleep(5)
        assert [name for name, _ in gate.log] == ["stopped", "next"]
        assert gate.admission.open == gate.admission.waiting == 0

    run(scenario())
