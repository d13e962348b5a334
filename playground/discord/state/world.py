"""The state of the test Discord, and the few ways in which it changes."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Protocol

from playground.discord.cdn import Cdn
from playground.discord.state import checks, codes
from playground.discord.state.payloads import (
    channel_json,
    guild_create_json,
    member_json,
    message_json,
    numbered,
    role_json,
)
from playground.discord.state.permissions import can
from playground.discord.state.records import (
    EVERYBODY,
    ApiError,
    Change,
    Channel,
    Guild,
    Member,
    Message,
    Permission,
    Role,
    User,
    Version,
)
from playground.discord.state.rules import Rules

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from playground.discord.state.records import File, Interaction, Json


class Dispatch(Protocol):
    """Send an event to the bot's sessions that have the intent; `blank` to those that may not read content."""

    def __call__(
        self, event: str, data: Json, *, guild: Guild | None, intent: int = 0, blank: Json | None = None
    ) -> None: ...


class World:
    """All there is. Its methods change it, tell the bot by the gateway and the watchers by `changed`."""

    dispatch: Dispatch  # the gateway's

    def __init__(self, *, message_content: bool) -> None:
        self.message_content = message_content  # is the privileged intent granted to the application?
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.commands: dict[int | None, list[Json]] = {None: []}  # by server; None: everywhere
        self.interactions: dict[str, Interaction] = {}  # by token
        self.rules = Rules()
        self.cdn = Cdn(self.snowflake)
        self.listeners: list[Callable[[Change], None]] = []
        self.waiters: set[asyncio.Event] = set()
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self._increments = itertools.count()
        self.me = self.add_user("Headwater", bot=True)

    def snowflake(self) -> int:
        """A new id: its milliseconds since Discord's epoch, and a counter in the 22 bits below."""
        return (int(time.time() * 1000) - codes.EPOCH_MS) << 22 | (next(self._increments) & 0x3FFFFF)

    def changed(self, kind: str, subject: object) -> None:
        for listener in list(self.listeners):
            listener(Change(kind, subject))
        for waiter in self.waiters:
            waiter.set()

    # --- People and places ----------------------------------------------------------------------------------

    def add_user(self, name: str, *, bot: bool = False, webhook: bool = False) -> User:
        user = User(self.snowflake(), name, bot=bot or webhook, webhook=webhook)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User, *, bot_permissions: int, welcomes: str = "") -> Guild:
        """A server that the bot is in; with `welcomes`, it joins now one with such a system channel."""
        guild = Guild(self.snowflake(), name, owner)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYBODY)
        guild.members[owner.id] = Member(owner)
        own = self.add_role(guild, self.me.name, bot_permissions, bot=self.me)
        guild.members[self.me.id] = Member(self.me, [own], joined=time.time() if welcomes else None)
        guild.welcomes = self._place(Channel(self.snowflake(), welcomes, guild=guild)) if welcomes else None
        self.guilds[guild.id] = guild
        joined = guild_create_json(guild, self.me)
        del joined["unavailable"]  # it tells a server that comes back after an outage from one that was joined
        self.dispatch("GUILD_CREATE", joined, guild=guild, intent=codes.GUILDS)
        return guild

    def add_role(
        self, guild: Guild, name: str, permissions: int = 0, *, mentionable: bool = False, bot: User | None = None
    ) -> Role:
        role = Role(self.snowflake(), name, permissions, mentionable, bot)
        guild.roles[role.id] = role
        json = {"guild_id": str(guild.id), "role": role_json(role, len(guild.roles))}
        self.dispatch("GUILD_ROLE_CREATE", json, guild=guild, intent=codes.GUILDS)
        return role

    def add_channel(self, guild: Guild, name: str) -> Channel:
        channel = self._place(Channel(self.snowflake(), name, guild=guild))
        self.dispatch("CHANNEL_CREATE", channel_json(channel), guild=guild, intent=codes.GUILDS)
        return channel

    def add_thread(
        self, parent: Channel, name: str, owner: User, *, message: Message | None = None, kind: int = codes.THREAD
    ) -> Channel:
        if parent.type != codes.TEXT:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        if message and message.thread:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        checks.sized(name, "name", 1, 100)
        key = message.id if message else self.snowflake()  # Discord: a message's thread has its id
        thread = self._place(Channel(key, name, kind, guild=parent.guild, parent=parent, owner=owner))
        thread.members.add(owner)
        json = {**channel_json(thread), "newly_created": True}
        self.dispatch("THREAD_CREATE", json, guild=thread.guild, intent=codes.GUILDS)
        if message:
            message.thread, message.flags = thread, message.flags | codes.HAS_THREAD
            self.announce("MESSAGE_UPDATE", message)
        return thread

    def open_dm(self, user: User) -> Channel:
        if user.bot:
            raise ApiError(403, 50007, "Cannot send messages to this user")
        channel = next((c for c in self.channels.values() if c.recipient is user), None)
        return channel or self._place(Channel(self.snowflake(), f"@{user.name}", codes.DM, recipient=user))

    def _place(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        if channel.guild:
            channel.guild.channels[channel.id] = channel
        self.changed("channel", channel)
        return channel

    def update_channel(self, channel: Channel, **changes: object) -> None:
        for key, value in changes.items():
            setattr(channel, key, value)
        event = "THREAD_UPDATE" if channel.parent else "CHANNEL_UPDATE"
        self.dispatch(event, channel_json(channel), guild=channel.guild, intent=codes.GUILDS)
        self.changed("channel", channel)

    def remove_channel(self, channel: Channel) -> None:
        for thread in [c for c in self.channels.values() if c.parent is channel]:
            self.remove_channel(thread)
        del self.channels[channel.id]
        for message in channel.messages.values():
            message.deleted = True
        if channel.guild:
            del channel.guild.channels[channel.id]
            event = "THREAD_DELETE" if channel.parent else "CHANNEL_DELETE"
            self.dispatch(event, channel_json(channel), guild=channel.guild, intent=codes.GUILDS)
        self.changed("channel", channel)

    # --- Messages -------------------------------------------------------------------------------------------

    def create(
        self,
        channel: Channel,
        author: User,
        body: Json,
        *,
        files: Sequence[File] = (),
        interaction: Interaction | None = None,
        kind: int = codes.DEFAULT,
    ) -> Message:
        """Post a message; a repeated nonce gives the message that had it first.

        Raises:
            ApiError: where Discord would not take it.
        """
        key = (author.id, str(body["nonce"])) if body.get("enforce_nonce") and "nonce" in body else None
        if key in self._nonces and time.monotonic() < self._nonces[key][0] + codes.NONCE_SECONDS:
            return self._nonces[key][1]
        message = Message(self.snowflake(), channel, author, type=kind, interaction=interaction)
        message.nonce, message.flags = body.get("nonce"), body.get("flags") or 0
        self._refer(message, body.get("message_reference"))
        if not message.flags & codes.LOADING:
            checks.check_message(body, message, files=len(files))
        self.rules.check_text(author, channel, body.get("content") or "")
        if interaction and message.flags & codes.EPHEMERAL:
            message.ephemeral_to = interaction.user
        self._apply(message, body, files)
        if key:
            self._nonces[key] = (time.monotonic(), message)
        self._post(message)
        return message

    def _refer(self, message: Message, reference: Json | None) -> None:
        target = message.channel.messages.get(int(reference["message_id"])) if reference else None
        if (reference or {}).get("type") == codes.FORWARD:
            return
        if reference and (target or reference.get("fail_if_not_exists", True)):
            checks.check_reply(target, message.channel)
            message.reply_to, message.type = target, codes.REPLY

    def _post(self, message: Message) -> None:
        if message.ephemeral_to is None:
            message.channel.messages[message.id] = message
            if message.channel.archived:
                self.update_channel(message.channel, archived=False)
            self.announce("MESSAGE_CREATE", message)
        self.changed("message", message)

    def edit(self, message: Message, body: Json, files: Sequence[File] = ()) -> Message:
        checks.check_message(body, message, files=len(files))
        self.rules.check_text(message.author, message.channel, body.get("content") or "")
        message.edited = message.edited if message.flags & codes.LOADING else time.time()
        message.flags &= ~codes.LOADING
        if "flags" in body:
            message.flags &= ~codes.SUPPRESS_EMBEDS
            message.flags |= (body["flags"] or 0) & codes.SUPPRESS_EMBEDS
        self._apply(message, body, files)
        if message.ephemeral_to is None:
            self.announce("MESSAGE_UPDATE", message)
        self.changed("edit", message)
        return message

    def react(self, message: Message, emoji: str) -> None:
        """The bot puts a reaction under a message."""
        if emoji not in message.reactions:
            message.reactions.append(emoji)
        self.changed("reaction", message)

    def _apply(self, message: Message, body: Json, files: Sequence[File]) -> None:
        message.content = (body.get("content", message.content) or "").strip()
        message.components = numbered(body.get("components", message.components) or [])
        message.embeds = body.get("embeds", message.embeds) or []
        message.stickers = body.get("sticker_items", message.stickers)
        message.poll, message.forwarded = body.get("poll", message.poll), body.get("snapshot", message.forwarded)
        message.flags |= codes.HAS_SNAPSHOT if message.forwarded else 0
        self._attach(message, body.get("attachments"), files)
        if body.keys() & {"content", "allowed_mentions"}:
            guild, allowed = message.channel.guild, body.get("allowed_mentions")
            users, roles, everyone = checks.mentioned(message, allowed, self.users)
            message.mentions, message.mention_everyone = users, everyone
            message.mention_roles = [guild.roles[key] for key in roles if key in guild.roles] if guild else []
            members = guild.members.values() if guild else []
            named = [m.user for m in members if everyone or set(m.roles) & set(message.mention_roles)]
            message.pinged |= {*users, *named} - {message.author}
        message.history.append(Version(time.monotonic(), message.content, message.labels))

    def _attach(self, message: Message, listed: list[Json] | None, files: Sequence[File]) -> None:
        """Keep the attachments that the body lists (all, where it lists none) and add what was uploaded."""
        about = {str(item["id"]): item for item in listed or []}
        if listed is not None:
            message.attachments = [file for file in message.attachments if str(file.id) in about]
        for number, file in enumerate(files):
            description = about.get(str(number), {}).get("description")
            message.attachments.append(self.cdn.add(message.channel, *file, description=description))

    def announce(self, event: str, message: Message) -> None:
        """Tell the bot, if it can see the channel."""
        channel = message.channel
        if not can(self.me, channel, Permission.VIEW_CHANNEL):
            return
        more: Json = {"channel_type": channel.type}
        if channel.guild:
            more["guild_id"] = str(channel.guild.id)
            if member := channel.guild.members.get(message.author.id):
                more["member"] = member_json(member, whole=False)
        if message.nonce is not None and event == "MESSAGE_CREATE":
            more["nonce"] = message.nonce
        whole, blank = (message_json(message, self.me, intent=intent) | more for intent in (True, False))
        self.dispatch(event, whole, guild=channel.guild, intent=_intent(channel), blank=blank)

    def delete(self, *messages: Message) -> None:
        """Delete messages of one channel; more than one make a bulk delete."""
        channel, ids = messages[0].channel, [str(message.id) for message in messages]
        for message in messages:
            message.deleted = True
            channel.messages.pop(message.id, None)
            self.changed("delete", message)
        if messages[0].ephemeral_to or not can(self.me, channel, Permission.VIEW_CHANNEL):
            return
        json: Json = {"channel_id": str(channel.id), **({"id": ids[0]} if len(ids) == 1 else {"ids": ids})}
        json |= {"guild_id": str(channel.guild.id)} if channel.guild else {}
        event = "MESSAGE_DELETE" if len(ids) == 1 else "MESSAGE_DELETE_BULK"
        self.dispatch(event, json, guild=channel.guild, intent=_intent(channel))


def _intent(channel: Channel) -> int:
    return codes.GUILD_MESSAGES if channel.guild else codes.DIRECT_MESSAGES
