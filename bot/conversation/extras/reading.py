"""Reads what comes with a question: the messages it's about, its files, and what the room said before."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.ports import Followed, ReadFiles
from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import ConversationStore, FileReader, Heard, MessageReader
    from bot.conversation.runs import Run
    from bot.core.ports import Catalog
    from bot.core.records import Attachment, Place, Question, SentFile

log = logging.getLogger(__name__)

PATIENCE_S = 2.0  # what takes longer is worth a message
QUESTION_BYTES = 30_000_000  # of the pictures, documents and recordings of one question
THREADS = 10_000  # known to be remembered; then they're looked up again


class ExtrasReader:
    """Fills in what models read of a question's extras. A question without any costs nothing here."""

    def __init__(
        self,
        *,
        messages: MessageReader,
        files: FileReader,
        store: ConversationStore,
        catalog: Catalog,
        texts: ReplyTexts,
    ) -> None:
        self._messages = messages
        self._files = files
        self._store = store
        self._catalog = catalog
        self._texts = texts
        self._remembered: set[int] = set()  # threads that memory has something of

    async def read(self, run: Run) -> None:
        """Read what comes with a run's question, unless memory has it already; raises the errors of budgets.

        Where that takes long it's shown, with Stop.
        """
        if run.memory.turn_id is not None:
            return
        reading = asyncio.create_task(self._read(run), name="reading what came with a question")
        try:
            _, late = await asyncio.wait({reading}, timeout=PATIENCE_S)
            if late:
                if not run.memory.reply_id:
                    await run.memory.open(run.question, model=run.profile.model)
                run.offer_stop()
                run.reply.show_status(self._texts.reading)
            await reading
        finally:
            reading.cancel()

    async def _read(self, run: Run) -> None:
        question = run.question
        run.notes += question.extras.notes
        followed = await self._follow(question)
        run.notes += followed.notes
        attachments = list(followed.attachments)
        for author_id, files in ((None, question.extras.files), *followed.files):
            if files:
                read = await self._read_files(run, files)
                run.notes += read.notes
                attachments += [replace(each, author_id=author_id) for each in read.attachments]
        kept, too_large = _within(QUESTION_BYTES, attachments)
        if too_large:
            run.notes += (self._texts.too_large([each.name for each in too_large]),)
        if kept:
            run.revise(attachments=tuple(kept))

    async def _follow(self, question: Question) -> Followed:
        starter = await self._is_new_thread(question)
        if not starter and not question.extras.links:
            return Followed()
        return await self._messages.follow(question, starter=starter)

    async def _is_new_thread(self, question: Question) -> bool:
        """Whether the message that a thread is about has to be read: memory has nothing of the thread yet."""
        place = question.place
        is_thread = place.parent_id is not None and question.message_id != place.channel_id
        if not is_thread or place.channel_id in self._remembered:
            return False
        try:
            is_new = not await self._store.window(place, limit=1)
        except StorageError:
            return False
        if not is_new:
            self._remember(place)
        return is_new

    def _remember(self, place: Place) -> None:
        if len(self._remembered) >= THREADS:
            self._remembered.clear()
        self._remembered.add(place.channel_id)

    async def _read_files(self, run: Run, files: Sequence[SentFile]) -> ReadFiles:
        if not run.profile.files:
            return ReadFiles(notes=(self._texts.files_off,))
        info = self._catalog.get(run.profile.model)
        if (price := self._files.price(files, info)) == 0:
            return await self._files.read(files, info)
        async with run.bill.reading(price, on_wait=lambda: None) as book:
            read = await self._files.read(files, info)
            if read.usage is not None:
                await book(read.usage, read.model)
        return read

    def listen(self, run: Run) -> asyncio.Task[Sequence[Heard]] | None:
        """Begin to read what was said before a question, while it waits for its turn; None where it isn't read."""
        if not run.profile.room or run.question.extras.room_id is None:
            return None
        return asyncio.create_task(self._heard(run.question, run.profile.room), name="reading the room")

    async def _heard(self, question: Question, limit: int) -> Sequence[Heard]:
        """The room's messages, without those that memory has and those of people who want nothing to be kept."""
        try:
            if not (heard := await self._messages.room(question, limit=limit)):
                return ()
            turns, out = await self._store.known(
                {each.message_id for each in heard}, {each.author_id for each in heard}
            )
        except StorageError as error:
            log.warning("answering without the room in channel %d: %s", question.place.channel_id, error)
            return ()
        except Exception:  # whatever is wrong with the room, the question is answered
            log.exception("the room of channel %d can't be read", question.place.channel_id)
            return ()
        return [each for each in heard if each.message_id not in turns and each.author_id not in out]


def _within(limit_bytes: int, attachments: Sequence[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """The attachments that fit, first come first served, and those that don't."""
    kept: list[Attachment] = []
    left_out: list[Attachment] = []
    for each in attachments:
        fits = len(each.data) <= limit_bytes
        limit_bytes -= len(each.data) if fits else 0
        (kept if fits else left_out).append(each)
    return kept, left_out


def room_of(question: Question) -> int:
    """The channel where a message asked: a thread with its id was opened for it, in the channel."""
    place = question.place
    if place.parent_id is not None and question.message_id == place.channel_id:
        return place.parent_id
    return place.channel_id
