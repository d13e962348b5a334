"""What every `SettingsStore` promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.settings.store import Change, Setting
from bot.storage.settings import SqliteSettings

if TYPE_CHECKING:
    from bot.storage.engine.database import Database


@pytest.fixture
def settings(database: Database) -> SqliteSettings:
    return SqliteSettings(database)


def value(setting: Setting | None) -> str:
    assert setting is not None
    return setting.value


async def test_a_setting_is_its_scopes_own(settings: SqliteSettings) -> None:
    """The same key in another scope is another setting."""
    await settings.set("channel:1", "model", "a", by=5, now=100)
    await settings.set("guild:1", "model", "b", by=5, now=100)
    assert value(await settings.get("channel:1", "model")) == "a"
    assert value(await settings.get("guild:1", "model")) == "b"
    assert await settings.get("channel:2", "model") is None


async def test_setting_again_replaces_and_none_removes(settings: SqliteSettings) -> None:
    """There is one value or none; removing what is not there is fine."""
    await settings.set("guild:1", "model", "a", by=5, now=100)
    await settings.set("guild:1", "model", "b", by=6, now=200)
    assert await settings.entries(["guild:1"]) == [
        Setting(scope="guild:1", key="model", value="b", set_by=6, set_at=200)
    ]
    await settings.set("guild:1", "model", None, by=6, now=300)
    await settings.set("guild:1", "model", None, by=6, now=300)
    assert await settings.get("guild:1", "model") is None


async def test_entries_are_a_scopes_settings_by_key(settings: SqliteSettings) -> None:
    """With who set them and when."""
    await settings.set("guild:1", "prompt", "p", by=5, now=100)
    await settings.set("guild:1", "model", "m", by=6, now=200)
    await settings.set("guild:2", "model", "n", by=6, now=200)
    assert await settings.entries(["guild:1"]) == [
        Setting(scope="guild:1", key="model", value="m", set_by=6, set_at=200),
        Setting(scope="guild:1", key="prompt", value="p", set_by=5, set_at=100),
    ]
    assert len(await settings.entries(["guild:1", "guild:2"])) == 3


async def test_every_change_by_a_person_is_logged_once(settings: SqliteSettings) -> None:
    """Who, when, what, old and new; the newest first; what changes nothing is no change."""
    await settings.set("guild:1", "model", "a", by=5, now=100)
    await settings.set("guild:1", "model", "a", by=5, now=150)
    await settings.set("channel:9", "model", "b", by=6, now=200, guild_id=1)
    await settings.set("guild:1", "model", None, by=6, now=300)
    await settings.set("guild:2", "model", "z", by=5, now=400)
    await settings.set("app:1", "commands", "x", by=0, now=400)
    assert await settings.changes(1, limit=9) == [
        Change(scope="guild:1", key="model", old="a", new=None, by=6, at=300),
        Change(scope="channel:9", key="model", old=None, new="b", by=6, at=200),
        Change(scope="guild:1", key="model", old=None, new="a", by=5, at=100),
    ]
    assert len(await settings.changes(1, limit=1)) == 1
