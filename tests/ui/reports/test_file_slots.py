"""Whose file is made when."""

from __future__ import annotations

import asyncio

import pytest

from bot.ui.errors import FileUnderWayError
from bot.ui.reports.file_slots import AT_ONCE, FileSlots
from tests.virtual import run


def test_one_person_has_one_file_made_at_a_time():
    """However often they ask; the next one is theirs when it is done or has failed."""

    async def main() -> None:
        slots = FileSlots()
        for _ in range(2):
            async with slots.slot(1):
                with pytest.raises(FileUnderWayError):
                    await slots.slot(1).__aenter__()
        failing = slots.slot(1)
        await failing.__aenter__()
        assert not await failing.__aexit__(KeyError, KeyError(), None)
        async with slots.slot(1):
            pass

    run(main())


def test_a_crowd_waits_in_a_queue():
    """Few files are in memory at once, and everybody gets theirs."""

    async def main() -> int:
        slots, running, most, done = FileSlots(), 0, 0, 0

        async def ask(user_id: int) -> None:
            nonlocal running, most, done
            async with slots.slot(user_id):
                running += 1
                most = max(most, running)
                await asyncio.sleep(1)
                running -= 1
                done += 1

        await asyncio.gather(*map(ask, range(50)))
        assert done == 50
        return most

    assert run(main()) == AT_ONCE
