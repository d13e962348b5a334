"""What holds in a place."""

from __future__ import annotations

from bot.core.records import Place
from bot.settings.catalog import ALLOWED_ROLES, DENIED_USERS, FOOTER, TEMPERATURE
from bot.settings.resolver import SettingsResolver
from tests.fakes import MemorySettings
from tests.virtual import VirtualClock

THREAD = Place(channel_id=3, parent_id=2, guild_id=1)


async def test_the_closest_scope_holds_and_denials_add_up():
    """A thread's setting comes before its channel's and the server's; no list lifts another's denial."""
    resolver = SettingsResolver(MemorySettings(), VirtualClock())
    for scope, key, value in (
        ("guild:1", FOOTER.key, "on"),
        ("channel:2", FOOTER.key, "off"),
        ("guild:1", DENIED_USERS.key, "7 8"),
        ("channel:3", DENIED_USERS.key, "9"),
        ("guild:1", ALLOWED_ROLES.key, "7 8"),
        ("channel:3", ALLOWED_ROLES.key, "9"),
    ):
        await resolver.set(scope, key, value, by=5)
    effective = await resolver.effective(THREAD)
    assert not effective.flag(FOOTER)
    assert effective.find(FOOTER.key).scope == "channel:2"
    assert effective.ids(DENIED_USERS) == {7, 8, 9}
    assert effective.ids(ALLOWED_ROLES) == {9}
    assert effective.number(TEMPERATURE) is None
    elsewhere = await resolver.effective(Place(channel_id=4, guild_id=1))
    assert elsewhere.flag(FOOTER)
