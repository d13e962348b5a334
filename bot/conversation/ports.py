"""The seams of a conversation: where turns and replies are kept, and what channels show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.conversation.asides.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from bot.core.events import Usage
    from bot.core.records import Attachment, ModelInfo, Place, Question, ReplyState, SentFile, Turn
    from bot.display.target import ReplyTarget
    from bot.money.billing import CallReport, OpenCall
    from bot.money.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """What memory knows of a reply: for its buttons, and to recover it after a restart.

    `turn_id` names the question where one is stored: not for private replies, nor while a new question waits in
    the queue. `text` is what was shown when it was last kept.
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
    rich_text: bool = False  # whether the text is rendered, see `Look`
    leased_by: str = ""  # the process that carries it on; see `Claims`
    leased_at: int = 0  # seconds since the epoch
    call: OpenCall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTurn:
    """A stored turn and the messages that show it, at least one; questions have just one."""

    text: str
    is_question: bool
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMessage:
    """A message in a channel, as the bot may read it.

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


class Channels(Protocol):
    """What is in channels, and a way to write there. Raises the `ScreenError`s of `bot.display.errors`."""

    def target(self, channel_id: int, *, answer_to: int | None = None) -> ReplyTarget:
        """Where a reply is shown, as an answer to a message or by itself."""
        ...

    async def newest(self, channel_id: int, *, limit: int) -> Sequence[SeenMessage]:
        """The newest messages of a channel, newest first."""
        ...

    async def after(self, channel_id: int, message_id: int, *, limit: int) -> Sequence[SeenMessage]:
        """The first messages of a channel with greater ids, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedAnswer:
    """What was stored when an answer began.

    `turn_id` is the question's, None where the asker, or the person it quotes, wants nothing kept. `anchor_id` is
    the turn of the older answer that the question replies to.
    """

    reply_id: int
    turn_id: int | None = None
    anchor_id: int | None = None
    is_first: bool = False  # nothing of the conversation was stored before


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedReply:
    """How a reply ended, as it is stored. `error` names the kind of failure; `now` is in epoch seconds.

    What is `kept` besides its words goes with the answer, where one is stored.
    """

    reply_id: int
    state: ReplyState
    text: str
    report: CallReport
    error: str
    now: int
    kept: Kept = Kept()  # noqa: RUF009 - frozen


class ConversationStore(Protocol):
    """Turns and replies. Every method is one transaction; all raise `StorageError`."""

    async def open_reply(self, question: Question, *, model: str, now: int, rich_text: bool = False) -> int:
        """Store a reply in state `streaming`, before its first message exists, and return its id.

        For questions that wait for their turn, and for those of which nothing else is kept.
        """
        ...

    async def open_answer(
        self, question: Question, *, model: str, now: int, reply_id: int = 0, rich_text: bool = False
    ) -> OpenedAnswer:
        """Store a question and a place for its answer, and its reply unless `reply_id` names a stored one."""
        ...

    async def reopen_answer(
        self, turn_id: int, question: Question, *, model: str, now: int, rich_text: bool = False
    ) -> int:
        """Store a new reply to a stored question, whose answer replaces the old one; return the reply's id.

        The messages that showed the old answer belong to the new reply from then on.
        """
        ...

    async def question(self, turn_id: int) -> Question | None:
        """A stored question, or None when it has been deleted."""
        ...

    async def open_call(self, reply_id: int, call: OpenCall) -> None:
        """Store a call that began, before anything of its answer is shown, so that a restart can book it."""
        ...

    async def add_reply_message(self, reply_id: int, message_id: int) -> None:
        """Note that a message shows the next part of a reply; a repeated call changes nothing.

        A message that showed another reply belongs to this one from now on.
        """
        ...

    async def checkpoint(self, reply_id: int, text: str) -> None:
        """Keep the text shown so far, so that a crash loses at most what came after."""
        ...

    async def close_reply(self, closed: ClosedReply, entry: Entry | None = None) -> int:
        """Store how a reply ended, the text of its answer, and what it cost, all or nothing.

        Returns the ledger entry's id, or 0 without `entry`.
        """
        ...

    async def reply(self, reply_id: int) -> StoredReply | None:
        """What is known of a reply, running or ended."""
        ...

    async def unfinished_replies(self) -> Sequence[StoredReply]:
        """The replies that nobody closed, oldest first: after a start, those that a restart interrupted."""
        ...

    async def window(
        self, place: Place, *, before: int | None = None, limit: int = 60, whole: int = 0
    ) -> Sequence[Turn]:
        """The newest turns of a conversation that a prompt may use, newest first.

        Leaves out cleared turns and questions whose answer showed nothing, except the newest question.
        `before` pages backwards: only turns with a smaller id. The newest `whole` turns come with all that was
        attached to them; of the others' attachments there's only the name and the kind.
        """
        ...

    async def known(self, message_ids: Collection[int], people: Collection[int]) -> tuple[set[int], set[int]]:
        """Which of these messages are turns, and which of these people want nothing of theirs to be stored."""
        ...

    async def count(self, place: Place) -> int:
        """How many turns `window` would give without a limit."""
        ...

    async def clear(self, place: Place, *, by: int, now: int) -> int:
        """Set the marker that ends the remembered conversation here; return how many turns it hides."""
        ...

    async def restore(self, place: Place) -> int:
        """Remove the last marker, once; return how many turns that brings back."""
        ...

    async def branch(self, source: Place, target: Place, *, limit: int) -> int:
        """Copy the newest turns of a conversation to another; return how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that somebody wrote in a channel before a question. It's never stored."""

    message_id: int
    author_id: int
    author_name: str
    at: int  # seconds since the epoch
    text: str  # as people read it, bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What was found of the messages that a question is about: their texts, their files, and small print.

    `files` are by the person who sent them.
    """

    attachments: tuple[Attachment, ...] = ()
    files: tuple[tuple[int, tuple[SentFile, ...]], ...] = ()
    notes: tuple[str, ...] = ()


class MessageReader(Protocol):
    """Reads messages around a question on Discord. Never raises: what can't be read is in the notes."""

    async def follow(self, question: Question, *, starter: bool) -> Followed:
        """Read the messages that a question links to and, with `starter`, the one that its thread is about.

        Only what the asker may read at that moment.
        """
        ...

    async def room(self, question: Question, *, limit: int) -> Sequence[Heard]:
        """The newest messages before a question in its channel, oldest first, less the bot's own."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFiles:
    """What was read of the files that came with a question.

    `notes` are sentences of small print for the person who asked: what was declined and why, or a transcript.
    `usage` is what reading cost beside the answer, asked of `model`; None where it was free.
    """

    attachments: tuple[Attachment, ...] = ()
    notes: tuple[str, ...] = ()
    usage: Usage | None = None
    model: str = ""


class FileReader(Protocol):
    """Fetches files from Discord and turns them into what models read."""

    def price(self, files: Sequence[SentFile], model: ModelInfo | None) -> int | None:
        """What reading them will probably cost beside the answer, in nano-dollars: 0 where nothing of it is paid
        for, None where the price is unknown. It's set aside before `read`. Answers from memory.
        """
        ...

    async def read(self, files: Sequence[SentFile], model: ModelInfo | None) -> ReadFiles:
        """Read files for a model, None where the catalog doesn't know it.

        Never raises because of a file: what couldn't be read is in the notes. Bounded in time, size and count.
        Pictures for a model without picture input are left out, and a note names two that could see them.
        """
        ...


class MessageSync(Protocol):
    """Turns that follow what happens to the messages that show them. Raises `StorageError`."""

    async def edit_question(self, message_id: int, text: str) -> bool:
        """A message was edited; False where that changes no question."""
        ...

    async def keep_files(self, message_id: int, names: Collection[str]) -> int:
        """A message has no other files than these any more; erase the others, and return how many that were."""
        ...

    async def move_question(self, message_id: int, *, to: int) -> None:
        """Another message shows a question from now on."""
        ...

    async def delete_messages(self, message_ids: Iterable[int]) -> int:
        """Messages were deleted; return how many turns that took out of memory.

        A question goes with its message, and its answer stays as long as its own messages do. An answer counts
        whole: it goes with the first of its messages. Copies in other conversations go with the original.
        """
        ...

    async def drop_message(self, message_id: int) -> None:
        """A message no longer shows a part of a reply, because the bot itself deleted it."""
        ...

    async def reply_of(self, message_id: int) -> int | None:
        """The reply that a message shows a part of."""
        ...

    async def shown(self, place: Place, *, limit: int) -> Sequence[ShownTurn]:
        """The newest turns that messages of this very channel show, less those still streaming, newest first."""
        ...


class Claims(Protocol):
    """Which process does what, where several share a database. `by` names a process. Raises `StorageError`.

    A running reply belongs to the process that opened it for as long as that renews its lease.
    """

    async def claim_message(self, message_id: int, *, by: str, now: int) -> bool:
        """Take a message to answer. False when it was taken before, by whatever process; kept for a day."""
        ...

    async def take_turn(self, name: str, *, by: str, now: int, every_s: int) -> bool:
        """Take the next turn of something that processes do one after another; False where it isn't due yet."""
        ...

    async def renew_leases(self, reply_ids: Collection[int], *, by: str, now: int) -> Collection[int]:
        """Keep running replies for another while; gives those that another process has taken over."""
        ...

    async def take_over(self, reply: StoredReply, *, by: str, now: int) -> bool:
        """Take a running reply; False when its lease has changed since it was read."""
        ...
