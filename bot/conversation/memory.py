"""An answer's way into memory. Where that cannot be written, answers are given all the same, and say so."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.display.target import Controls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.conversation.answer import Run
    from bot.conversation.ending import Ending
    from bot.conversation.ports import ConversationStore
    from bot.core.ports import Clock

log = logging.getLogger(__name__)


class Memory:
    """Stores a run step by step: its reply, its question, the messages that show it, how it ended."""

    def __init__(self, store: ConversationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def open(self, run: Run) -> None:
        """Store the reply before its first message exists; without that it has no buttons."""
        with _tolerated(run):
            reply_id = await self._store.open_reply(run.question, model=run.model, now=self._now())
            run.reply.controls = Controls(reply_id=reply_id, stop=True)
            if run.turn_id is not None:
                await self._store.answer_again(run.turn_id, reply_id=reply_id, now=self._now())

    async def remember(self, run: Run) -> None:
        """Commit the question before the model is called, unless nothing of it is to be kept."""
        if run.turn_id is not None or run.not_saved is not None:
            return
        with _tolerated(run):
            if not await self._store.remembers(run.question):
                run.question = replace(run.question, off_the_record=True)
            if run.question.replies_to is not None:
                anchor_id = await self._store.anchor(run.question.place, run.question.replies_to)
                run.question = replace(run.question, anchor_id=anchor_id)
            if run.question.is_remembered:
                reply_id = run.reply.controls.reply_id
                run.turn_id = await self._store.add_question(run.question, reply_id=reply_id, now=self._now())

    async def note(self, run: Run, message_id: int) -> None:
        """Remember that a message shows the next part of the reply."""
        if reply_id := run.reply.controls.reply_id:
            with _tolerated(run):
                await self._store.add_reply_message(reply_id, message_id)

    async def close(self, run: Run, ending: Ending) -> None:
        """Store how the reply ended, and the text that is on show."""
        keep = run.question.is_remembered and not run.forget
        # Where not one write came through, the screen still shows what it showed before.
        text = run.reply.shown_text if run.reply.has_written else run.stored_before
        if reply_id := run.reply.controls.reply_id:
            with _tolerated(run):
                await self._store.close_reply(
                    reply_id,
                    state=ending.state,
                    text=text if keep else "",
                    model=run.model,
                    usage=run.usage,
                    generation_id=run.generation_id,
                    error=type(ending.error).__name__ if ending.error else "",
                    now=self._now(),
                )

    def _now(self) -> int:
        return int(self._clock.time())


@contextmanager
def _tolerated(run: Run) -> Iterator[None]:
    """A full disk or a read-only file is no reason not to answer."""
    try:
        yield
    except StorageError as error:
        reply_id, channel_id = run.reply.controls.reply_id, run.question.place.channel_id
        log.warning("reply %d in channel %d is not in memory: %s", reply_id, channel_id, error)
        run.not_saved = error
