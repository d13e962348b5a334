"""What holds in a place."""

from __future__ import annotations

from bot.core.house_rules import ALLOWED_ROLES, DENIED_USERS, FOOTER, TEMPERATURE
from bot.core.messages import Place
from bot.core.preferences import Preferences
from tests.fakes import MemorySettings
from tests.virtual import VirtualClock

THREAD = Place(channel_id=3, parent_id=2, guild_id=1)


async def test_the_closest_scope_holds_and_denials_add_up():
    """A thread's setting comes before its channel's and the server's; no list lifts another's denial."""
    preferences = Preferences(MemorySettings(), VirtualClock())
    for scope, key, value in (
        ("guild:1", FOOTER.key, "on"),
        ("channel:2", FOOTER.key, "off"),
        ("guild:1", DENIED_USERS.key, "7 8"),
        ("channel:3", DENIED_USERS.key, "9"),
        ("guild:1", ALLOWED_ROLES.key, "7 8"),
        ("channel:3", ALLOWED_ROLES.key, "9"),
    ):
        await preferences.set(scope, key, value, by=5)
    held = await preferences.held(THREAD)
    assert not held.flag(FOOTER)
    assert held.preference(FOOTER).scope == "channel:2"
    assert held.ids(DENIED_USERS) == {7, 8, 9}
    assert held.ids(ALLOWED_ROLES) == {9}
    assert held.number(TEMPERATURE) is None
    elsewhere = await preferences.held(Place(channel_id=4, guild_id=1))
    assert elsewhere.flag(FOOTER)
