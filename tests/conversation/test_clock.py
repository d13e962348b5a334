"""The computer's clock is set while the bot answers."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.records import ReplyState
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import VirtualClock, run

DAY_S = 86_400


@pytest.mark.parametrize("jump_s", [-40 * DAY_S, -3600, 3600, 40 * DAY_S])
def test_a_clock_that_jumps_changes_no_answer(monkeypatch: pytest.MonkeyPatch, jump_s: float):
    """The answer under way ends whole, and those after it keep their order; only what has a date moves with it."""
    jumped, real = 0.0, VirtualClock.time
    monkeypatch.setattr(VirtualClock, "time", lambda clock: real(clock) + jumped)

    async def main() -> None:
        nonlocal jumped
        stage, targets = Stage(), [FakeTarget(latency=0.1) for _ in range(3)]
        stage.llm.gap = 1.0
        for words in (("one ", "two ", "three"), ("four",), ("five",)):
            stage.llm.say(*words)
        under_way = stage.ask("first", targets[0])
        waiting = stage.ask("second", targets[1])
        await asyncio.sleep(1.5)
        jumped = jump_s
        endings = [await under_way, await waiting, await stage.ask("third", targets[2])]
        assert [ending.state for ending in endings] == [ReplyState.COMPLETE] * 3
        assert [target.contents for target in targets] == [["one two three"], ["four"], ["five"]]
        said = [message.content for message in stage.llm.requests[-1].messages]
        assert ["first" in said[0], said[1], said[3]] == [True, "one two three", "four"]

    run(main())
