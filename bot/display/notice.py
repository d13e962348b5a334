"""A sentence the bot says by itself, in the room that answers leave."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.display.errors import ScreenError
from bot.display.pacing import Wanted
from bot.display.target import Controls, WriteKind
from bot.display.text.pager import SMALL_PRINT

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)

PATIENCE_S = 15.0  # a notice that answers left no room for is old news by then


class Notice:
    """A `Display` with one write, which goes after everything that answers want, or not at all."""

    def __init__(self, target: ReplyTarget, sentence: str, *, clock: Clock, nonce: int) -> None:
        """`nonce` is as `ReplyTarget.create` takes it."""
        self._target = target
        self._content = SMALL_PRINT + sentence
        self._clock = clock
        self._nonce = nonce
        self._ends_at = clock.monotonic() + PATIENCE_S
        self._done = False

    def wanted(self) -> Wanted | None:
        if self._done or self._clock.monotonic() >= self._ends_at:
            return None
        return Wanted(
            kind=WriteKind.CREATE,
            bucket=self._target.bucket(WriteKind.CREATE),
            since=self._ends_at,  # later than all that is there already
            counts_globally=self._target.counts_globally,
        )

    async def write(self, _kind: WriteKind) -> bool:
        self._done = True
        try:
            await self._target.create(self._content, Controls(), nonce=self._nonce)
        except ScreenError as error:
            log.info("a notice in channel %d wasn't shown: %s", self._target.channel_id, type(error).__name__)
        return True
