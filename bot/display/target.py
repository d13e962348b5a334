"""Where a reply is shown, and the writes that show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class WriteKind(StrEnum):
    """The writes that a reply is shown by; Discord limits each by itself."""

    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    TYPING = "typing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """The buttons under a message; none by default. `reply_id` is the reply that a press is about."""

    reply_id: int = 0
    stop: bool = False
    retry: bool = False
    continue_: bool = False  # "Continue": `continue` is taken
    thinking: bool = False
    sources: bool = False


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file beside a message's text. `description` is a picture's alt text."""

    name: str
    data: bytes
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a reply's text is shown.

    With `rich_text`, what Discord doesn't draw is rendered in the nearest that it does. `previews` lets Discord
    preview a few of the links.
    """

    rich_text: bool = False
    previews: bool = False


PLAIN = Look()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayTexts:
    """The sentences that the display itself adds to a reply.

    `rest_to_come` is shown below an answer that goes on beyond the last message, `rest_attached` once it has
    ended, `refused` in place of an answer that Discord doesn't accept, `pictures_refused` in place of pictures.
    `rows_to_come` names so many rows of a table, in at most 50 characters, until the table can be drawn.
    """

    rest_to_come: str
    rest_attached: str
    refused: str
    pictures_refused: str
    rows_to_come: Callable[[int], str]


class ReplyTarget(Protocol):
    """Where one reply is shown: a channel, or an interaction's webhook.

    Every method makes one attempt and raises a `ScreenError` of `bot.display.errors`. `controls` names the buttons
    under the message (see `Controls`); content never pings anybody.
    """

    @property
    def channel_id(self) -> int: ...

    def bucket(self, kind: WriteKind, message_id: int | None = None) -> str:
        """The rate-limit bucket of such a write, by the name that `EditScheduler.learn` is told.

        `message_id` is the message to edit: old ones have a bucket of their own.
        """
        ...

    @property
    def counts_globally(self) -> bool:
        """False where Discord's limit on all requests together does not apply (interaction webhooks)."""
        ...

    @property
    def shows_thinking(self) -> bool:
        """True where Discord itself shows that the bot is working, until the first message."""
        ...

    async def create(
        self,
        content: str,
        controls: Controls,
        *,
        nonce: int,
        files: Sequence[ShownFile] = (),
        previews: bool = False,
    ) -> int:
        """Post a message with `files` below the reply's earlier ones and return its id.

        `nonce` (below 2**64) makes a create that is repeated after a lost answer return the first one's message.
        Without `previews` Discord shows none of its links' previews, also when the message is edited.
        """
        ...

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, files: Sequence[ShownFile] | None = None
    ) -> None:
        """Show other content; `controls` and `files` None leave the buttons and the files as they are."""
        ...

    async def delete(self, message_id: int) -> None: ...

    async def typing(self) -> None:
        """Show the typing indicator: it lasts ten seconds or until the next message."""
        ...
