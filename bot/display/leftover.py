"""A message that Discord's refusal left with a cursor or dead buttons, and how it gets rid of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from bot.display.errors import MessageGoneError, ScreenError, WriteFailedError
from bot.display.pacing import Wanted
from bot.display.target import Controls, WriteKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.core.ports import Clock
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)

# Pauses before each further try: what Discord refuses now it may allow in a second, an hour, or tomorrow.
PAUSES_S = (5.0, 30.0, 120.0, 600.0, 1_800.0, *[3_600.0] * 24)


class LeftBehind(Protocol):
    """Where a reply leaves messages that it can't clean up itself."""

    def leave(self, target: ReplyTarget, message_id: int, content: str) -> None:
        """A message should show this content and no buttons, as soon as Discord allows."""
        ...

    def take(self, message_ids: Iterable[int]) -> None:
        """A reply shows something else in these messages from now on."""
        ...


class Leftover:
    """A `Display` with one write: it tries until Discord takes it, but for little more than a day."""

    def __init__(
        self, target: ReplyTarget, message_id: int, content: str, *, clock: Clock, on_over: Callable[[int], None]
    ) -> None:
        """`on_over` is called with the message's id when it's done, or given up."""
        self.target = target
        self._message_id = message_id
        self._content = content
        self._clock = clock
        self._on_over = on_over
        self._since = self._not_before = clock.monotonic()
        self._pauses = iter(PAUSES_S)
        self._over = False

    def wanted(self) -> Wanted | None:
        if self._over:
            return None
        return Wanted(
            kind=WriteKind.EDIT,
            bucket=self.target.bucket(WriteKind.EDIT, self._message_id),
            since=self._since,
            counts_globally=self.target.counts_globally,
            not_before=self._not_before,
        )

    async def write(self, _kind: WriteKind) -> bool:
        if self._over:
            return False
        try:
            await self.target.edit(self._message_id, self._content, Controls())
        except MessageGoneError:
            self.end()
        except ScreenError as error:
            self._wait(error)
        else:
            self.end()
        return True

    def end(self) -> None:
        """Want nothing more."""
        if not self._over:
            self._over = True
            self._on_over(self._message_id)

    def _wait(self, error: ScreenError) -> None:
        pause_s = next(self._pauses, None)
        if pause_s is None:
            log.warning("message %d keeps a cursor or dead buttons: %s", self._message_id, type(error).__name__)
            self.end()
            return
        hint_s = error.retry_after if isinstance(error, WriteFailedError) else None
        self._since = self._not_before = self._clock.monotonic() + max(pause_s, hint_s or 0.0)
