"""While the database can't be read, the rules and totals that were read last go on applying."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.core.errors import StorageError
from bot.core.records import Place
from bot.money.ledger import Cost, Entry, Period
from bot.storage import last_known
from bot.storage.engine.database import open_database
from bot.storage.last_known import LastKnown
from bot.storage.ledger import SqliteLedger
from bot.storage.settings import SqliteSettings

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_795_348_800  # 2026-11-22 12:00 UTC


async def test_settings_are_known_where_they_were_read_before(path: Path) -> None:
    """Also that nothing is set there. A place nobody asked about could have any rules: that is an error."""
    async with open_database(path) as database:
        settings = SqliteSettings(database)
        await settings.set("guild:1", "model", "m", by=5, now=0)
        known = await settings.entries(["channel:1", "guild:1"])
        path.rename(path.with_name("away.db"))
        assert await settings.entries(["channel:1", "guild:1"]) == known
        assert await settings.entries(["channel:1"]) == []
        with pytest.raises(StorageError, match="the file is gone"):
            await settings.entries(["channel:2", "guild:1"])


async def test_a_used_up_budget_stays_used_up(path: Path) -> None:
    """What an account had spent is still known; of other accounts and other days nothing is assumed."""
    async with open_database(path) as database:
        ledger = SqliteLedger(database)
        place = Place(channel_id=2, guild_id=1)
        await ledger.book(
            Entry(at=NOON, place=place, user_id=7, model="m", state="complete", cost=Cost(nano_usd=9))
        )
        known = await ledger.spent(["all", "guild:3"], at=NOON)
        assert known == {("all", Period.DAY): 9, ("all", Period.MONTH): 9}
        path.rename(path.with_name("away.db"))
        assert await ledger.spent(["all", "guild:3"], at=NOON) == known
        for accounts, at in ((["all", "guild:1"], NOON), (["all"], NOON + 86_400)):
            with pytest.raises(StorageError, match="the file is gone"):
                await ledger.spent(accounts, at=at)


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The values kept longest ago go first."""
    monkeypatch.setattr(last_known, "MOST", 2)
    values: LastKnown[str, int] = LastKnown()
    for number, key in enumerate("abac"):
        values.keep(key, number)
    assert (values.get("a"), values.get("c")) == (2, 3)
    with pytest.raises(KeyError):
        values.get("b")
