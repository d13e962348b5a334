"""What the bot says by itself is bounded, and leaves room for answers."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import aiohttp

from bot.display.errors import NoAccessError
from bot.display.pacing import Wanted
from bot.display.scheduler import EditScheduler
from bot.display.target import WriteKind
from bot.ui.incoming.notices import PRUNE_AT, WAIT, Every, Notices
from tests.fakes.display import FakeTarget
from tests.virtual import VirtualClock, run


class Crowd:
    """People who write messages that are refused in channels."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.scheduler = EditScheduler(self.clock)
        self.notices = Notices(self.scheduler, self.clock, random.Random(1))
        self.targets: dict[int, FakeTarget] = {}
        self.reactions: list[tuple[float, int]] = []
        self.letters: list[str] = []
        self.failure: Exception | None = None

    def message(self, person_id: int, channel_id: int) -> Any:
        async def react(_sign: str) -> None:
            if self.failure:
                raise self.failure
            self.reactions.append((self.clock.monotonic(), channel_id))

        async def send(text: str) -> None:
            if self.failure:
                raise self.failure
            self.letters.append(text)

        author, channel = SimpleNamespace(id=person_id, send=send), SimpleNamespace(id=channel_id)
        return SimpleNamespace(author=author, channel=channel, add_reaction=react)

    async def refused(self, person_id: int, channel_id: int = 1) -> None:
        target = self.targets.setdefault(channel_id, FakeTarget(channel_id))
        await self.notices.say(self.message(person_id, channel_id), target, "Not now.", sign=WAIT)

    def said(self, channel_id: int = 1) -> int:
        return len(self.targets[channel_id].contents)


def test_one_person_who_goes_on_and_on_gets_a_few_sentences_a_minute() -> None:
    """Twice a second for a minute: three sentences, at most a reaction each five seconds, else silence."""

    async def main() -> Crowd:
        crowd = Crowd()
        for _ in range(120):
            await crowd.refused(7)
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
        return crowd

    crowd = run(main())
    assert crowd.said() == 3
    assert len(crowd.reactions) <= 12


def test_a_crowd_gets_no_more_of_a_channel_than_a_few_sentences() -> None:
    """Five hundred at once: one sentence and one reaction; over a minute six sentences."""

    async def main() -> tuple[int, int, int]:
        crowd = Crowd()
        for person in range(500):
            await crowd.refused(person)
        await asyncio.sleep(1)
        at_once = crowd.said(), len(crowd.reactions)
        for number in range(590):
            await crowd.refused(1000 + number)
            await asyncio.sleep(0.1)
        await asyncio.sleep(20)
        return *at_once, crowd.said()

    assert run(main()) == (1, 1, 6)


def test_one_person_in_many_channels_is_one_person() -> None:
    """Somebody who goes through all channels doesn't get a sentence in each."""

    async def main() -> int:
        crowd = Crowd()
        for channel in range(50):
            await crowd.refused(7, channel)
        await asyncio.sleep(20)
        return sum(crowd.said(channel) for channel in range(50))

    assert run(main()) == 1


def test_the_next_person_in_another_channel_is_told() -> None:
    """A flood in one channel silences nobody elsewhere."""

    async def main() -> int:
        crowd = Crowd()
        for person in range(50):
            await crowd.refused(person, 1)
        await crowd.refused(99, 2)
        await asyncio.sleep(1)
        return crowd.said(2)

    assert run(main()) == 1


class Answer:
    """An answer whose first text wants to be shown in channel 1."""

    shown_at: float | None = None

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def wanted(self) -> Wanted | None:
        if self.shown_at is not None:
            return None
        return Wanted(kind=WriteKind.CREATE, bucket="create:1", since=self.clock.monotonic(), urgent=True)

    async def write(self, _kind: WriteKind) -> bool:
        self.shown_at = self.clock.monotonic()
        return True


def test_a_notice_waits_for_what_answers_want() -> None:
    """The channel's five new messages go to the answers first, though the notice was there before them."""

    async def main() -> tuple[list[float], int]:
        crowd = Crowd()
        answers = [Answer(crowd.clock) for _ in range(8)]
        await crowd.refused(7)
        for answer in answers:
            crowd.scheduler.mark(answer)
        await asyncio.sleep(4)
        early = crowd.said()
        await asyncio.sleep(20)
        assert crowd.said() == 1
        return [answer.shown_at or 0 for answer in answers], early

    shown_at, early = run(main())
    assert shown_at == [0] * 5 + [5] * 3
    assert early == 0


def test_a_notice_that_found_no_room_for_long_is_dropped() -> None:
    """Nobody waits for it any more."""

    async def main() -> int:
        crowd = Crowd()
        await crowd.refused(7)
        for _ in range(50):
            crowd.scheduler.mark(Answer(crowd.clock))
        await asyncio.sleep(120)
        return crowd.said()

    assert run(main()) == 0


def test_a_notice_where_the_bot_may_not_write_is_given_up() -> None:
    """After one attempt."""

    async def main() -> int:
        crowd = Crowd()
        crowd.targets[1] = FakeTarget(1)
        crowd.targets[1].fail_next(NoAccessError())
        await crowd.refused(7)
        await asyncio.sleep(20)
        return len(crowd.targets[1].writes)

    assert run(main()) == 1


def test_failures_of_discord_end_nothing() -> None:
    """A reaction or a direct message that doesn't get through takes one line of log."""

    async def main() -> None:
        crowd = Crowd()
        crowd.failure = aiohttp.ServerDisconnectedError()
        for _ in range(3):
            await crowd.refused(7)
        await crowd.notices.say_privately(crowd.message(7, 1), "There I can't write.")

    run(main())


def test_private_words_about_a_channel_come_once_in_ten_minutes() -> None:
    """To each person."""

    async def main() -> int:
        crowd = Crowd()
        for person in (7, 8):
            for _ in range(5):
                await crowd.notices.say_privately(crowd.message(person, 1), "There I can't write.")
                await asyncio.sleep(100)
        return len(crowd.letters)

    assert run(main()) == 2


def test_what_is_remembered_of_people_is_bounded() -> None:
    """Those whose time is over are forgotten."""

    async def main() -> int:
        every = Every(VirtualClock(), period_s=1)
        for person in range(PRUNE_AT):
            every.take(person)
        await asyncio.sleep(2)
        every.take(-1)
        return len(every._free_at)

    assert run(main()) == 1
