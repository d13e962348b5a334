"""The people and places that the demo begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.discord import Discord, Guild, User


@dataclass(slots=True, frozen=True)
class Stage:
    """A server, and the two people one can be."""

    guild: Guild
    admin: User
    member: User

    @property
    def people(self) -> dict[str, User]:
        """By id, as the page has it."""
        return {str(user.id): user for user in (self.admin, self.member)}


def furnish(d: Discord) -> Stage:
    """Put an admin and a member into a server with two channels and a thread, each with a direct message."""
    admin, member = d.add_user("Ada"), d.add_user("Mo")
    guild = d.add_guild("Workshop")
    d.add_member(guild, admin, admin=True)
    d.add_member(guild, member)
    general = d.add_channel(guild, "general")
    d.add_channel(guild, "experiments")
    d.add_thread(general, "a thread", admin)
    for user in (admin, member):
        d.open_dm(user)
    return Stage(guild, admin, member)
