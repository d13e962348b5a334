"""Who may ask, and who counts as an admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.access.refusals import NotAllowedError, Rule
from bot.settings.catalog import (
    ADMIN_ROLE,
    ALLOWED_CHANNELS,
    ALLOWED_ROLES,
    ALLOWED_USERS,
    ANSWER,
    DENIED_CHANNELS,
    DENIED_ROLES,
    DENIED_USERS,
)
from bot.settings.resolver import guild_scope

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from bot.core.records import Place
    from bot.settings.resolver import EffectiveSettings, SettingsResolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in a server, or in direct messages, which have neither roles nor permissions.

    `manages` is Discord's Manage Server permission, which a server's owner has too.
    """

    id: int
    role_ids: frozenset[int] = frozenset()
    manages: bool = False


class Access:
    """Judges people by the settings of a place."""

    def __init__(self, resolver: SettingsResolver, *, owner_ids: AbstractSet[int]) -> None:
        self._resolver = resolver
        self._owner_ids = owner_ids

    def is_owner(self, person: Person) -> bool:
        """Whether somebody owns the bot itself."""
        return person.id in self._owner_ids

    async def is_admin(self, person: Person, guild_id: int | None) -> bool:
        """The bot's owners anywhere; in a server, people who manage it or have the admin role in its settings.

        Raises:
            StorageError: the settings can't be read.
        """
        if self.is_owner(person):
            return True
        if guild_id is None or person.manages:
            return guild_id is not None
        role = await self._resolver.get(guild_scope(guild_id), ADMIN_ROLE.key)
        return role is not None and int(role.value) in person.role_ids

    def check(self, person: Person, place: Place, effective: EffectiveSettings) -> None:
        """Let somebody ask in a place. The lists of people and roles don't apply to admins, who could change them.

        Raises:
            NotAllowedError: a list keeps them from asking.
        """
        if rule := _channel_rule(effective, place):
            raise NotAllowedError(rule)
        rule = _personal_rule(effective, person)
        if rule and not self._is_spared(person, place, effective):
            raise NotAllowedError(rule)

    def _is_spared(self, person: Person, place: Place, effective: EffectiveSettings) -> bool:
        in_guild = place.guild_id is not None
        return self.is_owner(person) or (
            in_guild and (person.manages or bool(person.role_ids & effective.ids(ADMIN_ROLE)))
        )


def _channel_rule(effective: EffectiveSettings, place: Place) -> Rule | None:
    here = {place.channel_id, place.parent_id}
    if effective.text(ANSWER) == "never":
        return Rule.SILENT
    allowed = effective.ids(ALLOWED_CHANNELS)
    if here & effective.ids(DENIED_CHANNELS) or (allowed and not here & allowed):
        return Rule.CHANNEL
    return None


def _personal_rule(effective: EffectiveSettings, person: Person) -> Rule | None:
    if person.id in effective.ids(DENIED_USERS) or person.role_ids & effective.ids(DENIED_ROLES):
        return Rule.DENIED
    people, roles = effective.ids(ALLOWED_USERS), effective.ids(ALLOWED_ROLES)
    if (people or roles) and person.id not in people and not person.role_ids & roles:
        return Rule.NOT_ALLOWED
    return None
