"""A day of chatter in virtual time: what is over is let go."""

from __future__ import annotations

import asyncio
import gc
import random

from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import run

CHANNELS = 20
HOUR_S = 60 * 60


def live() -> int:
    """How many objects there are."""
    gc.collect()
    return len(gc.get_objects())


def test_memory_is_flat_over_a_day():
    """After the first hours nothing grows with what was said; every answer has ended."""

    async def main() -> list[int]:
        stage, rng, counts = Stage(), random.Random(1), []
        stage.llm.gap = 1.0
        for _ in range(24):
            for _ in range(30):
                stage.llm.say("A ", "few ", "words", ".")
                channel = rng.randrange(CHANNELS)
                target = FakeTarget(channel, latency=0.1)
                await stage.ask("hello", target, channel=channel)
                assert target.contents == ["A few words."]
                await asyncio.sleep(rng.uniform(0, HOUR_S / 15))
            stage.store.__init__()  # what they keep stands for the database
            stage.ledger.__init__()
            stage.llm.requests.clear()
            counts.append(live())
        return counts

    counts = run(main())
    assert max(counts[12:]) < 1.01 * counts[6]
