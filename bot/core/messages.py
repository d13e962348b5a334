"""The records that cross the bot's boundaries. All are frozen; none knows where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.errors import HeadwaterError, StorageError
    from bot.core.model_choice import Barrier
    from bot.core.refusals import Limit


class Role(StrEnum):
    """Who a message of a prompt speaks for, by the names models know."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class ReplyState(StrEnum):
    """How a reply stands; every one ends in a state below `STREAMING`."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"  # by a person
    CUT = "cut"  # at the length limit
    FILTERED = "filtered"  # by the provider's content filter
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # by a restart


class WriteKind(StrEnum):
    """The writes that a reply is shown by; Discord limits each by itself."""

    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    TYPING = "typing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """The buttons under a message; none by default. `reply_id` is what a press is about."""

    reply_id: int = 0
    stop: bool = False
    retry: bool = False
    resume: bool = False  # "Continue": `continue` is taken


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation is held. A thread's parent lends it settings, not history.

    `guild_id` is None in direct messages, `parent_id` outside threads.
    """

    channel_id: int
    guild_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asked, whichever way they asked it.

    `message_id` is the Discord message that asked, None for slash commands and menus; `replies_to` the message
    that it replies to, `quoted_id` the person whose message it is about. `anchor_id` is the turn of the older
    answer after which it is asked, None where it is asked after everything. A `private` question is answered to
    the asker alone; it reads the channel's memory and leaves nothing in it, as does an `unremembered` one.
    """

    place: Place
    author_id: int
    author_name: str
    text: str
    message_id: int | None = None
    private: bool = False
    unremembered: bool = False
    replies_to: int | None = None
    quoted_id: int | None = None
    anchor_id: int | None = None

    @property
    def leaves_a_trace(self) -> bool:
        """Whether it is remembered, with its answer."""
        return not (self.private or self.unremembered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One stored turn of a conversation; `id` rises with time within a channel."""

    id: int
    role: Role
    text: str
    author_id: int | None  # None for the assistant
    author_name: str
    created_at: int  # seconds since the epoch
    state: ReplyState | None = None  # of the reply that the assistant's text belongs to
    anchor_id: int | None = None  # of a question asked after an older answer: that answer's turn


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """What memory knows of a reply: for its buttons, and for mending what a restart interrupted.

    `turn_id` names the question where one is stored: not for private replies, nor while a new question waits in
    line. `text` is what was shown when it was last kept.
    """

    id: int
    place: Place
    asker_id: int
    model: str
    state: ReplyState
    text: str
    message_ids: tuple[int, ...]
    turn_id: int | None
    question_message_id: int | None
    opened_at: int  # seconds since the epoch
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTurn:
    """A stored turn and the messages that show it, at least one; questions have just one."""

    text: str
    is_question: bool
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message that stands in a channel, as the bot may read it.

    `content` is what the bot's own messages show, and what others ask in theirs: with names for ids and without
    the mention of the bot. `button_of` is the reply that its buttons are about, `running` whether Stop is among
    them, `command_of` the person whose slash command or menu it answers.
    """

    id: int
    own: bool
    content: str
    reply_to: int | None = None
    button_of: int | None = None
    running: bool = False
    command_of: int | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that somebody set, and when, in seconds since the epoch."""

    key: str
    value: str
    set_by: int
    set_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a setting: None where there was, or is, none. `at` is in seconds since the epoch."""

    scope: str
    key: str
    old: str | None
    new: str | None
    by: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """One prompt for one model, ready to send.

    `model` and `fallbacks` are the provider's own ids (`openai/gpt-4o-mini`), without litellm's prefix.
    `channel_id` keys fairness and the provider's session, `user_id` is hashed before it leaves the process.
    """

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    channel_id: int
    user_id: int
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What stands under an answer where the settings want it. `estimated`: the provider reported no cost."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_nano_usd: int | None
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a reply ended, in enough detail to tell people.

    `error` is set for failures, `by` names the person who stopped it, `answered_by` the fallback model where the
    first choice could not answer. `footer` is for complete answers where it is wanted, `warnings` are the budgets
    that this answer nearly used up. `barred` is the model chosen that could not be used, where people are yet to
    be told, and why. `unstored` says why memory lacks the answer, `crowded_out` that the model could not read all
    that was said before, where that is wanted.
    """

    state: ReplyState
    error: HeadwaterError | None = None
    by: str = ""
    answered_by: str = ""
    footer: Footer | None = None
    warnings: tuple[Limit, ...] = ()
    barred: tuple[str, Barrier] | None = None
    unstored: StorageError | None = None
    crowded_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """The question waits for `ahead` others of its conversation."""

    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What the catalogue says of one model. Prices are in nano-dollars a token, None where unknown."""

    id: str
    name: str
    context_length: int  # tokens, prompt and completion together
    max_completion_tokens: int | None = None
    prompt_price: int | None = None
    completion_price: int | None = None
    input_modalities: frozenset[str] = frozenset({"text"})
    parameters: frozenset[str] | None = field(default=None)  # the request parameters it takes; None: unknown
