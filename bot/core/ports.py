"""The seams: what the core asks of the world. Adapters live in `bot.llm`, `bot.storage` and `bot.ui`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from bot.core.demand import Demand
    from bot.core.events import Event, Usage, Waiting
    from bot.core.messages import (
        Change,
        CompletionRequest,
        Controls,
        Ending,
        InLine,
        ModelInfo,
        Place,
        Question,
        ReplyState,
        SeenMessage,
        Setting,
        ShownTurn,
        StoredReply,
        Turn,
        WriteKind,
    )


class Clock(Protocol):
    """Time, so that tests can have their own."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class LLMClient(Protocol):
    """One shared client for every model call of the process."""

    def stream(self, request: CompletionRequest, demand: Demand | None = None) -> AsyncGenerator[Event, None]:
        """Ask for a completion.

        Yields any number of `Waiting`, then `Started`, then `Reasoning` and `Text`, `Usage` once for each attempt
        that reported any (failed ones included), and `Done` last. The iterator is an async generator: close it
        (`contextlib.aclosing`) or cancel the task, and the connection closes at once. Text that arrives between
        two hand-overs comes as one `Text`; `demand` says when it is wanted, without one it comes every quarter
        second at the latest.

        Raises:
            ModelError: in place of `Done`; text yielded before stays valid, and no word is ever yielded twice.
        """
        ...


class Catalog(Protocol):
    """The provider's list of models; answers from memory and never waits for the network."""

    def get(self, model: str) -> ModelInfo | None:
        """Look a model up by the provider's id; None when unknown, or when no list has arrived yet."""
        ...

    def models(self) -> Sequence[ModelInfo]:
        """All models, in the provider's order; empty when no list has arrived yet."""
        ...


class ReplyTarget(Protocol):
    """Where one reply is shown: a channel, or an interaction's webhook.

    Every method makes one attempt and raises a `ScreenError` of `bot.core.errors`. `controls` names the buttons
    under the message (see `Controls`); content never pings anybody.
    """

    @property
    def channel_id(self) -> int: ...

    def bucket(self, kind: WriteKind) -> str:
        """The rate-limit bucket that a write of this kind falls in, as `EditScheduler.learn` is told of it."""
        ...

    @property
    def counts_globally(self) -> bool:
        """False where Discord's limit on all requests together does not apply (interaction webhooks)."""
        ...

    @property
    def shows_thinking(self) -> bool:
        """True where Discord itself shows that the bot is at work until the first message."""
        ...

    async def create(self, content: str, controls: Controls, *, nonce: int, attachment: str = "") -> int:
        """Post a message below the reply's earlier ones and return its id.

        `attachment` is the text of a Markdown file that goes with it, none when empty.
        `nonce` (below 2**64) makes a repeated create after a lost answer return the first one's message.
        """
        ...

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, attachment: str | None = None
    ) -> None:
        """Show other content; `controls` and `attachment` None leave the buttons and the file as they are."""
        ...

    async def delete(self, message_id: int) -> None: ...

    async def typing(self) -> None:
        """Show the typing indicator: it lasts ten seconds or until the next message."""
        ...


class Channels(Protocol):
    """What stands in channels, and a way to write there. Raises the `ScreenError`s of `bot.core.errors`."""

    def target(self, channel_id: int, *, answer_to: int | None = None) -> ReplyTarget:
        """Where a reply is shown, as an answer to a message or by itself."""
        ...

    async def newest(self, channel_id: int, *, limit: int) -> Sequence[SeenMessage]:
        """The newest messages of a channel, newest first."""
        ...

    async def after(self, channel_id: int, message_id: int, *, limit: int) -> Sequence[SeenMessage]:
        """The first messages of a channel with greater ids, oldest first."""
        ...


class Words(Protocol):
    """What people read around a reply; the sentences live with the user interface."""

    rest_to_come: str  # an answer too long for messages goes on
    rest_attached: str  # and has ended
    refused: str  # Discord does not take what the answer says

    def ending(self, ending: Ending) -> str:
        """The small print under an ended reply; empty for one that simply ended."""
        ...

    def waiting(self, waiting: Waiting | InLine) -> str:
        """What a reply without text waits for."""
        ...

    def thinking(self, thoughts: str) -> str:
        """What a reply without text shows of the model's newest thoughts."""
        ...


class ConversationStore(Protocol):
    """Turns and replies. Every method is one transaction; all raise `StorageError`."""

    async def open_reply(self, question: Question, *, model: str, now: int) -> int:
        """Store a reply in state `streaming`, before its first message exists, and return its id."""
        ...

    async def add_question(self, question: Question, *, reply_id: int, now: int) -> int:
        """Store the user's turn, name it as what the reply answers, and return its id."""
        ...

    async def remembers(self, question: Question) -> bool:
        """False where the asker, or the person whose message it is about, wants nothing to be kept."""
        ...

    async def answer_again(self, turn_id: int, *, reply_id: int, now: int) -> None:
        """Name a stored question as what a new reply answers; its answer takes the old one's place in memory.

        The messages that showed the old answer belong to the new reply from now on.
        """
        ...

    async def question(self, turn_id: int) -> Question | None:
        """A stored question; None when it has been deleted."""
        ...

    async def add_reply_message(self, reply_id: int, message_id: int) -> None:
        """Note that a message shows the next part of a reply; a repeated call changes nothing.

        A message that showed another reply belongs to this one from now on.
        """
        ...

    async def checkpoint(self, reply_id: int, text: str) -> None:
        """Keep the text shown so far, so that a crash loses at most what came after."""
        ...

    async def close_reply(
        self,
        reply_id: int,
        *,
        state: ReplyState,
        text: str,
        model: str,
        usage: Usage | None,
        generation_id: str | None,
        error: str,
        now: int,
    ) -> None:
        """Store how a reply ended and, where any text was shown, the assistant's turn."""
        ...

    async def reply(self, reply_id: int) -> StoredReply | None:
        """What is known of a reply, running or ended."""
        ...

    async def unfinished_replies(self) -> Sequence[StoredReply]:
        """The replies that nobody closed, oldest first: after a start, those that a restart interrupted."""
        ...

    async def window(self, place: Place, *, before: int | None = None, limit: int = 60) -> Sequence[Turn]:
        """The newest turns of a conversation that a prompt may use, newest first.

        Leaves out cleared turns and questions whose answer showed nothing, except the newest question.
        `before` pages backwards: only turns with a smaller id.
        """
        ...

    async def count(self, place: Place) -> int:
        """How many turns `window` would give without a limit."""
        ...

    async def clear(self, place: Place, *, by: int, now: int) -> int:
        """Set the marker that ends the remembered conversation here; return how many turns it hides."""
        ...

    async def restore(self, place: Place) -> int:
        """Take the last marker back, once; return how many turns that brings back."""
        ...

    async def anchor(self, place: Place, message_id: int) -> int | None:
        """The answer's turn that a message shows, where others stand behind it; None for any other message."""
        ...

    async def branch(self, source: Place, target: Place, *, limit: int) -> int:
        """Copy the newest turns of a conversation to another; return how many."""
        ...


class MessageSync(Protocol):
    """Turns that follow what happens to the messages that show them. Raises `StorageError`."""

    async def edit_question(self, message_id: int, text: str) -> bool:
        """A message was edited; False where that changes no question."""
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


class Cache(Protocol):
    """Things worth keeping over a restart that can be had again; raises `StorageError`."""

    async def load(self, key: str) -> tuple[str, int] | None:
        """The value kept under a key and the epoch second it was kept at."""
        ...

    async def keep(self, key: str, value: str, *, now: int) -> None: ...


class SettingsStore(Protocol):
    """Settings by scope (`channel:1`, `guild:1`, `app:1`); raises `StorageError`."""

    async def get(self, scope: str, key: str) -> Setting | None: ...

    async def set(
        self, scope: str, key: str, value: str | None, *, by: int, now: int, guild_id: int | None = None
    ) -> None:
        """Set a value, or remove it with None; what a person changes (`by` is not 0) is logged in the same breath.

        `guild_id` is the server whose log the change of a channel's setting belongs to.
        """
        ...

    async def entries(self, scope: str) -> Sequence[Setting]:
        """All that is set in a scope, by key."""
        ...

    async def changes(self, guild_id: int, *, limit: int) -> Sequence[Change]:
        """What people changed in a server and its channels, the newest first."""
        ...
