"""What people see while a model thinks, in virtual time."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from bot.core.events import Alive, Called, Reasoning
from bot.settings.catalog import REASONING
from bot.settings.resolver import channel_scope
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget
from tests.virtual import run

CALLED = Called(model="a/model", generation_id="gen-1")


def seconds_shown(target: FakeTarget) -> list[int]:
    """The seconds that the message counted, in order."""
    found = [re.fullmatch(r"-# Thinking… (?:(\d+) min )?(\d+) s", write.content) for write in target.writes]
    return [int(match[1] or 0) * 60 + int(match[2]) for match in found if match]


def test_a_model_that_thinks_in_silence_for_two_minutes_is_seen_to_be_alive():
    """The message counts the seconds, rarer as time goes on; the call is made once and its answer shown."""

    async def main() -> tuple[Stage, FakeTarget]:
        stage, target = Stage(), FakeTarget(latency=0.1)
        stage.llm.gap = 3.0
        stage.llm.say(CALLED, *[Alive()] * 40, "At last.")
        await stage.ask("why?", target)
        return stage, target

    stage, target = run(main())
    shown = seconds_shown(target)
    assert shown[0] <= 6
    assert shown[-1] > 100
    assert shown == sorted(shown)
    assert max(later - earlier for earlier, later in pairwise(shown)) <= 18
    assert len(target.writes) <= 30
    assert target.contents == ["At last."]
    assert len(stage.llm.requests) == 1


def test_a_hidden_thought_costs_no_first_text_its_turn():
    """Fifty models think at once and then speak: nobody's first words wait for a counter."""

    async def main(*, thinking: bool) -> float:
        stage = Stage()
        targets = [FakeTarget(channel, latency=0.1) for channel in range(1, 51)]
        stage.llm.gap = 3.0
        for _ in targets:
            stage.llm.say(CALLED, *[Alive() if thinking else CALLED] * 10, "At last.")
        asked = [
            stage.ask("why?", target, channel=target.channel_id, author=n) for n, target in enumerate(targets)
        ]
        for task in asked:
            await task
        texts = [min(w.at for w in target.writes if w.content.startswith("At last")) for target in targets]
        return max(texts)

    assert run(main(thinking=True)) <= run(main(thinking=False)) + 0.5


@pytest.mark.parametrize("shown", ["off", "live", "button"])
def test_thoughts_are_shown_only_where_people_want_them(shown: str):
    """Elsewhere the message says for how long the model thinks."""

    async def main() -> FakeTarget:
        stage, target = Stage(), FakeTarget(latency=0.1)
        await stage.resolver.set(channel_scope(1), REASONING.key, shown, by=1)
        stage.llm.gap = 1.0
        stage.llm.say(CALLED, *[Reasoning("It is a SECRET plan. ")] * 9, "Four.")
        await stage.ask("2+2?", target)
        return target

    target = run(main())
    said = " ".join(write.content for write in target.writes)
    assert ("SECRET" in said) == (shown == "live")
    assert bool(seconds_shown(target)) == (shown != "live")
    assert target.contents == ["Four."]
