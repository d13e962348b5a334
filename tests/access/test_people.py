"""Who may ask, by the settings of a place."""

from __future__ import annotations

import pytest

from bot.access.people import Access, Person
from bot.access.refusals import SENTENCES, NotAllowedError, Rule
from bot.core.records import Place
from bot.settings.resolver import SettingsResolver
from tests.fakes import MemorySettings
from tests.virtual import VirtualClock

HERE = Place(channel_id=2, guild_id=1)
THREAD = Place(channel_id=3, parent_id=2, guild_id=1)
ANN, MOD, ADMIN, OWNER = (
    Person(id=7),
    Person(id=8, role_ids=frozenset({50})),
    Person(id=9, manages=True),
    Person(id=99),
)


async def settings_with(**values: str) -> SettingsResolver:
    """A server's settings."""
    resolver = SettingsResolver(MemorySettings(), VirtualClock())
    for key, value in values.items():
        await resolver.set("guild:1", key, value, by=9)
    return resolver


async def access(**values: str) -> Access:
    """The judge of a server with these settings."""
    return Access(await settings_with(**values), owner_ids={OWNER.id})


@pytest.mark.parametrize(
    ("settings", "person", "rule"),
    [
        ({}, ANN, None),
        ({"answer": "never"}, ANN, Rule.SILENT),
        ({"answer": "never"}, ADMIN, Rule.SILENT),
        ({"denied_channels": "2"}, ADMIN, Rule.CHANNEL),
        ({"allowed_channels": "4"}, ANN, Rule.CHANNEL),
        ({"allowed_channels": "2"}, ANN, None),
        ({"denied_users": "7"}, ANN, Rule.DENIED),
        ({"denied_users": "7"}, MOD, None),
        ({"denied_users": "9"}, ADMIN, None),
        ({"denied_users": "99"}, OWNER, None),
        ({"denied_roles": "50"}, MOD, Rule.DENIED),
        ({"denied_roles": "50", "admin_role": "50"}, MOD, None),
        ({"allowed_roles": "50"}, MOD, None),
        ({"allowed_roles": "50"}, ANN, Rule.NOT_ALLOWED),
        ({"allowed_roles": "50", "allowed_users": "7"}, ANN, None),
        ({"allowed_roles": "50", "denied_users": "8"}, MOD, Rule.DENIED),
    ],
)
async def test_lists_are_read_as_they_say(settings: dict[str, str], person: Person, rule: Rule | None):
    """Denials come first, lists of people spare admins, and a thread is as its channel."""
    resolver = await settings_with(**settings)
    judge = Access(resolver, owner_ids={OWNER.id})
    for place in (HERE, THREAD):
        effective = await resolver.effective(place)
        if rule is None:
            judge.check(person, place, effective)
        else:
            with pytest.raises(NotAllowedError) as refusal:
                judge.check(person, place, effective)
            assert refusal.value.rule is rule
            assert refusal.value.sentence == SENTENCES[rule]


@pytest.mark.parametrize(
    ("person", "in_server", "in_direct_messages"),
    [(ANN, False, False), (MOD, True, False), (ADMIN, True, False), (OWNER, True, True)],
)
async def test_admins_are_who_manages_the_role_and_the_owners(
    person: Person, in_server: bool, in_direct_messages: bool
):
    """A role is worth something in the server that named it; the bot's owners are admins anywhere."""
    judge = await access(admin_role="50")
    assert await judge.is_admin(person, 1) is in_server
    assert await judge.is_admin(person, None) is in_direct_messages
    if person is MOD:
        assert not await judge.is_admin(person, 2)
