"""Applies to memory what happened to a channel's messages while the bot was offline."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.display.errors import ScreenError, WriteFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.ports import Channels, MessageSync, SeenMessage, ShownTurn
    from bot.core.ports import Clock
    from bot.core.records import Place

log = logging.getLogger(__name__)

PAGE = 100  # Discord: messages read by one request
TURNS = 200  # compared with them; a page of messages has no room for more
PATIENCE_S = 3.0  # how long a question waits for this at most
SPACING_S = 0.5  # between two channels: reading is outside the edit scheduler's budget, and gets a small share


class CatchUp:
    """Compares a channel with memory once, before its first question after a start or a lost connection."""

    def __init__(self, sync: MessageSync, clock: Clock) -> None:
        self._sync = sync
        self._clock = clock
        self._next_read = float("-inf")
        self._channels: Channels | None = None
        self._done: set[int] = set()

    def begin(self, channels: Channels) -> None:
        """Compare every channel (again) before its next question: something may have been missed."""
        self._channels = channels
        self._done.clear()

    def skip(self, place: Place) -> None:
        """Memory begins here, so there is nothing to compare."""
        self._done.add(place.channel_id)

    async def check(self, place: Place, *, asked: int | None = None) -> None:
        """Delete from memory what was deleted in the channel, and apply edits. Does nothing the second time.

        `asked` is the message that asks now: if memory has nothing else of the channel, the channel isn't read.

        It only looks at the newest page of the channel and misses deletions further up. If it can't read the
        channel, memory stays as it is.
        """
        if self._channels is None or place.channel_id in self._done:
            return
        self._done.add(place.channel_id)
        try:
            turns = await self._sync.shown(place, limit=TURNS)
            if all(asked in turn.message_ids for turn in turns):
                return
            async with asyncio.timeout(PATIENCE_S):
                await self._wait_for_a_slot()
                page = await self._channels.newest(place.channel_id, limit=PAGE)
            if page:  # Discord sends none if the bot may not read older messages
                await self._compare(page, turns)
        except WriteFailedError as error:
            self._done.discard(place.channel_id)  # Discord takes no requests just now: before the next question
            log.info("channel %d will be compared with memory later: %r", place.channel_id, error.retry_after)
        except (ScreenError, StorageError) as error:
            log.warning("channel %d couldn't be compared with memory: %r", place.channel_id, error)
        except asyncio.CancelledError:
            self._done.discard(place.channel_id)
            raise
        except TimeoutError:
            self._done.discard(place.channel_id)  # too many at once: tried again before the next question

    async def _wait_for_a_slot(self) -> None:
        now = self._clock.monotonic()
        wait = self._next_read - now
        if wait > PATIENCE_S:
            raise TimeoutError
        self._next_read = max(now, self._next_read) + SPACING_S
        await self._clock.sleep(max(0.0, wait))

    async def _compare(self, page: Sequence[SeenMessage], turns: Sequence[ShownTurn]) -> None:
        standing = {message.id: message for message in page}
        oldest = min(standing) if len(page) == PAGE else 0
        covered = range(oldest, max(standing) + 1)
        gone = [
            message_id
            for turn in turns
            for message_id in turn.message_ids
            if message_id in covered and message_id not in standing
        ]
        if gone:
            log.info("%d messages were deleted while the bot was offline", len(gone))
            await self._sync.delete_messages(gone)
        for turn in turns:
            message = standing.get(turn.message_ids[0])
            if turn.is_question and message is not None and message.edited and message.content:
                await self._sync.edit_question(message.id, message.content)
