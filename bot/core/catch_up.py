"""What happened to a channel's messages while the bot was not there."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.core.errors import ScreenError, StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.messages import Place, SeenMessage, ShownTurn
    from bot.core.ports import Channels, MessageSync

log = logging.getLogger(__name__)

PAGE = 100  # Discord: messages read by one request
TURNS = 200  # compared with them; no more have room in a page of messages
PATIENCE_S = 3.0  # a question does not wait longer for this


class CatchUp:
    """Compares a channel with memory, once, before its first question after a start or a lost connection."""

    def __init__(self, sync: MessageSync) -> None:
        self._sync = sync
        self._channels: Channels | None = None
        self._done: set[int] = set()

    def begin(self, channels: Channels) -> None:
        """Compare every channel from now on (again): something may have been missed."""
        self._channels = channels
        self._done.clear()

    async def check(self, place: Place) -> None:
        """Take out of memory what has been deleted, and follow what was edited. Does nothing the second time.

        Only the newest page of the channel is looked at: what was deleted further up is noticed nowhere. Where the
        channel cannot be read, memory stays as it is.
        """
        if self._channels is None or place.channel_id in self._done:
            return
        self._done.add(place.channel_id)
        try:
            async with asyncio.timeout(PATIENCE_S):
                page = await self._channels.newest(place.channel_id, limit=PAGE)
            if page:  # Discord answers with none where the bot may not read older messages
                await self._compare(page, await self._sync.shown(place, limit=TURNS))
        except (ScreenError, StorageError, TimeoutError) as error:
            log.warning("channel %d could not be compared with memory: %r", place.channel_id, error)

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
            log.info("%d messages were deleted while nobody looked", len(gone))
            await self._sync.delete_messages(gone)
        for turn in turns:
            message = standing.get(turn.message_ids[0])
            if turn.is_question and message is not None and message.edited and message.content:
                await self._sync.edit_question(message.id, message.content)
