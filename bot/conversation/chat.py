"""The use case: a question comes in, an answer streams out, and both are remembered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bot.conversation.asides.kept import AsideKind
from bot.conversation.asides.sources import in_order_of_use
from bot.conversation.asides.thinking import Thinking
from bot.conversation.ending import Ending, Queued, footer_of
from bot.conversation.errors import ForgottenError, ShuttingDownError, StillRunningError
from bot.conversation.extras.reading import ExtrasReader, room_of
from bot.conversation.memory import AnswerMemory
from bot.conversation.queue import TurnQueue
from bot.conversation.runs import Run, Runs
from bot.core.errors import DeadlineExceededError, HeadwaterError, StorageError
from bot.core.events import Waiting, WaitReason
from bot.core.records import ReplyState
from bot.core.telemetry.meter import COMPLETE, FIRST_TEXT, REPLIES, UNMETERED
from bot.core.telemetry.trail import Trail, trail
from bot.display.errors import NoAccessError
from bot.display.target import Controls
from bot.display.typing_indicator import TYPING_AFTER_S
from bot.settings.catalog import WEB

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.access.gate import Admitted
    from bot.conversation.answer import Answerer
    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import ConversationStore, StoredReply
    from bot.conversation.queue import QueueTicket
    from bot.core.ports import Clock
    from bot.core.records import Question
    from bot.core.telemetry.meter import Meter
    from bot.display.reply import Reply
    from bot.display.target import ReplyTarget
    from bot.money.billing import Billing
    from bot.money.ledger import Entry
    from bot.settings.profile import Profiles

log = logging.getLogger(__name__)

QUEUE_PATIENCE_S = 1.0  # a wait in the queue that is over sooner is not worth a message
TYPING_S = 4.0  # how often the typing indicator gets a chance; Discord shows it for ten seconds
PRIVATE_LIMIT_S = 14 * 60.0  # a private answer lives by its interaction's token, which lasts 15 minutes


class ChatService:
    """Answers questions, one at a time in each conversation. `runs` are those being answered or waiting."""

    def __init__(
        self,
        *,
        answerer: Answerer,
        profiles: Profiles,
        billing: Billing,
        store: ConversationStore,
        new_reply: Callable[..., Reply],
        texts: ReplyTexts,
        clock: Clock,
        meter: Meter = UNMETERED,
        extras: ExtrasReader | None = None,
        queue_limit: int = 10,
        queue_per_person: int = 3,
    ) -> None:
        """`new_reply` makes a reply for a target, with what else `Reply` takes of a question.

        `extras` reads what comes with questions; without it, it's left out.
        `queue_limit` questions may wait in one conversation, `queue_per_person` of one person.
        """
        self._answerer = answerer
        self._profiles = profiles
        self._billing = billing
        self._store = store
        self._new_reply = new_reply
        self._texts = texts
        self._clock = clock
        self._meter = meter
        self._extras = extras
        self._queue = TurnQueue(limit=queue_limit, per_person=queue_per_person)
        self.runs = Runs()
        self._closing = False

    async def ask(self, question: Question, target: ReplyTarget, admitted: Admitted) -> Ending:
        """Answer a question where `target` shows it; returns how the reply ended, once it is stored.

        The reply tells whatever goes wrong. Cancelling ends the reply's model call and nothing more.

        Raises:
            QueueFullError: too many wait already; nothing is shown.
        """
        return await self._run(self._new_run(question, target, admitted))

    async def retry(
        self,
        reply_id: int,
        target: ReplyTarget,
        admitted: Admitted,
        *,
        continue_: bool,
        sees_room: bool = False,
    ) -> None:
        """Answer a stored question again in the messages of its last answer, or `continue_` that answer.

        `sees_room`: the person admitted may read what was said before the question. It's billed to them, not
        to the one who asked it.

        Raises:
            ForgottenError: the question is no longer stored.
            StillRunningError: it is being answered right now.
            QueueFullError, ShuttingDownError, StorageError: nothing has changed.
            NoAccessError: the bot may not write there.
        """
        await self.runs.wait_until_stored(reply_id)
        reply, question = await self._answered(reply_id)
        if self._closing:
            raise ShuttingDownError
        if sees_room and question.message_id is not None:  # else nobody knows what was said before it
            question = replace(question, extras=replace(question.extras, room_id=room_of(question)))
        run = self._new_run(question, target, admitted, earlier=reply, shown=reply.text if continue_ else "")
        with self._queue.join(reply.place.channel_id, who=run.bill.user_id) as ticket:
            await self._reopen(run)
            await self._run(run, ticket)
        if isinstance(run.lost, NoAccessError):
            raise run.lost

    async def _answered(self, reply_id: int) -> tuple[StoredReply, Question]:
        """A reply that can be answered again, and its question."""
        reply = await self._store.reply(reply_id)
        if reply is not None and not self.runs.is_running(reply.turn_id):
            await self._answerer.catch_up(reply.place)  # so that what was deleted meanwhile does not come back
            reply = await self._store.reply(reply_id)
        question = await self._store.question(reply.turn_id) if reply and reply.turn_id else None
        if reply is None or question is None:
            raise ForgottenError
        if self.runs.is_running(reply.turn_id):
            raise StillRunningError
        if not reply.message_ids:  # a later reply has taken its messages over
            raise ForgottenError
        return reply, question

    async def _reopen(self, run: Run) -> None:
        """Store the new reply before it is seen: what fails here leaves the old answer as it is."""
        self.runs.add(run)
        try:
            await run.memory.reopen_answer(run.question, model=run.profile.model)
        except BaseException:
            self.runs.end(run)
            raise
        if not run.shown_before:
            run.reply.show_status(self._texts.waiting(Waiting(reason=WaitReason.PRESSED_RETRY)))

    async def tell(self, target: ReplyTarget, sentence: str) -> None:
        """Say something in small print, without a question to the model."""
        reply = self._new_reply(target)
        reply.finish(sentence, Controls())
        await reply.settled()

    def waiting(self, channel_id: int) -> int:
        """How many questions wait in a channel behind the one being answered."""
        return self._queue.waiting(channel_id)

    @property
    def queued(self) -> int:
        """The same in all channels together."""
        return self._queue.length

    async def aclose(self, *, grace_s: float) -> None:
        """Take no new questions, give running replies `grace_s` seconds, then end them as interrupted."""
        self._closing = True
        self.runs.cancel(Ending(state=ReplyState.FAILED, error=ShuttingDownError()), but_with_text=True)
        await self.runs.wait_over(grace_s)
        self.runs.cancel(Ending(state=ReplyState.INTERRUPTED))
        await self.runs.wait_over(grace_s)

    # One question

    def _new_run(
        self,
        question: Question,
        target: ReplyTarget,
        admitted: Admitted,
        *,
        earlier: StoredReply | None = None,
        shown: str = "",
    ) -> Run:
        """A run and its reply, which goes on from the text `shown` in the messages of an earlier one."""
        message_ids = earlier.message_ids if earlier else ()
        effective = admitted.effective.but(WEB, "on") if question.extras.web else admitted.effective
        profile = self._profiles.resolve(effective, question.place)
        # What is on show stays as it is: an answer goes on in the look that it began in.
        look = replace(profile.look, rich_text=earlier.rich_text) if earlier and shown else profile.look
        memory = AnswerMemory(self._store, self._clock, earlier=earlier, rich_text=look.rich_text)
        trail.set(Trail(question_id=question.message_id, reply_id=lambda: memory.reply_id))
        return Run(
            question,
            profile=profile,
            memory=memory,
            bill=self._billing.bill(admitted.charge),
            thinking=Thinking(self._clock),
            show=partial(self._new_reply, target, messages=dict.fromkeys(message_ids, ""), look=look),
            shown_before=shown,
        )

    async def _run(self, run: Run, ticket: QueueTicket | None = None) -> Ending:
        """See a question through; `ticket` is its place in the queue where it has one already."""
        self.runs.add(run)
        typing = asyncio.create_task(self._keep_typing(run.reply), name="typing")
        try:
            ending = await (self._answer(run, ticket) if ticket else self._join_and_answer(run))
            log.info("reply %d ended: %s", run.memory.reply_id, ending.state)
            return ending
        finally:
            typing.cancel()
            run.bill.drop()
            self.runs.end(run)

    async def _keep_typing(self, reply: Reply) -> None:
        pause_s = TYPING_AFTER_S
        while not reply.message_ids:
            reply.try_typing()
            await self._clock.sleep(pause_s)
            pause_s = TYPING_S

    async def _join_and_answer(self, run: Run) -> Ending:
        # Private answers change nothing that others go on from: each is a conversation by itself.
        conversation = run if run.question.private else run.question.place.channel_id
        with self._queue.join(conversation, who=run.bill.user_id) as ticket:
            return await self._answer(run, ticket)

    async def _answer(self, run: Run, ticket: QueueTicket) -> Ending:
        task = run.start(self._work(run, ticket))
        try:
            ending = await self._outcome(task, run)
        finally:
            task.cancel()
        return await self._end(run, ending)

    async def _work(self, run: Run, ticket: QueueTicket) -> Ending:
        """From the queue to the last word."""
        if self._closing:
            raise ShuttingDownError
        if ticket.ahead and not run.memory.reply_id:
            await run.memory.open(run.question, model=run.profile.model)
        run.offer_stop()
        hearing = self._extras.listen(run) if self._extras else None
        try:
            async for ahead in ticket.moves(patience_s=QUEUE_PATIENCE_S):
                run.reply.show_status(self._texts.waiting(Queued(ahead=ahead)))
            if self._extras:
                await self._extras.read(run)
            await run.store_question()
            run.offer_stop()
            if hearing:
                run.heard = await hearing
            return await self._answer_in_time(run)
        finally:
            if hearing:
                hearing.cancel()

    async def _answer_in_time(self, run: Run) -> Ending:
        try:
            async with asyncio.timeout(PRIVATE_LIMIT_S if run.question.private else None):
                return await self._answerer.answer(run)
        except TimeoutError:
            raise DeadlineExceededError(model=run.profile.model) from None

    async def _outcome(self, task: asyncio.Task[Ending], run: Run) -> Ending:
        await asyncio.wait({task})
        if task.cancelled():
            return run.forced or Ending(state=ReplyState.INTERRUPTED)
        error = task.exception()
        if error is None:
            return task.result()
        if not isinstance(error, HeadwaterError):
            log.error("answering failed by a bug", exc_info=error)
            return Ending(state=ReplyState.FAILED, error=HeadwaterError())
        log.warning("no answer in channel %d: %s", run.question.place.channel_id, error)
        return Ending(state=ReplyState.FAILED, error=error)

    async def _end(self, run: Run, ending: Ending) -> Ending:
        """Bring the ending to the screen, then to memory and the ledger."""
        entry = self._entry(run, ending)
        wants_footer = run.profile.footer and ending.state is ReplyState.COMPLETE
        sources = in_order_of_use(run.sources, run.reply.text)
        run.further_sources = self._texts.further_sources(sources)
        ending = replace(
            ending,
            sources=sources,
            remarks=(*ending.remarks, *filter(None, [run.search])),
            footer=footer_of(entry) if entry and wants_footer else None,
            warnings=run.bill.warnings(entry) if entry else (),
            unavailable=run.profile.unavailable,
            not_saved=run.memory.not_saved,
            notes=run.notes,
        )
        run.reply.finish(self._texts.ending(ending), self._controls(run, ending))
        await run.reply.settled()
        self._measure(run, ending)
        await self._answerer.remember_pictures(run)
        await self._store_ending(run, ending, entry)
        return ending

    def _measure(self, run: Run, ending: Ending) -> None:
        self._meter.count(REPLIES, state=ending.state)
        if run.reply.first_text_s is not None and not run.shown_before:
            self._meter.observe(FIRST_TEXT, run.reply.first_text_s)
        if ending.state is ReplyState.COMPLETE:
            self._meter.observe(COMPLETE, run.reply.age_s)

    def _entry(self, run: Run, ending: Ending) -> Entry | None:
        said = run.reply.text[len(run.shown_before) :]
        try:
            return run.bill.entry(state=ending.state, said=said, reply_id=run.memory.reply_id or None)
        except Exception:  # whatever is wrong with the bill, the reply ends
            log.exception("reply %d could not be billed", run.memory.reply_id)
            return None

    async def _store_ending(self, run: Run, ending: Ending, entry: Entry | None) -> None:
        try:
            if entry is not None:  # when it can't be written now, it's tried again until it can
                await run.bill.book(entry, partial(run.store_ending, ending))
            elif run.memory.reply_id:
                await run.store_ending(ending)
        except StorageError as error:
            channel_id = run.question.place.channel_id
            log.warning("reply %d in channel %d is not saved: %s", run.memory.reply_id, channel_id, error)
        except Exception:  # the reply has ended on the screen, whatever is wrong with the ledger
            log.exception("reply %d could not be booked", run.memory.reply_id)

    @staticmethod
    def _controls(run: Run, ending: Ending) -> Controls:
        """Retry where no whole answer came, Continue where it breaks off, and what is kept with the answer.

        All need the stored question.
        """
        unfinished = ending.state in (ReplyState.STOPPED, ReplyState.FAILED, ReplyState.INTERRUPTED)
        is_stored = run.memory.turn_id is not None
        kept = {aside.kind for aside in run.asides} if run.memory.reply_id else set()
        return Controls(
            reply_id=run.memory.reply_id,
            thinking=AsideKind.THINKING in kept,
            sources=AsideKind.SOURCES in kept,
            retry=bool(run.memory.reply_id) and is_stored and unfinished,
            continue_=is_stored and bool(run.reply.text) and (unfinished or ending.state is ReplyState.CUT),
        )
