"""What a Discord is made of: people, servers, channels, messages, interactions."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from enum import IntFlag
from typing import TYPE_CHECKING, Any, NamedTuple

from playground.discord.state import codes

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
# Name, contents, and fields of its JSON that say something else than Discord would.
File = tuple[str, bytes] | tuple[str, bytes, Json]


class PlaygroundError(Exception):
    """Somebody tried what a Discord client does not offer them: an unknown command, a disabled button."""


class ApiError(Exception):
    """An error answer of the REST API, with Discord's own numbers; `retry_after` is in seconds."""

    def __init__(
        self, status: int, code: int, message: str, errors: Json | None = None, *, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.body: Json = {"message": message, "code": code, **({"errors": errors} if errors else {})}
        if retry_after is not None:
            self.body |= {"retry_after": retry_after, "global": False}


class Permission(IntFlag):
    """The permission bits this Discord looks at; a set of them is any whole number."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


EVERYTHING = (1 << 53) - 1
EVERYBODY = int(  # what a new server lets its members do
    (Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS)
    | (Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.READ_MESSAGE_HISTORY)
    | (Permission.USE_APPLICATION_COMMANDS | Permission.CREATE_PUBLIC_THREADS | Permission.ADD_REACTIONS)
)


class Choice(NamedTuple):
    """One suggestion of an autocomplete."""

    name: str
    value: str | int | float


class Version(NamedTuple):
    """What a message said from `at` (monotonic seconds) on, and the labels of its buttons and menus."""

    at: float
    content: str
    labels: tuple[str, ...]


@dataclass(slots=True, eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    webhook: bool = False
    takes_dms: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0
    mentionable: bool = False  # by people without the permission to mention everyone
    bot: User | None = None  # whose role it is: Discord gives each bot one of its own, and manages it

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


@dataclass(slots=True, eq=False)
class Member:
    user: User
    roles: list[Role] = field(default_factory=list)
    nick: str | None = None
    joined: float | None = None  # seconds since the epoch; None: long ago


@dataclass(slots=True, eq=False)
class Guild:
    """A server. The role with the server's own id is @everyone's."""

    id: int
    name: str
    owner: User
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    hidden: bool = False  # by an outage: a session that begins is not told of it
    welcomes: Channel | None = None  # the system channel, where newcomers are announced
    blocked_words: set[str] = field(default_factory=set)  # by its automatic moderation
    channels: dict[int, Channel] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, a thread (which has a `parent`) or a direct message (which has a `recipient`)."""

    id: int
    name: str
    type: int = codes.TEXT
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    owner: User | None = None
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)  # role or user id: allowed, denied
    messages: dict[int, Message] = field(default_factory=dict)
    members: set[User] = field(default_factory=set)  # of a private thread: nobody else sees it
    archived: bool = False
    locked: bool = False
    slow_mode: int = 0  # seconds between two messages of one person


@dataclass(slots=True, eq=False)
class Attachment:
    id: int
    name: str
    data: bytes
    path: str  # on the CDN
    content_type: str
    sign: Callable[[str], str]
    description: str | None = None
    facts: Json = field(default_factory=dict)  # more of its JSON: the pixels of a picture, the seconds of a voice

    @property
    def url(self) -> str:
        """A fresh one: Discord signs it whenever it tells of a file."""
        return self.sign(self.path)


@dataclass(slots=True, eq=False)
class Message:
    """A message as it stands; `history` has all its versions, the first included."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    type: int = codes.DEFAULT
    flags: int = 0
    components: list[Json] = field(default_factory=list)
    embeds: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    stickers: list[Json] = field(default_factory=list)
    poll: Json | None = None
    forwarded: Message | None = None  # as it was then
    nonce: str | int | None = None
    reply_to: Message | None = None
    interaction: Interaction | None = None
    ephemeral_to: User | None = None
    mentions: list[User] = field(default_factory=list)
    mention_roles: list[Role] = field(default_factory=list)
    mention_everyone: bool = False
    pinged: set[User] = field(default_factory=set)  # everybody any version of it pinged
    created: float = field(default_factory=time.time)
    edited: float | None = None
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)  # the bot's own
    thread: Channel | None = None
    history: list[Version] = field(default_factory=list)

    @property
    def controls(self) -> list[Json]:
        """Its buttons and menus, in order."""
        rows = [row for row in self.components if row["type"] == codes.ROW]
        return [control for row in rows for control in row["components"]]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label_of(control) for control in self.controls)


@dataclass(slots=True, eq=False)
class Interaction:
    """Something a person did with a command, a button, a menu or a modal, and what the bot answered."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    data: Json
    name: str = ""  # the command's, as typed
    message: Message | None = None  # the one with the button
    created: float = field(default_factory=time.monotonic)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer_type: int | None = None
    failed: bool = False  # no answer in time
    original: Message | None = None
    messages: list[Message] = field(default_factory=list)  # the original answer and the follow-ups
    choices: list[Choice] = field(default_factory=list)
    modal: Json | None = None

    @property
    def ephemeral(self) -> bool:
        return bool(self.original and self.original.ephemeral_to)

    @property
    def content(self) -> str:
        """What the answer says now."""
        return self.original.content if self.original else ""


@dataclass(slots=True, frozen=True)
class Request:
    """One request of the bot. `at` is monotonic, `channel` an id; `scope` is set on a 429."""

    at: float
    method: str
    route: str
    channel: int | None
    status: int
    scope: str | None
    body: Any


@dataclass(slots=True, frozen=True)
class Change:
    """Something a client would notice, and the record it is about.

    `kind` is message, edit, delete, typing, channel, interaction, commands, gateway or request.
    """

    kind: str
    subject: Any


def label_of(control: Json) -> str:
    named = control.get("label") or control.get("placeholder") or (control.get("emoji") or {}).get("name")
    return str(named or control.get("custom_id", ""))
