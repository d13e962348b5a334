"""The records that cross the bot's boundaries: all frozen, none tied to where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.events import Usage


class Role(StrEnum):
    """Who wrote a message of a prompt, by the names that models know."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class ReplyState(StrEnum):
    """The state of a reply; each reply ends in one of those below `STREAMING`."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"  # by a person
    CUT = "cut"  # at the length limit
    FILTERED = "filtered"  # by the provider's content filter
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # by a restart


class AttachmentKind(StrEnum):
    """In what form a model gets to know an attachment."""

    TEXT = "text"
    PICTURE = "picture"
    DOCUMENT = "document"  # a PDF whose text can't be read here
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file on Discord, of which nothing has been fetched yet. All of it but `url` is the sender's word."""

    name: str
    url: str  # on one of Discord's own hosts
    size: int  # bytes
    media_type: str = ""
    width: int | None = None  # pixels, of pictures
    height: int | None = None
    seconds: float | None = None  # of voice messages
    description: str = ""  # the alt text


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What came with a question, recognized by its content and in a form that models read.

    `text` is what a text says, and the transcript of a recording; `data` the bytes of everything else, without
    metadata. `note` says in a few words what of it is missing ("the first of 40 frames"). `author_id` is whose
    it is where it came with a message that the question links to. Without text and data it's only named.
    """

    name: str
    kind: AttachmentKind
    text: str = ""
    data: bytes = b""
    media_type: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    pages: int | None = None
    seconds: float | None = None
    note: str = ""
    author_id: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a recording, and what it cost to find out."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, with what came with it."""

    role: Role
    content: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation is. A thread takes settings from its parent, but no history.

    `guild_id` is None in direct messages, `parent_id` outside threads.
    """

    channel_id: int
    guild_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What comes with a question besides its words; files and messages are still on Discord.

    `links` are messages that it's about, each as its channel and its id. `notes` are sentences of small print on
    what of it couldn't be read. `room_id` is the channel where it was asked, if the asker may read what was said
    there before. `web`: the model may search the web for this question.
    """

    files: tuple[SentFile, ...] = ()
    links: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()
    room_id: int | None = None
    web: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asked, and how they asked it.

    `message_id` is the Discord message that asked, None for slash commands and menus. `replies_to` is the message
    that it replies to, `quoted_id` the person whose message it is about. `anchor_id` is the turn of an older
    answer that it follows, None when it follows everything said so far. Only the asker sees the answer to a
    `private` question. It reads the channel's memory and leaves nothing in it. `reads_memory` is False when the
    asker may not read what was said before. `attachments` are what models get to read of its `extras`.
    """

    place: Place
    author_id: int
    author_name: str
    text: str
    message_id: int | None = None
    private: bool = False
    reads_memory: bool = True
    replies_to: int | None = None
    quoted_id: int | None = None
    anchor_id: int | None = None
    extras: Extras = Extras()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One stored turn of a conversation; `id` rises with time within a channel.

    What came with an older one is only named in its `attachments`.
    """

    id: int
    role: Role
    text: str
    author_id: int | None  # None for the assistant
    author_name: str
    created_at: int  # seconds since the epoch
    state: ReplyState | None = None  # of the reply that the assistant's text belongs to
    anchor_id: int | None = None  # of a question asked after an older answer: that answer's turn
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """One prompt for one model, ready to send. With a `web_ceiling` the model may search the web.

    `model` and `fallbacks` are the provider's own ids (`openai/gpt-4o-mini`), without litellm's prefix.
    `channel_id` keys fairness and the provider's session. `user_id` and `guild_id` each have a share of the
    streams. The user's id is hashed before it leaves the process.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    channel_id: int
    user_id: int
    guild_id: int | None = None
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()
    web_ceiling: int | None = None  # nano-dollars that the searches may cost


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What the catalog says of one model. Prices are in nano-dollars a token, None where unknown.

    `canonical` is the id by which the provider may name it in an answer. `suffix` is the part of the id that the
    catalog doesn't list, such as `:online`: the prices are then the model's without it, and the real ones may be
    higher.
    """

    id: str
    name: str
    context_length: int  # tokens, prompt and completion together
    max_completion_tokens: int | None = None
    prompt_price: int | None = None
    completion_price: int | None = None
    image_price: int | None = None  # of a picture that is sent
    audio_price: int | None = None  # of a token of sound that is sent
    input_modalities: frozenset[str] = frozenset({"text"})
    parameters: frozenset[str] | None = None  # the request parameters it takes; None: unknown
    canonical: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClientStatus:
    """How busy the model client is; `key_error` is the sentence that says why the key isn't used, or None."""

    open: int = 0  # answers under way
    limit: int = 0  # of these at most
    waiting: int = 0  # requests in the queue behind them
    key_error: str | None = None
