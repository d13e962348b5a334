"""Records as the JSON objects of Discord's API."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playground.discord.state import codes
from playground.discord.state.permissions import permissions
from playground.discord.state.records import Json, PlaygroundError

if TYPE_CHECKING:
    from playground.discord.state.records import (
        Attachment,
        Channel,
        Guild,
        Interaction,
        Member,
        Message,
        Role,
        User,
    )

GUILD_NULLS = (
    *("icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id"),
    *("afk_channel_id", "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code"),
    *("rules_channel_id", "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data"),
)
GUILD_ZEROS = (
    *("verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level", "nsfw_level"),
    *("premium_tier", "premium_subscription_count", "system_channel_flags"),
)
START = "2026-01-01T00:00:00+00:00"  # when everything here was founded and joined


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user_json(user: User) -> Json:
    named = {"id": str(user.id), "username": user.name.lower().replace(" ", "."), "global_name": user.name}
    shown: Json = {"discriminator": "0", "avatar": None, "bot": user.bot, "primary_guild": None}
    return {**named, **shown, "public_flags": 0, "flags": 0}


def member_json(member: Member, *, whole: bool = True) -> Json:
    """A member; without `user` where it stands beside one."""
    json: Json = {"nick": member.nick, "roles": [str(role.id) for role in member.roles]}
    json["joined_at"] = stamp(member.joined) if member.joined else START
    json |= {"avatar": None, "banner": None, "premium_since": None, "communication_disabled_until": None}
    json |= {"deaf": False, "mute": False, "pending": False, "flags": 0}
    return {**json, "user": user_json(member.user)} if whole else json


def role_json(role: Role, position: int = 0) -> Json:
    json: Json = {"id": str(role.id), "name": role.name, "permissions": str(int(role.permissions))}
    json["colors"] = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    json |= {"icon": None, "unicode_emoji": None, "color": 0, "flags": 0, "position": position, "hoist": False}
    json |= {"mentionable": role.mentionable, "managed": bool(role.bot)}
    return {**json, "tags": {"bot_id": str(role.bot.id)}} if role.bot else json


def channel_json(channel: Channel) -> Json:
    last = max(channel.messages, default=None)
    json: Json = {"id": str(channel.id), "type": channel.type, "last_message_id": last and str(last), "flags": 0}
    if channel.guild is None:
        return {**json, "recipients": [user_json(channel.recipient)] if channel.recipient else []}
    json |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": channel.slow_mode}
    if channel.parent is None:
        overwrites = [
            {"id": str(key), "type": int(key in channel.guild.members), "allow": str(allow), "deny": str(deny)}
            for key, (allow, deny) in channel.overwrites.items()
        ]
        json |= {"position": 0, "parent_id": None, "topic": None, "nsfw": False}
        return {**json, "permission_overwrites": overwrites}
    json |= {"message_count": len(channel.messages), "member_count": 2, "total_message_sent": 0}
    metadata: Json = {"archived": channel.archived, "locked": channel.locked, "auto_archive_duration": 1440}
    metadata |= {"archive_timestamp": START, "create_timestamp": START}
    owner = str(channel.owner.id) if channel.owner else None
    return {**json, "parent_id": str(channel.parent.id), "owner_id": owner, "thread_metadata": metadata}


def guild_json(guild: Guild) -> Json:
    """A server as REST has it."""
    json: Json = {"id": str(guild.id), "name": guild.name, "owner_id": str(guild.owner.id)}
    json |= dict.fromkeys(GUILD_NULLS) | dict.fromkeys(GUILD_ZEROS, 0)
    json["system_channel_id"] = str(guild.welcomes.id) if guild.welcomes else None
    json |= {"preferred_locale": "en-US", "region": "deprecated", "afk_timeout": 300, "max_members": 500_000}
    json |= {"max_video_channel_users": 25, "max_stage_video_channel_users": 50}
    json |= {"widget_enabled": False, "premium_progress_bar_enabled": False, "nsfw": False}
    json |= {key: [] for key in ("emojis", "stickers", "features")}
    return {**json, "roles": [role_json(role, position) for position, role in enumerate(guild.roles.values())]}


def guild_create_json(guild: Guild, me: User) -> Json:
    """A server as GUILD_CREATE has it; without the members intent the bot is its only member."""
    json = guild_json(guild) | {"unavailable": False, "large": False, "joined_at": START}
    json |= {"voice_states": [], "presences": []}
    json["members"] = [member_json(guild.members[me.id])] if me.id in guild.members else []
    json["member_count"] = len(guild.members)
    channels = list(guild.channels.values())
    json["channels"] = [channel_json(channel) for channel in channels if channel.parent is None]
    json["threads"] = [channel_json(channel) for channel in channels if channel.parent and not channel.archived]
    return json


def numbered(components: list[Json]) -> list[Json]:
    """Components with the ids that Discord gives those without one: from 1 on, parents first."""
    ids = itertools.count(1)

    def number(component: Json) -> Json:
        inner = {key: component[key] for key in ("components", "component", "accessory") if key in component}
        named = {**component, "id": component.get("id") or next(ids)}
        for key, value in inner.items():
            named[key] = [number(each) for each in value] if isinstance(value, list) else number(value)
        return named

    return [number(component) for component in components]


def attachment_json(file: Attachment) -> Json:
    named: Json = {"id": str(file.id), "filename": file.name, "size": len(file.data)}
    named |= {"description": file.description} if file.description is not None else {}
    named |= {"url": file.url, "proxy_url": file.url, "content_type": file.content_type}
    return {**named, **file.facts}


def message_json(message: Message, me: User, *, intent: bool = True, nested: bool = True) -> Json:
    """A message as `me` is given it.

    Without the message-content intent, what it says is blank unless it is direct, `me`'s own or mentions `me`.
    """
    shown = intent or message.channel.type == codes.DM or message.author is me or me in message.mentions
    json: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "author": user_json(message.author),
    }
    json |= {"timestamp": stamp(message.created), "edited_timestamp": message.edited and stamp(message.edited)}
    json |= {"type": message.type, "flags": message.flags, "tts": False, "pinned": False}
    json["mentions"] = [user_json(user) for user in message.mentions]
    json["mention_roles"] = [str(role.id) for role in message.mention_roles]
    json["mention_everyone"] = message.mention_everyone
    json["content"] = message.content if shown else ""
    json["attachments"] = [attachment_json(file) for file in message.attachments] if shown else []
    json["embeds"], json["components"] = (message.embeds, message.components) if shown else ([], [])
    if message.stickers:
        json["sticker_items"] = message.stickers
    if message.poll and shown:
        json["poll"] = message.poll
    if message.forwarded:
        json |= _forward_json(message.forwarded, shown=shown)
    if message.reactions:
        json["reactions"] = [_reaction_json(emoji) for emoji in message.reactions]
    if message.author.webhook:
        json["webhook_id"] = str(message.author.id)
    if message.interaction:
        json |= _origin(message.interaction, me)
    if target := message.reply_to:
        place = {"message_id": str(target.id), "channel_id": str(target.channel.id)}
        json["message_reference"] = {"type": 0, **place}
        if nested:
            replied = message_json(target, me, intent=intent, nested=False)
            json["referenced_message"] = None if target.deleted else replied
    return json


def _forward_json(message: Message, *, shown: bool) -> Json:
    """A message as a forward has it: no author, no id, and blank where the forward is."""
    place = {"message_id": str(message.id), "channel_id": str(message.channel.id)}
    place |= {"guild_id": str(message.channel.guild.id)} if message.channel.guild else {}
    copy: Json = {"type": message.type, "flags": message.flags, "mentions": [], "mention_roles": []}
    copy |= {"timestamp": stamp(message.created), "edited_timestamp": message.edited and stamp(message.edited)}
    copy["content"] = message.content if shown else ""
    copy["attachments"] = [attachment_json(file) for file in message.attachments] if shown else []
    copy["embeds"], copy["components"] = (message.embeds, message.components) if shown else ([], [])
    copy["sticker_items"] = message.stickers
    return {"message_reference": {"type": codes.FORWARD, **place}, "message_snapshots": [{"message": copy}]}


def _reaction_json(emoji: str) -> Json:
    count: Json = {"count": 1, "count_details": {"burst": 0, "normal": 1}, "burst_colors": []}
    return {**count, "me": True, "me_burst": False, "emoji": {"id": None, "name": emoji}}


def _origin(interaction: Interaction, me: User) -> Json:
    """What marks a message as an interaction's answer; its webhook has the application's id."""
    ids = {"id": str(interaction.id), "type": interaction.type, "user": user_json(interaction.user)}
    json: Json = {"webhook_id": str(me.id), "application_id": str(me.id)}
    json["interaction_metadata"] = {**ids, "authorizing_integration_owners": _owners(interaction.channel)}
    return (
        {**json, "interaction": {**ids, "name": interaction.name}} if interaction.type == codes.COMMAND else json
    )


def _owners(channel: Channel) -> Json:
    return {"0": str(channel.guild.id) if channel.guild else "0"}


def interaction_json(interaction: Interaction, me: User) -> Json:
    channel, user = interaction.channel, interaction.user
    json: Json = {
        "id": str(interaction.id),
        "application_id": str(me.id),
        "token": interaction.token,
        "version": 1,
    }
    json |= {"type": interaction.type, "data": interaction.data, "locale": "en-GB", "entitlements": []}
    json |= {"channel_id": str(channel.id), "attachment_size_limit": codes.FILE_BYTES}
    json["channel"] = {**channel_json(channel), "permissions": str(permissions(user, channel))}
    json["app_permissions"] = str(permissions(me, channel))
    json["authorizing_integration_owners"] = _owners(channel)
    if interaction.message:
        json["message"] = message_json(interaction.message, me)
    if channel.guild is None:
        return {**json, "user": user_json(user), "context": 1}
    member = channel.guild.members.get(user.id)
    if member is None:
        raise PlaygroundError(f"{user.name} is not in {channel.guild.name}")
    json["guild"] = {"id": str(channel.guild.id), "locale": "en-US", "features": []}
    json |= {"guild_id": str(channel.guild.id), "guild_locale": "en-US", "context": 0}
    return {**json, "member": {**member_json(member), "permissions": str(permissions(user, channel))}}
