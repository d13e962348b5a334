"""Whose file is made when."""

from __future__ import annotations

import asyncio

import pytest

from bot.ui.errors import FileUnderWayError
from bot.ui.reports.turns import AT_ONCE, FileTurns
from tests.virtual import run


def test_one_person_has_one_file_made_at_a_time():
    """However often they ask; the next one is theirs when it is done or has failed."""

    async def main() -> None:
        turns = FileTurns()
        for _ in range(2):
            async with turns.turn(1):
                with pytest.raises(FileUnderWayError):
                    await turns.turn(1).__aenter__()
        failing = turns.turn(1)
        await failing.__aenter__()
        assert not await failing.__aexit__(KeyError, KeyError(), None)
        async with turns.turn(1):
            pass

    run(main())


def test_a_crowd_waits_in_line():
    """Few files are in memory at once, and everybody gets theirs."""

    async def main() -> int:
        turns, running, most, done = FileTurns(), 0, 0, 0

        async def ask(user_id: int) -> None:
            nonlocal running, most, done
            async with turns.turn(user_id):
                running += 1
                most = max(most, running)
                await asyncio.sleep(1)
                running -= 1
                done += 1

        await asyncio.gather(*map(ask, range(50)))
        assert done == 50
        return most

    assert run(main()) == AT_ONCE
