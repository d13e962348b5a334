"""The questions that are being answered, or wait in a queue, and what can happen to them from outside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from bot.conversation.asides.kept import Aside, AsideKind, Kept
from bot.conversation.ending import Ending
from bot.core.records import ReplyState
from bot.display.errors import MessageGoneError
from bot.display.target import Controls
from bot.settings.catalog import ShownThinking

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence

    from bot.conversation.asides.search import SearchNote
    from bot.conversation.asides.thinking import Thinking
    from bot.conversation.memory import AnswerMemory
    from bot.conversation.ports import Heard
    from bot.core.errors import PictureOnlyError
    from bot.core.events import Source
    from bot.core.records import Attachment, Question
    from bot.display.errors import ScreenError
    from bot.display.reply import Reply
    from bot.display.target import ShownFile
    from bot.money.billing import Bill
    from bot.money.ledger import Entry
    from bot.settings.profile import Profile


class Run:
    """One question being answered: what applies to it, its reply, its task, and how it ends if it's cancelled.

    Attributes:
        question: as it reads now; it may be edited while it waits.
        shown_before: the text that a continued answer goes on from.
        thinking: how long the model thinks, and what.
        notes: sentences of small print on what came with the question.
        heard: what was said in the room before it.
        search: what there is to say about searching the web.
        sources: what the provider says that the answer draws on.
        pictures: those that are posted with the answer.
        remembered: the same as memory has them.
        lost_pictures: set where some of them can't be.
        further_sources: all of them in words, where there are more than fit under the answer.
        lost: why nobody can read the reply any more.
        forced: how the run ends when its task is cancelled.
        over: set once it is on the screen and in memory, or given up.
    """

    def __init__(
        self,
        question: Question,
        *,
        profile: Profile,
        memory: AnswerMemory,
        bill: Bill,
        thinking: Thinking,
        show: Callable[..., Reply],
        shown_before: str = "",
    ) -> None:
        """`show` makes the reply; see `Reply` for its `on_message` and `on_lost`."""
        self.question = question
        self.profile = profile
        self.memory = memory
        self.bill = bill
        self.thinking = thinking
        self.search: SearchNote | None = None
        self.sources: tuple[Source, ...] = ()
        self.further_sources = ""
        self.pictures: Sequence[ShownFile] = ()
        self.remembered: tuple[Attachment, ...] = ()
        self.lost_pictures: PictureOnlyError | None = None
        self.shown_before = shown_before
        self.notes: tuple[str, ...] = ()
        self.heard: Sequence[Heard] = ()
        self.reply = show(on_message=memory.add_message, on_lost=self._lose, text=shown_before)
        self.lost: ScreenError | None = None
        self.task: asyncio.Task[Ending] | None = None
        self.forced: Ending | None = None
        self.over = asyncio.Event()

    def start(self, work: Coroutine[object, object, Ending]) -> asyncio.Task[Ending]:
        """Begin to answer."""
        self.task = asyncio.create_task(work, name=f"answer in {self.question.place.channel_id}")
        return self.task

    def revise(self, **changes: Any) -> None:  # noqa: ANN401 - fields of a `Question`
        """The question reads differently from now on, or another message shows it."""
        self.question = replace(self.question, **changes)

    async def store_question(self) -> None:
        """Store it before the model is called; see `AnswerMemory.open_answer`."""
        self.question = await self.memory.open_answer(self.question, model=self.profile.model)

    def offer_stop(self) -> None:
        """Put Stop under the reply, which works once the reply is stored."""
        reply_id = self.memory.reply_id
        self.reply.controls = Controls(reply_id=reply_id, stop=bool(reply_id))

    def cancel(self, ending: Ending) -> None:
        """End it early, unless it is ending already."""
        if self.task is not None and not self.task.done() and self.forced is None:
            self.forced = ending
            self.task.cancel()

    async def store_ending(self, ending: Ending, entry: Entry | None = None) -> int:
        """Store how it ended, as `AnswerMemory.close` does. Raises `StorageError`."""
        return await self.memory.close(
            self.question,
            self.reply,
            ending,
            self.bill.report,
            entry,
            kept=Kept(asides=self.asides, pictures=self.remembered),
        )

    @property
    def asides(self) -> tuple[Aside, ...]:
        """What is kept with the answer for the buttons under it; nothing without a stored question."""
        if self.memory.turn_id is None:
            return ()
        thoughts = self.thinking.text if self.profile.reasoning is ShownThinking.BUTTON else ""
        kept = (Aside(AsideKind.THINKING, thoughts), Aside(AsideKind.SOURCES, self.further_sources))
        return tuple(aside for aside in kept if aside.text)

    def _lose(self, error: ScreenError) -> None:
        self.lost = error
        if isinstance(error, MessageGoneError):
            self.memory.forget()
        self.cancel(Ending(state=ReplyState.STOPPED))


class Runs:
    """All runs of the process."""

    def __init__(self) -> None:
        self._runs: set[Run] = set()
        self._known: WeakSet[Run] = WeakSet()  # also those that are over, but still wait for the database

    def add(self, run: Run) -> None:
        self._runs.add(run)
        self._known.add(run)

    def end(self, run: Run) -> None:
        """The run is over."""
        self._runs.discard(run)
        run.over.set()

    def cancel(self, ending: Ending, *, but_with_text: bool = False) -> None:
        """End all runs early; `but_with_text` leaves those that show text already."""
        for run in self._runs:
            if not (but_with_text and run.reply.text):
                run.cancel(ending)

    def reply_ids(self) -> list[int]:
        """The stored replies that are running, or wait for their turn or for the database."""
        return [run.memory.reply_id for run in self._known if run.memory.reply_id]

    def abandon(self, reply_id: int) -> None:
        """Another process carries on a reply: nothing more of it is written here."""
        for run in list(self._known):
            if run.memory.reply_id == reply_id:
                run.reply.abandon()
                run.cancel(Ending(state=ReplyState.INTERRUPTED))

    def asker_of(self, reply_id: int) -> int | None:
        """Who asked for a running reply; None when it isn't running."""
        asked = (run.question.author_id for run in self._runs if run.memory.reply_id == reply_id)
        return next(asked, None)

    def stop(self, reply_id: int, *, by: str) -> bool:
        """End a running reply for somebody; False when it isn't running."""
        for run in self._runs:
            if run.memory.reply_id == reply_id:
                run.cancel(Ending(state=ReplyState.STOPPED, by=by))
                return True
        return False

    def deleted(self, message_ids: Collection[int]) -> None:
        """Somebody deleted messages: a reply shown in one ends, and a question that waits leaves the queue."""
        for run in list(self._known):
            is_shown = not set(message_ids).isdisjoint(run.reply.message_ids)
            if is_shown or (run.memory.turn_id is None and run.question.message_id in message_ids):
                run.memory.forget()
                run.cancel(Ending(state=ReplyState.STOPPED))

    def edited(self, message_id: int, text: str) -> None:
        """Somebody edited a message: a question that waits is asked as it reads now."""
        for run in list(self._known):
            if run.memory.turn_id is None and run.question.message_id == message_id:
                run.revise(text=text)

    def moved(self, message_id: int, *, to: int) -> None:
        """Another message shows a question from now on."""
        for run in list(self._known):
            if run.question.message_id == message_id:
                run.revise(message_id=to)

    def forget(self, concerned: Callable[[Question], bool]) -> None:
        """Keep nothing of questions that are being answered, or wait for that or for the database."""
        for run in list(self._known):
            if concerned(run.question):
                run.memory.forget()

    def is_running(self, turn_id: int | None) -> bool:
        """Whether a stored question is being answered right now."""
        return any(run.memory.turn_id == turn_id for run in self._runs if turn_id is not None)

    async def wait_until_stored(self, reply_id: int) -> None:
        """A button can be pressed in the instant between the last edit and the commit that follows it."""
        for run in list(self._runs):
            if run.memory.reply_id == reply_id and run.task is not None and run.task.done():
                await run.over.wait()

    async def wait_over(self, seconds: float) -> None:
        """Wait until all runs are over, but no longer than so many seconds."""
        waits = [asyncio.ensure_future(run.over.wait()) for run in self._runs]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()
