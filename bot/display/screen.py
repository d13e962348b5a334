"""The messages that show a reply, and the next write that brings them up to date."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.display.errors import MessageGoneError
from bot.display.target import Controls, WriteKind
from bot.display.text.pager import HELD, SMALL_PRINT, without_cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.display.target import ReplyTarget, ShownFile


NO_CONTROLS = Controls()
NO_MESSAGES: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """What one message should show.

    `covers` is the offset in the reply's text that it shows it up to, `files` are beside it.
    """

    content: str
    controls: Controls = NO_CONTROLS
    covers: int = 0
    files: tuple[ShownFile, ...] = ()

    def looks_like(self, other: Part) -> bool:
        return (self.content, self.controls, self.files) == (other.content, other.controls, other.files)


@dataclass(frozen=True, slots=True)
class Step:
    """One write: the part wanted in the message at `index`."""

    kind: WriteKind
    index: int
    part: Part


@dataclass(slots=True)
class _Shown:
    message_id: int
    part: Part | None  # None: we don't know what the message shows
    seen: str = ""  # what it showed before this reply took it over, if that is known


class Screen:
    """Mirrors what Discord shows of one reply. Changed only by `perform`, one step at a time."""

    def __init__(
        self,
        target: ReplyTarget,
        *,
        nonce: int,
        messages: Mapping[int, str] = NO_MESSAGES,
        previews: bool = False,
    ) -> None:
        """`nonce` leaves its low 16 bits free for a message's index.

        `messages` are to be reused, each with what it shows where that is known. `previews` is as in `Look`.
        """
        self.target = target
        self._nonce = nonce
        self._previews = previews
        self._shown = [_Shown(message_id, None, seen) for message_id, seen in messages.items()]
        self._created = len(self._shown)
        self._uncertain = False  # a create whose answer was lost may have been applied

    @property
    def message_ids(self) -> tuple[int, ...]:
        return tuple(shown.message_id for shown in self._shown)

    def message_id(self, index: int) -> int | None:
        """The message that a step at `index` edits or deletes; None for one that is yet to be created."""
        return self._shown[index].message_id if index < len(self._shown) else None

    @property
    def covered(self) -> int:
        """Offset in the text up to which it is known to be on the screen."""
        covers = 0
        for shown in self._shown:
            if shown.part is None:
                break
            covers = max(covers, shown.part.covers)
        return covers

    @property
    def announces_text(self) -> bool:
        """Whether nothing is shown of the text but a line that says what is coming."""
        return any(shown.part and shown.part.content.startswith(SMALL_PRINT + HELD) for shown in self._shown)

    def next(self, parts: Sequence[Part]) -> Step | None:
        """The first write that makes the messages show `parts`; None when they do."""
        for index, part in enumerate(parts):
            if index >= len(self._shown):
                return Step(WriteKind.CREATE, index, part)
            shown = self._shown[index]
            if shown.part is None or not shown.part.looks_like(part):
                return Step(WriteKind.EDIT, index, part)
            shown.part = part  # it may cover more of the text than before: white space shows nothing
        if len(self._shown) > len(parts) > 0:
            return Step(WriteKind.DELETE, len(self._shown) - 1, Part(""))
        return None

    def assume(self, parts: Sequence[Part]) -> None:
        """Assume that the first messages show these parts already."""
        for shown, part in zip(self._shown, parts, strict=False):
            shown.part = part

    async def perform(self, step: Step) -> int | None:
        """Do one step; return the id of a new message.

        Raises:
            ScreenError: from the target; the same step may be tried again.
        """
        if step.kind is WriteKind.CREATE:
            return await self._create(step.part)
        shown = self._shown[step.index]
        if step.kind is WriteKind.DELETE:
            with suppress(MessageGoneError):  # just what was wanted
                await self.target.delete(shown.message_id)
            del self._shown[step.index]
        else:
            old, new = shown.part, step.part
            await self.target.edit(
                shown.message_id,
                new.content,
                None if old is not None and old.controls == new.controls else new.controls,
                files=None if old is not None and old.files == new.files else new.files,
            )
            shown.part = new
        return None

    async def _create(self, part: Part) -> int:
        uncertain, self._uncertain = self._uncertain, True
        nonce = self._nonce | self._created
        message_id = await self.target.create(
            part.content, part.controls, nonce=nonce, files=part.files, previews=self._previews
        )
        self._uncertain = False
        self._created += 1
        # After a lost answer the nonce brings back the first attempt's message, with that attempt's content.
        self._shown.append(_Shown(message_id, None if uncertain else part))
        return message_id

    def unclean(self, last: int | None = None) -> list[tuple[int, str]]:
        """The messages up to `last` that still show a cursor or buttons, with the text they show besides."""
        found = []
        for shown in self._shown if last is None else self._shown[: last + 1]:
            part = shown.part or Part(shown.seen)
            content = without_cursor(part.content)
            if content != part.content or part.controls != NO_CONTROLS:
                found.append((shown.message_id, content))
        return found

    def freeze(self, index: int, covers: int) -> list[Part]:
        """Accept the messages up to `index` as they are, whatever they show, and return them as parts."""
        for shown in self._shown[: index + 1]:
            shown.part = Part(shown.part.content if shown.part else "", NO_CONTROLS, covers)
        return [shown.part for shown in self._shown[: index + 1] if shown.part]
