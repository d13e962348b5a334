"""Who may do what where, computed as Discord documents it."""

from __future__ import annotations

from functools import reduce
from operator import or_

from playground.discord.state import codes
from playground.discord.state.records import EVERYBODY, EVERYTHING, ApiError, Channel, Guild, Permission, User


def guild_permissions(user: User, guild: Guild) -> int:
    member = guild.members.get(user.id)
    if member is None:
        return 0
    if guild.owner is user:
        return EVERYTHING
    held = reduce(or_, (role.permissions for role in member.roles), guild.roles[guild.id].permissions)
    return EVERYTHING if held & Permission.ADMINISTRATOR else held


def permissions(user: User, channel: Channel) -> int:
    """The permission bits of a person in a channel; a thread has its parent's."""
    guild = channel.guild
    if guild is None:
        return EVERYBODY | Permission.MENTION_EVERYONE if channel.recipient is user or user.bot else 0
    if user.webhook:
        return EVERYBODY | Permission.MENTION_EVERYONE
    held = guild_permissions(user, guild)
    if held == EVERYTHING or user.id not in guild.members:
        return held
    overwrites = (channel.parent or channel).overwrites
    of_roles = [overwrites.get(role.id, (0, 0)) for role in guild.members[user.id].roles]
    together = (reduce(or_, (allow for allow, _ in of_roles), 0), reduce(or_, (deny for _, deny in of_roles), 0))
    for allow, deny in (overwrites.get(guild.id, (0, 0)), together, overwrites.get(user.id, (0, 0))):
        held = held & ~deny | allow
    hidden = channel.type == codes.PRIVATE_THREAD and user not in channel.members
    visible = held & Permission.VIEW_CHANNEL and (not hidden or held & Permission.MANAGE_THREADS)
    return held if visible else 0


def can(user: User, channel: Channel, needed: int) -> bool:
    return permissions(user, channel) & needed == needed


def demand(user: User, channel: Channel, needed: int) -> None:
    """Refuse as the API does.

    Raises:
        ApiError: 50001 where the channel is hidden, 50013 where a permission is missing.
    """
    if not can(user, channel, Permission.VIEW_CHANNEL):
        raise ApiError(403, 50001, "Missing Access")
    if not can(user, channel, needed):
        raise ApiError(403, 50013, "Missing Permissions")


def may_write(author: User, channel: Channel, *, files: bool, reply: bool) -> None:
    """Refuse a post as the API does.

    Raises:
        ApiError: 50001, 50013; 50007 where a person takes no direct messages; 160002, 50083.
    """
    if channel.recipient and not channel.recipient.takes_dms:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    sending = Permission.SEND_MESSAGES_IN_THREADS if channel.parent else Permission.SEND_MESSAGES
    demand(author, channel, sending | (Permission.ATTACH_FILES if files else 0))
    if reply and not can(author, channel, Permission.READ_MESSAGE_HISTORY):
        raise ApiError(400, 160002, "You cannot reply without permission to read message history")
    if channel.locked and not can(author, channel, Permission.MANAGE_THREADS):
        raise ApiError(400, 50083, "Thread is archived")
