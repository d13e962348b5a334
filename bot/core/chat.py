"""The use case: a question comes in, an answer streams out, and both are remembered."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import (
    HeadwaterError,
    MessageGoneError,
    ModelError,
    ScreenError,
    ShuttingDownError,
    StorageError,
    StreamBrokenError,
)
from bot.core.line import TurnLines
from bot.core.messages import (
    CompletionRequest,
    Controls,
    Done,
    Ending,
    FinishReason,
    InLine,
    ReplyState,
    Started,
    Text,
    Usage,
    Waiting,
)
from bot.core.reply import Reply
from bot.core.window import TokenRatio, build_prompt

if TYPE_CHECKING:
    import random

    from bot.core.line import Ticket
    from bot.core.messages import Question, Turn
    from bot.core.model_choice import ModelChoice
    from bot.core.ports import Catalog, Clock, ConversationStore, LLMClient, ReplyTarget
    from bot.core.scheduler import EditScheduler

log = logging.getLogger(__name__)

WINDOW_PAGE = 60  # turns read from memory at a time
STATES = {
    FinishReason.STOP: ReplyState.COMPLETE,
    FinishReason.LENGTH: ReplyState.CUT,
    FinishReason.CONTENT_FILTER: ReplyState.FILTERED,
}


class Words(Protocol):
    """What people read about a reply; the sentences live with the user interface."""

    def ending(self, ending: Ending) -> str:
        """The small print under an ended reply; empty for one that simply ended."""
        ...

    def waiting(self, waiting: Waiting | InLine) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatConfig:
    """What the owner set for every conversation."""

    system_prompt: str
    max_tokens: int
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()
    line_limit: int = 5  # questions that may wait in one conversation


@dataclass(eq=False, slots=True)
class _Run:
    """One question being answered."""

    question: Question
    reply: Reply
    task: asyncio.Task[Ending] | None = None
    forced: Ending | None = None  # how it ends if it is cancelled
    forget: bool = False  # somebody deleted the answer
    model: str = ""
    generation_id: str | None = None
    usage: Usage | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def cancel(self, ending: Ending) -> None:
        """End it early, unless it is ending already."""
        if self.task is not None and not self.task.done() and self.forced is None:
            self.forced = ending
            self.task.cancel()


class ChatService:
    """Answers questions, one at a time in each conversation."""

    def __init__(
        self,
        *,
        llm: LLMClient,
        catalog: Catalog,
        models: ModelChoice,
        store: ConversationStore,
        scheduler: EditScheduler,
        words: Words,
        config: ChatConfig,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self._llm = llm
        self._catalog = catalog
        self._models = models
        self._store = store
        self._scheduler = scheduler
        self._words = words
        self._config = config
        self._clock = clock
        self._rng = rng
        self._ratio = TokenRatio()
        self._lines = TurnLines(limit=config.line_limit)
        self._runs: set[_Run] = set()
        self._closing = False

    async def ask(self, question: Question, target: ReplyTarget) -> None:
        """Answer a question where `target` shows it; returns when the reply has ended and is stored.

        Whatever goes wrong is told in the reply. Cancelling ends the reply's model call and nothing more.
        """
        run = self._open_run(question, target)
        try:
            ending = await self._answer(run)
            log.info("reply %d ended: %s", run.reply.controls.reply_id, ending.state)
        finally:
            self._runs.discard(run)
            run.over.set()

    async def tell(self, target: ReplyTarget, sentence: str) -> None:
        """Say something in small print, without a question to the model."""
        reply = Reply(target, clock=self._clock, rng=self._rng, mark=self._scheduler.mark)
        reply.finish(sentence, Controls())
        await reply.settled()

    def stop(self, reply_id: int, *, by: str) -> bool:
        """End a running reply for somebody; False when it is not running."""
        for run in self._runs:
            if run.reply.controls.reply_id == reply_id:
                run.cancel(Ending(state=ReplyState.STOPPED, by=by))
                return True
        return False

    async def aclose(self, *, grace_s: float) -> None:
        """Take no new questions, give running replies `grace_s` seconds, then end them as interrupted."""
        self._closing = True
        for run in self._runs:
            if not run.reply.text:
                run.cancel(Ending(state=ReplyState.FAILED, error=ShuttingDownError()))
        await self._wait_over(grace_s)
        for run in self._runs:
            run.cancel(Ending(state=ReplyState.INTERRUPTED))
        await self._wait_over(grace_s)

    async def _wait_over(self, seconds: float) -> None:
        waits = [asyncio.ensure_future(run.over.wait()) for run in self._runs]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()

    # One question

    def _open_run(self, question: Question, target: ReplyTarget) -> _Run:
        async def on_message(message_id: int) -> None:
            await self._note_message(run, message_id)

        def on_lost(error: ScreenError) -> None:
            run.forget = isinstance(error, MessageGoneError)
            run.cancel(Ending(state=ReplyState.STOPPED))

        reply = Reply(
            target,
            clock=self._clock,
            rng=self._rng,
            mark=self._scheduler.mark,
            on_message=on_message,
            on_lost=on_lost,
        )
        run = _Run(question, reply)
        self._runs.add(run)
        return run

    async def _answer(self, run: _Run) -> Ending:
        channel_id = run.question.place.channel_id
        try:
            ticket = self._lines.join(
                channel_id, lambda ahead: run.reply.show_status(self._words.waiting(InLine(ahead=ahead)))
            )
        except HeadwaterError as error:
            return await self._end(run, Ending(state=ReplyState.FAILED, error=error))
        with ticket:
            run.task = asyncio.create_task(self._work(run, ticket), name=f"answer in {channel_id}")
            try:
                ending = await self._outcome(run)
            finally:
                run.task.cancel()
            return await self._end(run, ending)

    async def _work(self, run: _Run, ticket: Ticket) -> Ending:
        """From the line to the last word."""
        question = run.question
        if self._closing:
            raise ShuttingDownError
        run.model = (await self._models.resolve(question.place)).model
        reply_id = await self._store.open_reply(question, model=run.model, now=self._now())
        run.reply.controls = Controls(reply_id=reply_id, stop=True)
        await ticket.turn()
        if not question.private:
            await self._store.add_question(question, reply_id=reply_id, now=self._now())
        return await self._read(run, await self._request(run))

    async def _request(self, run: _Run) -> CompletionRequest:
        question, config = run.question, self._config
        info = self._catalog.get(run.model)
        turns: list[Turn] = []
        while True:
            before = turns[-1].id if turns else None
            page = await self._store.window(question.place, before=before, limit=WINDOW_PAGE)
            turns += page
            prompt = build_prompt(
                system_prompt=config.system_prompt,
                turns=turns,
                question=question,
                context_length=info.context_length if info else None,
                max_tokens=config.max_tokens,
                ratio=self._ratio.of(run.model),
            )
            if prompt.dropped or len(page) < WINDOW_PAGE:
                break
        return CompletionRequest(
            model=run.model,
            messages=prompt.messages,
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            fallbacks=config.fallbacks,
            channel_id=question.place.channel_id,
            user_id=question.author_id,
        )

    async def _read(self, run: _Run, request: CompletionRequest) -> Ending:
        """Pass the model's events on; never waits for Discord."""
        reply = run.reply
        async with aclosing(self._llm.stream(request, reply.demand)) as events:
            async for event in events:
                match event:
                    case Waiting():
                        reply.show_status(self._words.waiting(event))
                    case Started():
                        run.model, run.generation_id = event.model, event.generation_id
                        reply.show_status("")
                    case Text(text):
                        reply.feed(text)
                    case Usage():
                        run.usage = event
                        self._ratio.learn(run.model, request.messages, event.prompt_tokens)
                    case Done(reason=reason):
                        answered_by = run.model if run.model != request.model else ""
                        return Ending(state=STATES[reason], answered_by=answered_by)
        raise StreamBrokenError(model=run.model)

    async def _outcome(self, run: _Run) -> Ending:
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

    async def _end(self, run: _Run, ending: Ending) -> Ending:
        """Bring the ending to the screen, then to memory."""
        reply_id = run.reply.controls.reply_id
        run.reply.finish(self._words.ending(ending), Controls(reply_id=reply_id))
        await run.reply.settled()
        if reply_id:
            await self._close_reply(run, reply_id, ending)
        return ending

    async def _close_reply(self, run: _Run, reply_id: int, ending: Ending) -> None:
        keep = not (run.forget or run.question.private)
        try:
            await self._store.close_reply(
                reply_id,
                state=ending.state,
                text=run.reply.shown_text if keep else "",
                model=run.model,
                usage=run.usage,
                generation_id=run.generation_id,
                error=type(ending.error).__name__ if ending.error else "",
                now=self._now(),
            )
        except StorageError as error:
            log.error("reply %d is not in memory: %s", reply_id, error)  # noqa: TRY400 - the cause is in it

    async def _note_message(self, run: _Run, message_id: int) -> None:
        reply_id = run.reply.controls.reply_id
        if not reply_id:
            return
        try:
            await self._store.add_reply_message(reply_id, message_id)
        except StorageError as error:
            log.error("message %d of reply %d is not in memory: %s", message_id, reply_id, error)  # noqa: TRY400

    def _now(self) -> int:
        return int(self._clock.time())


def describe(error: HeadwaterError) -> str:
    """An error for the log: its kind, status and cause, never content."""
    if isinstance(error, ModelError):
        return f"{type(error).__name__} (model {error.model}, status {error.status}): {error.detail}"
    return str(error)
