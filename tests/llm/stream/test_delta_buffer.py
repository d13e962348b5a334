"""When held text is handed over, in virtual time."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from bot.core.text_demand import TextDemand
from bot.llm.stream.delta_buffer import HOLD_S, DeltaBuffer
from bot.llm.stream.deltas import Kind
from tests.virtual import VirtualClock, run

CLOCK = VirtualClock()
Got = list[tuple[float, Kind, str]]


async def drain(buffer: DeltaBuffer) -> Got:
    got = []
    while piece := await buffer.take():
        got.append((round(CLOCK.monotonic(), 3), *piece))
    return got


def test_the_first_words_go_at_once_and_the_rest_together():
    """Nothing is held before anything was shown; then all that came in a quarter second goes as one."""

    async def scenario() -> Got:
        buffer = DeltaBuffer(TextDemand(), CLOCK)
        reading = asyncio.create_task(drain(buffer))
        for word in "abcdefgh":
            await asyncio.sleep(0.11)
            buffer.put(Kind.TEXT, word)
        buffer.close()
        return await reading

    assert run(scenario()) == [
        (0.11, Kind.TEXT, "a"),
        (0.36, Kind.TEXT, "bc"),
        (0.61, Kind.TEXT, "de"),
        (0.86, Kind.TEXT, "fg"),
        (0.88, Kind.TEXT, "h"),
    ]


def test_slow_words_are_not_held():
    """After a quarter second without a hand-over there is nothing to wait for."""

    async def scenario() -> Got:
        buffer = DeltaBuffer(TextDemand(), CLOCK)
        reading = asyncio.create_task(drain(buffer))
        for word in "abc":
            await asyncio.sleep(1)
            buffer.put(Kind.TEXT, word)
        buffer.close()
        return await reading

    assert [at for at, _, _ in run(scenario())] == [1, 2, 3]


def test_who_asks_gets_what_is_there_or_the_next_to_come():
    """An ask with nothing held is remembered for the next words."""

    async def scenario() -> Got:
        demand = TextDemand()
        buffer = DeltaBuffer(demand, CLOCK)
        reading = asyncio.create_task(drain(buffer))
        buffer.put(Kind.TEXT, "a")
        await asyncio.sleep(0.05)
        buffer.put(Kind.TEXT, "b")
        assert demand.held_since == 0.05
        await asyncio.sleep(0.05)
        demand.ask()
        await asyncio.sleep(0.01)
        assert demand.held_since is None
        demand.ask()
        await asyncio.sleep(0.01)
        buffer.put(Kind.TEXT, "c")
        await asyncio.sleep(0.01)
        buffer.put(Kind.TEXT, "d")
        await asyncio.sleep(0.01)
        buffer.close()
        return await reading

    assert run(scenario()) == [
        (0, Kind.TEXT, "a"),
        (0.1, Kind.TEXT, "b"),
        (0.12, Kind.TEXT, "c"),
        (0.14, Kind.TEXT, "d"),
    ]


def test_an_ending_is_never_delayed():
    """What is held goes the moment the stream ends, or the moment something else arrives."""

    async def scenario() -> Got:
        buffer = DeltaBuffer(TextDemand(), CLOCK)
        reading = asyncio.create_task(drain(buffer))
        buffer.put(Kind.TEXT, "a")
        await asyncio.sleep(0.01)
        buffer.put(Kind.TEXT, "b")
        await asyncio.sleep(0.01)
        buffer.put(Kind.REASONING, "hm")
        await asyncio.sleep(0.01)
        buffer.put(Kind.TEXT, "c")
        await asyncio.sleep(0.01)
        buffer.put(Kind.TEXT, "d")
        await asyncio.sleep(0.01)
        buffer.close()
        return await reading

    assert [(at, text) for at, _, text in run(scenario())] == [
        (0, "a"),
        (0.02, "b"),
        (0.02, "hm"),
        (0.03, "c"),
        (0.05, "d"),
    ]


def test_the_display_does_not_hurry_thoughts():
    """An ask left open concerns the answer, so the thoughts before it are still merged."""

    async def scenario() -> Got:
        demand = TextDemand()
        demand.ask()
        buffer = DeltaBuffer(demand, CLOCK)
        reading = asyncio.create_task(drain(buffer))
        for _ in range(10):
            buffer.put(Kind.REASONING, "x")
            await asyncio.sleep(0.02)
        buffer.close()
        return await reading

    assert [text for _, _, text in run(scenario())] == ["x", "x" * 9]


@given(st.lists(st.tuples(st.sampled_from(Kind), st.text(min_size=1, max_size=3), st.floats(0, 0.3)), max_size=30))
def test_nothing_is_lost_doubled_or_disordered(arrivals: list[tuple[Kind, str, float]]):
    """Whatever comes when, each kind's words come out as they went in, and none waits longer than it may."""

    async def scenario() -> None:
        buffer = DeltaBuffer(TextDemand(), CLOCK)
        reading = asyncio.create_task(drain(buffer))
        for kind, text, pause in arrivals:
            buffer.put(kind, text)
            await asyncio.sleep(pause)
        buffer.close()
        got = await reading
        for kind in Kind:
            assert "".join(t for _, k, t in got if k is kind) == "".join(t for k, t, _ in arrivals if k is kind)
        assert buffer.handed_chars == sum(len(text) for _, text, _ in arrivals)
        assert buffer.drained
        assert len(got) <= 2 * len(arrivals)
        assert CLOCK.monotonic() <= sum(pause for _, _, pause in arrivals) + HOLD_S

    run(scenario())
