"""What is stored of an answer. Answers go on where the database can't be written, and say so."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.asides.kept import Kept
from bot.conversation.ports import ClosedReply
from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.conversation.ending import Ending
    from bot.conversation.ports import ConversationStore, StoredReply
    from bot.core.ports import Clock
    from bot.core.records import Question
    from bot.display.reply import Reply
    from bot.money.billing import CallReport, OpenCall
    from bot.money.ledger import Entry

log = logging.getLogger(__name__)

PICTURE, PICTURES = "(A picture.)", "(Pictures.)"  # what stands in memory for an answer that has nothing else
CHECKPOINT_S = 3.0  # how much of a streaming answer a crash may cost


class AnswerMemory:
    """One answer's way into memory: its reply, its question, the messages that show it, how it ended.

    Attributes:
        reply_id: names the stored reply, for the buttons under the answer; 0 without one.
        turn_id: names the stored question; None where, or while, it isn't stored.
        not_saved: why the database lacks something of the answer.
        is_first: nothing of the conversation was stored before.
    """

    def __init__(
        self,
        store: ConversationStore,
        clock: Clock,
        *,
        earlier: StoredReply | None = None,
        rich_text: bool = False,
    ) -> None:
        """`earlier` is the reply whose answer this one replaces or continues; `rich_text` is as in `Look`."""
        self.reply_id = 0
        self.turn_id = earlier.turn_id if earlier else None
        self.not_saved: StorageError | None = None
        self.is_first = False
        self._store = store
        self._clock = clock
        self._rich_text = rich_text
        self._text_before = earlier.text if earlier else ""
        self._is_forgotten = False
        self._is_late = False  # the question is asked, but not stored yet
        self._kept_at = 0.0  # monotonic
        self._call: OpenCall | None = None  # stored last

    def forget(self) -> None:
        """Keep nothing of the answer: somebody deleted it, or asked to be forgotten."""
        self._is_forgotten = True

    async def open(self, question: Question, *, model: str) -> None:
        """Store the reply before its first message exists; without that it has no buttons."""
        with self._tolerated():
            self.reply_id = await self._store.open_reply(
                question, model=model, now=self._now(), rich_text=self._rich_text
            )

    async def open_answer(self, question: Question, *, model: str) -> Question:
        """Store the question before the model is called; gives it with its anchor."""
        if self.turn_id is not None:
            return question
        if question.private or self._is_forgotten:
            if not self.reply_id:
                await self.open(question, model=model)
            return question
        self._is_late = True
        with self._tolerated():
            question = replace(question, anchor_id=await self._open_answer(question, model=model))
            self._is_late = False
            self.not_saved = None  # perhaps the reply couldn't be stored while it waited
        return question

    async def _open_answer(self, question: Question, *, model: str) -> int | None:
        opened = await self._store.open_answer(
            question, model=model, now=self._now(), reply_id=self.reply_id, rich_text=self._rich_text
        )
        self.reply_id, self.turn_id, self.is_first = opened.reply_id, opened.turn_id, opened.is_first
        self._is_forgotten = opened.turn_id is None
        return opened.anchor_id

    async def reopen_answer(self, question: Question, *, model: str) -> None:
        """Store a new reply to the stored question. Raises `StorageError`: then the old answer stays as it is."""
        assert self.turn_id is not None  # noqa: S101 - there was an earlier answer
        self.reply_id = await self._store.reopen_answer(
            self.turn_id, question, model=model, now=self._now(), rich_text=self._rich_text
        )

    async def open_call(self, call: OpenCall) -> None:
        """Store what the provider may charge for, before anything of the answer is shown."""
        if self.reply_id and call != self._call:
            self._call = call
            with self._tolerated():
                await self._store.open_call(self.reply_id, call)

    async def add_message(self, message_id: int) -> None:
        """Store that a message shows the next part of the reply."""
        if self.reply_id:
            with self._tolerated():
                await self._store.add_reply_message(self.reply_id, message_id)

    async def checkpoint(self, reply: Reply, *, at_least: int) -> None:
        """Every few seconds, store the text that is on show, once it has `at_least` so many characters."""
        now = self._clock.monotonic()
        if self.turn_id is None or now < self._kept_at + CHECKPOINT_S or reply.shown_length < max(1, at_least):
            return
        self._kept_at = now
        with self._tolerated():
            await self._store.checkpoint(self.reply_id, reply.shown_text)
            self.not_saved = None  # what could not be written before is written now

    def failed(self, error: StorageError) -> None:
        """The conversation can't be read, so the answer goes on without it."""
        self.not_saved = error

    async def close(
        self,
        question: Question,
        reply: Reply,
        ending: Ending,
        report: CallReport,
        entry: Entry | None,
        *,
        kept: Kept,
    ) -> int:
        """Store how the reply ended, the text on show, and its ledger entry; returns the entry's id.

        What couldn't be stored when the answer began is stored now.

        Raises:
            StorageError: the ending isn't stored; call again later.
        """
        if self._is_late or not self.reply_id:
            await self._open_late(question, reply, model=report.model)
        # If not one write came through, the screen still shows what it showed before.
        text = reply.shown_text if reply.has_written else self._text_before
        if kept.pictures and not text.strip():  # an answer without a word is none, for memory
            text = PICTURE if len(kept.pictures) == 1 else PICTURES
        return await self._store.close_reply(
            ClosedReply(
                reply_id=self.reply_id,
                state=ending.state,
                text="" if self._is_forgotten else text,
                report=report,
                error=type(ending.error).__name__ if ending.error else "",
                now=self._now(),
                kept=Kept() if self._is_forgotten else kept,
            ),
            replace(entry, reply_id=self.reply_id) if entry else None,
        )

    async def _open_late(self, question: Question, reply: Reply, *, model: str) -> None:
        """Store what couldn't be stored in time; repeated until all of it is."""
        if self._is_late and self.turn_id is None and not self._is_forgotten:
            await self._open_answer(question, model=model)
        elif not self.reply_id:
            self.reply_id = await self._store.open_reply(
                question, model=model, now=self._now(), rich_text=self._rich_text
            )
        self._is_late = True
        for message_id in reply.message_ids:
            await self._store.add_reply_message(self.reply_id, message_id)
        self._is_late = False

    @contextmanager
    def _tolerated(self) -> Iterator[None]:
        """A full disk or a read-only file is no reason not to answer."""
        try:
            yield
        except StorageError as error:
            log.warning("reply %d is not saved: %s", self.reply_id, error)
            self.not_saved = error

    def _now(self) -> int:
        return int(self._clock.time())
