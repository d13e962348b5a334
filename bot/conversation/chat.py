"""The use case: a question comes in, an answer streams out, and both are remembered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.answer import Run
from bot.conversation.ending import Ending, Queued
from bot.conversation.errors import ForgottenError, ShuttingDownError, StillRunningError
from bot.conversation.memory import Memory
from bot.conversation.queue import TurnQueue
from bot.conversation.runs import Runs
from bot.core.errors import DeadlineExceededError, HeadwaterError, ModelError
from bot.core.events import Waiting, WaitReason
from bot.core.records import ReplyState
from bot.display.errors import MessageGoneError, NoAccessError, ScreenError
from bot.display.reply import TYPING_AFTER_S, Reply
from bot.display.target import Controls

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from bot.conversation.answer import Answerer
    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import ConversationStore
    from bot.conversation.queue import QueueTicket
    from bot.core.ports import Clock
    from bot.core.records import Question
    from bot.display.scheduler import EditScheduler
    from bot.display.target import ReplyTarget
    from bot.money.billing import Billing
    from bot.settings.model_choice import ModelChoice

log = logging.getLogger(__name__)

QUEUE_PATIENCE_S = 1.0  # a wait in line that is over sooner is not worth a message
TYPING_S = 4.0  # how often the typing indicator gets a chance; Discord shows it for ten seconds
PRIVATE_LIMIT_S = 14 * 60.0  # a private answer lives by its interaction's token, which lasts 15 minutes


class ChatService:
    """Answers questions, one at a time in each conversation; `runs` are those being answered or in line."""

    def __init__(
        self,
        *,
        answerer: Answerer,
        models: ModelChoice,
        billing: Billing,
        store: ConversationStore,
        scheduler: EditScheduler,
        texts: ReplyTexts,
        clock: Clock,
        rng: random.Random,
        queue_limit: int = 5,
    ) -> None:
        """`queue_limit` is how many questions may wait in one conversation behind the one being answered."""
        self._answerer = answerer
        self._models = models
        self._billing = billing
        self._store = store
        self._memory = Memory(store, clock)
        self._scheduler = scheduler
        self._texts = texts
        self._clock = clock
        self._rng = rng
        self._queue = TurnQueue(limit=queue_limit)
        self.runs = Runs()
        self._closing = False

    async def ask(self, question: Question, target: ReplyTarget, *, unlimited: bool = False) -> Ending:
        """Answer a question where `target` shows it; returns how the reply ended, once it is stored.

        Whatever goes wrong is told in the reply. Cancelling ends the reply's model call and nothing more.
        With `unlimited`, the server's budgets do not hold; the owner's does.
        """
        return await self._run(self._new_run(question, target, unlimited=unlimited))

    async def retry(self, reply_id: int, target: ReplyTarget, *, continue_: bool, unlimited: bool = False) -> None:
        """Answer a stored question anew in the messages of its last answer, or `continue_` that answer.

        Raises:
            ForgottenError: the question is no longer stored.
            StillRunningError: it is being answered right now.
            QueueFullError, ShuttingDownError, StorageError: nothing has changed.
            NoAccessError: the bot may not write there.
        """
        await self.runs.wait_until_stored(reply_id)
        reply = await self._store.reply(reply_id)
        if reply is not None and not self.runs.is_running(reply.turn_id):
            await self._answerer.catch_up(reply.place)  # what was deleted meanwhile is not to come back
            reply = await self._store.reply(reply_id)
        question = await self._store.question(reply.turn_id) if reply and reply.turn_id else None
        if reply is None or question is None:
            raise ForgottenError
        if self.runs.is_running(reply.turn_id):
            raise StillRunningError
        if not reply.message_ids:  # a later reply has taken its messages over
            raise ForgottenError
        if self._closing:
            raise ShuttingDownError
        run = self._new_run(
            question,
            target,
            unlimited=unlimited,
            message_ids=reply.message_ids,
            shown_before=reply.text if continue_ else "",
        )
        run.turn_id, run.stored_before = reply.turn_id, reply.text
        with self._queue.join(reply.place.channel_id) as ticket:
            await self._prepare_again(run)
            await self._run(run, ticket)
        if isinstance(run.lost, NoAccessError):
            raise run.lost

    async def _prepare_again(self, run: Run) -> None:
        """Store the new reply before it is seen: what fails here leaves the old answer as it is."""
        self.runs.add(run)
        try:
            await self._prepare(run, bear_faults=False)
        except HeadwaterError as error:  # what was opened is not for a restart to end
            await self._memory.close(run, Ending(state=ReplyState.FAILED, error=error))
            self.runs.end(run)
            raise
        except BaseException:
            self.runs.end(run)
            raise
        if not run.shown_before:
            run.reply.show_status(self._texts.waiting(Waiting(reason=WaitReason.AGAIN)))

    async def tell(self, target: ReplyTarget, sentence: str) -> None:
        """Say something in small print, without a question to the model."""
        reply = self._reply(target)
        reply.finish(sentence, Controls())
        await reply.settled()

    def waiting(self, channel_id: int) -> int:
        """How many questions wait in a channel behind the one being answered."""
        return self._queue.waiting(channel_id)

    async def aclose(self, *, grace_s: float) -> None:
        """Take no new questions, give running replies `grace_s` seconds, then end them as interrupted."""
        self._closing = True
        self.runs.cancel(Ending(state=ReplyState.FAILED, error=ShuttingDownError()), but_with_text=True)
        await self.runs.wait_over(grace_s)
        self.runs.cancel(Ending(state=ReplyState.INTERRUPTED))
        await self.runs.wait_over(grace_s)

    # One question

    def _reply(
        self,
        target: ReplyTarget,
        *,
        on_message: Callable[[int], Awaitable[None]] | None = None,
        on_lost: Callable[[ScreenError], None] | None = None,
        message_ids: Sequence[int] = (),
        text: str = "",
    ) -> Reply:
        return Reply(
            target,
            clock=self._clock,
            rng=self._rng,
            mark=self._scheduler.mark,
            texts=self._texts.display,
            on_message=on_message,
            on_lost=on_lost,
            message_ids=message_ids,
            text=text,
        )

    def _new_run(
        self,
        question: Question,
        target: ReplyTarget,
        *,
        unlimited: bool,
        message_ids: Sequence[int] = (),
        shown_before: str = "",
    ) -> Run:
        """A run and its reply, which goes on from `shown_before` in the messages of an earlier one."""

        async def on_message(message_id: int) -> None:
            await self._memory.note(run, message_id)

        def on_lost(error: ScreenError) -> None:
            run.lost = error
            run.forget = run.forget or isinstance(error, MessageGoneError)
            run.cancel(Ending(state=ReplyState.STOPPED))

        reply = self._reply(
            target, on_message=on_message, on_lost=on_lost, message_ids=message_ids, text=shown_before
        )
        run = Run(question, reply, shown_before=shown_before, unlimited=unlimited)
        return run

    async def _run(self, run: Run, ticket: QueueTicket | None = None) -> Ending:
        """See a question through; `ticket` where it has its place in line already."""
        self.runs.add(run)
        typing = asyncio.create_task(self._keep_typing(run.reply), name="typing")
        try:
            ending = await (self._answer(run, ticket) if ticket else self._join_and_answer(run))
            log.info("reply %d ended: %s", run.reply.controls.reply_id, ending.state)
            return ending
        finally:
            typing.cancel()
            self._billing.drop(run)
            self.runs.end(run)

    async def _keep_typing(self, reply: Reply) -> None:
        pause_s = TYPING_AFTER_S
        while not reply.message_ids:
            self._scheduler.mark(reply)
            await self._clock.sleep(pause_s)
            pause_s = TYPING_S

    async def _join_and_answer(self, run: Run) -> Ending:
        # Private answers change nothing that others go on from: each is a conversation by itself.
        conversation = run if run.question.private else run.question.place.channel_id
        try:
            ticket = self._queue.join(conversation)
        except HeadwaterError as error:
            return await self._end(run, Ending(state=ReplyState.FAILED, error=error))
        with ticket:
            return await self._answer(run, ticket)

    async def _answer(self, run: Run, ticket: QueueTicket) -> Ending:
        task_name = f"answer in {run.question.place.channel_id}"
        run.task = asyncio.create_task(self._work(run, ticket), name=task_name)
        try:
            ending = await self._outcome(run)
        finally:
            run.task.cancel()
        return await self._end(run, ending)

    async def _work(self, run: Run, ticket: QueueTicket) -> Ending:
        """From the line to the last word."""
        question = run.question
        if self._closing:
            raise ShuttingDownError
        if not run.model:
            await self._prepare(run)
        await self._wait_in_queue(run, ticket)
        await self._memory.remember(run)
        try:
            async with asyncio.timeout(PRIVATE_LIMIT_S if question.private else None):
                return await self._answerer.answer(run)
        except TimeoutError:
            raise DeadlineExceededError(model=run.model) from None

    async def _prepare(self, run: Run, *, bear_faults: bool = True) -> None:
        """Choose the model and store the reply, before anything of it is on show."""
        choice = await self._models.resolve(run.question.place)
        run.model = choice.model
        if choice.pin and choice.unavailable and self._models.first_told(choice):
            run.unavailable = (choice.pin.setting.value, choice.unavailable)
        await self._memory.open(run)
        if run.not_saved is not None and not bear_faults:
            raise run.not_saved

    async def _wait_in_queue(self, run: Run, ticket: QueueTicket) -> None:
        """Wait for the turn; who waits longer than a moment is told for how many others."""
        async for ahead in ticket.moves(patience_s=QUEUE_PATIENCE_S):
            run.reply.show_status(self._texts.waiting(Queued(ahead=ahead)))

    async def _outcome(self, run: Run) -> Ending:
        task = run.task
        assert task is not None  # noqa: S101 - set by the only caller
        await asyncio.wait({task})
        if task.cancelled():
            return run.forced or Ending(state=ReplyState.INTERRUPTED)
        error = task.exception()
        if error is None:
            return task.result()
        if not isinstance(error, HeadwaterError):
            log.error("answering failed by a bug", exc_info=error)
            return Ending(state=ReplyState.FAILED, error=HeadwaterError())
        log.warning("no answer in channel %d: %s", run.question.place.channel_id, describe(error))
        return Ending(state=ReplyState.FAILED, error=error)

    async def _end(self, run: Run, ending: Ending) -> Ending:
        """Bring the ending to the screen, then to memory."""
        try:
            ending = await self._billing.close(run, ending, self._answerer.ratio)
        except Exception:  # whatever is wrong with the billing, the reply ends
            log.exception("reply %d could not be booked", run.reply.controls.reply_id)
        ending = replace(
            ending, unavailable=run.unavailable, not_saved=run.not_saved, history_truncated=run.history_truncated
        )
        run.reply.finish(self._texts.ending(ending), self._controls(run, ending))
        await run.reply.settled()
        await self._memory.close(run, ending)
        return ending

    @staticmethod
    def _controls(run: Run, ending: Ending) -> Controls:
        """Retry where no whole answer came, Continue where it breaks off; both need the stored question."""
        unfinished = ending.state in (ReplyState.STOPPED, ReplyState.FAILED, ReplyState.INTERRUPTED)
        return Controls(
            reply_id=run.reply.controls.reply_id,
            retry=bool(run.reply.controls.reply_id) and run.turn_id is not None and unfinished,
            continue_=run.turn_id is not None
            and bool(run.reply.text)
            and (unfinished or ending.state is ReplyState.CUT),
        )


def describe(error: HeadwaterError) -> str:
    """An error for the log: its kind, status and cause, never content."""
    if isinstance(error, ModelError):
        return f"{type(error).__name__} (model {error.model}, status {error.status}): {error.detail}"
    return str(error)
