"""The messages that replies had to leave with a cursor or dead buttons: cleaned later, also after a restart."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.core.units import DAY_S
from bot.display.errors import MessageGoneError, ScreenError
from bot.display.leftover import Leftover
from bot.display.text.pager import without_cursor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.conversation.ports import Channels
    from bot.core.ports import Cache, Clock
    from bot.display.scheduler import EditScheduler
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)

KEY = "messages to clean"
MOST = 200  # at a time; beyond that the oldest stay as they are
KEPT_S = DAY_S  # a restart takes up what is younger


class Leftovers:
    """All of the process's `Leftover`s. Memory keeps their ids, never what they show."""

    def __init__(self, *, cache: Cache, scheduler: EditScheduler, clock: Clock, part: str = "") -> None:
        """`part` names this process's part of the bot where several share the cache; see `Shards.name`."""
        self._cache = cache
        self._key = f"{KEY} of {part}" if part else KEY
        self._scheduler = scheduler
        self._clock = clock
        self._leftovers: dict[int, Leftover] = {}
        self._since: dict[int, int] = {}  # epoch seconds
        self._saving: asyncio.Task[None] | None = None
        self._outdated = False

    def leave(self, target: ReplyTarget, message_id: int, content: str) -> None:
        """Clean a message as soon as Discord allows."""
        leftover = Leftover(target, message_id, content, clock=self._clock, on_over=self._forget)
        self._leftovers[message_id] = leftover
        self._since.setdefault(message_id, int(self._clock.time()))
        if len(self._leftovers) > MOST:
            self._leftovers[next(iter(self._leftovers))].end()
        self._scheduler.mark(leftover)
        self._save()

    def take(self, message_ids: Iterable[int]) -> None:
        """A reply shows something else in these messages from now on."""
        for message_id in message_ids:
            if leftover := self._leftovers.get(message_id):
                leftover.end()

    async def recover(self, channels: Channels) -> None:
        """Take up what an earlier process left; ask when Discord can be read."""
        try:
            kept = await self._cache.load(self._key) or ("[]", 0)
            entries = [(int(channel), int(message), int(since)) for channel, message, since in json.loads(kept[0])]
        except (StorageError, ValueError, TypeError) as error:
            log.warning("messages to clean aren't known: %s", error)
            return
        for channel_id, message_id, since in entries[-MOST:]:
            if since > self._clock.time() - KEPT_S and message_id not in self._leftovers:
                await self._find(channels, channel_id, message_id, since)
        if entries:
            self._save()

    async def _find(self, channels: Channels, channel_id: int, message_id: int, since: int) -> None:
        try:
            page = await channels.after(channel_id, message_id - 1, limit=1)
        except MessageGoneError:
            return
        except ScreenError as error:
            log.info("message %d can't be read, so it isn't cleaned: %s", message_id, type(error).__name__)
            return
        found = page[0] if page else None
        if found is None or found.id != message_id or not found.own:
            return
        content = without_cursor(found.content)
        if content != found.content or found.button_of is not None:
            self._since[message_id] = since
            self.leave(channels.target(channel_id), message_id, content)

    def _forget(self, message_id: int) -> None:
        if leftover := self._leftovers.pop(message_id, None):
            self._scheduler.forget(leftover)
        self._since.pop(message_id, None)
        self._save()

    def _save(self) -> None:
        self._outdated = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_all(), name="messages to clean")

    async def _save_all(self) -> None:
        while self._outdated:
            self._outdated = False
            entries = [
                [leftover.target.channel_id, message_id, self._since[message_id]]
                for message_id, leftover in self._leftovers.items()
            ]
            try:
                await self._cache.keep(self._key, json.dumps(entries), now=int(self._clock.time()))
            except StorageError as error:
                log.warning("a restart won't know which messages to clean: %s", error)
