"""What was missed is made up for, once, at a channel's first question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.conversation.ports import ShownTurn
from bot.conversation.upkeep.catch_up import PAGE, PATIENCE_S, SPACING_S, CatchUp
from bot.core.clock import SystemClock
from bot.core.records import Place
from bot.display.errors import NoAccessError, WriteFailedError
from tests.fakes import FakeChannels, FakeTarget
from tests.virtual import VirtualClock, run

PLACE = Place(channel_id=1)


@dataclass
class Memory:
    """A `MessageSync` that notes what it is told."""

    turns: list[ShownTurn]
    deleted: list[int] = field(default_factory=list)
    edited: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    async def shown(self, _place: Place, *, limit: int) -> list[ShownTurn]:
        self.asked += 1
        return self.turns[:limit]

    async def delete_messages(self, message_ids: list[int]) -> int:
        self.deleted += message_ids
        return len(message_ids)

    async def keep_files(self, message_id: int, names: list[str]) -> int:
        raise NotImplementedError

    async def edit_question(self, message_id: int, text: str) -> bool:
        self.edited[message_id] = text
        return True


def turns(*ids: int) -> Memory:
    """Questions have even ids, answers odd ones."""
    return Memory([ShownTurn(text=f"{id_}", is_question=id_ % 2 == 0, message_ids=(id_,)) for id_ in ids])


@pytest.fixture
def channels() -> FakeChannels:
    return FakeChannels(FakeTarget())


async def check(memory: Memory, channels: FakeChannels) -> CatchUp:
    catch_up = CatchUp(memory, SystemClock())
    catch_up.begin(channels)
    await catch_up.check(PLACE)
    return catch_up


async def test_what_no_longer_stands_there_is_taken_out(channels: FakeChannels):
    """Questions and answers; what came after the page was read is left alone."""
    memory = turns(20, 15, 14, 13, 12)
    for message_id in (12, 15, 16):
        channels.add(message_id, f"{message_id}", own=bool(message_id % 2))
    await check(memory, channels)
    assert memory.deleted == [14, 13]


async def test_what_was_edited_is_followed(channels: FakeChannels):
    """As far as the bot may read it."""
    memory = turns(18, 16, 14, 12)
    channels.add(12, "edited", own=False, edited=True)
    channels.add(14, "14", own=False)
    channels.add(16, "", own=False, edited=True)
    channels.add(18, "18", own=False)
    await check(memory, channels)
    assert memory.edited == {12: "edited"}
    assert memory.deleted == []


async def test_above_the_page_nothing_is_taken_for_deleted(channels: FakeChannels):
    """One page is read: what is older is not known to be gone."""
    for number in range(PAGE):
        channels.add(1000 + number, "chatter", own=False)
    memory = turns(1050, 500)
    await check(memory, channels)
    assert memory.deleted == []


@pytest.mark.parametrize("unreadable", [True, False], ids=["refused", "empty"])
async def test_a_channel_that_cannot_be_read_leaves_memory_as_it_is(channels: FakeChannels, unreadable: bool):
    """Discord refuses, or shows an empty channel to who may not read older messages."""
    channels.error = NoAccessError() if unreadable else None
    memory = turns(13, 12)
    await check(memory, channels)
    assert memory.deleted == []


async def test_a_channel_is_compared_later_where_discord_takes_no_requests(channels: FakeChannels):
    """A rate limit or a broken connection passes: the next question tries again."""
    channels.error = WriteFailedError(retry_after=60.0)
    memory = turns(13, 12)
    catch_up = await check(memory, channels)
    channels.error = None
    for message_id in (12, 13):
        channels.add(message_id, str(message_id), own=False)
    await catch_up.check(PLACE)
    assert memory.deleted == []
    assert memory.asked == 2
    await catch_up.check(PLACE)
    assert memory.asked == 2


async def test_it_is_done_once_for_each_channel_until_events_may_have_been_lost(channels: FakeChannels):
    """The second question waits for nothing."""
    channels.add(12, "12", own=False)
    memory = turns(12)
    catch_up = await check(memory, channels)
    await catch_up.check(PLACE)
    assert memory.asked == 1
    catch_up.begin(channels)
    await catch_up.check(PLACE)
    assert memory.asked == 2


async def test_a_comparison_that_was_cancelled_is_made_before_the_next_question(channels: FakeChannels):
    """Stopping a question that waits for it leaves the work to the next one."""
    channels.add(13, "13", own=True)
    memory, reading, newest = turns(12), asyncio.Event(), channels.newest

    async def slow(*_: object, **__: object) -> None:
        reading.set()
        await asyncio.Event().wait()

    catch_up = CatchUp(memory, VirtualClock())
    catch_up.begin(channels)
    channels.newest = slow
    stopped = asyncio.create_task(catch_up.check(PLACE))
    await reading.wait()
    stopped.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopped
    channels.newest = newest
    await catch_up.check(PLACE)
    assert memory.deleted == [12]


async def test_a_channel_without_memory_is_not_read(channels: FakeChannels):
    """There is nothing to compare, and a hundred first questions at once cost Discord nothing."""
    channels.newest = None
    for memory in (turns(), turns(12)):
        catch_up = CatchUp(memory, SystemClock())
        catch_up.begin(channels)
        await catch_up.check(PLACE, asked=12)
        assert memory.asked == 1


def test_many_channels_at_once_are_read_one_after_the_other():
    """Reading has a small share of Discord's limit; who would wait too long is compared the next time."""

    async def main() -> None:
        memory, channels = turns(12), FakeChannels(FakeTarget())
        channels.add(13, "13", own=True)
        catch_up = CatchUp(memory, VirtualClock())
        catch_up.begin(channels)
        places = [Place(channel_id=number) for number in range(100)]
        await asyncio.gather(*(catch_up.check(place) for place in places))
        assert asyncio.get_running_loop().time() <= PATIENCE_S
        assert len(memory.deleted) == PATIENCE_S / SPACING_S
        await asyncio.sleep(60)
        await catch_up.check(places[-1])
        assert len(memory.deleted) == PATIENCE_S / SPACING_S + 1

    run(main())
