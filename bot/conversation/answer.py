"""From a stored question to the model's last word."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bot.conversation.ending import Ending
from bot.conversation.history import earlier_turns
from bot.conversation.overlap import Join
from bot.conversation.prompt import build_prompt
from bot.core.errors import EmptyAnswerError, StorageError, StreamBrokenError
from bot.core.events import Done, FinishReason, Reasoning, Started, Text, Usage, Waiting
from bot.core.records import CompletionRequest, Message, ReplyState, Role
from bot.core.tokens import TokenRatio, estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import ConversationStore
    from bot.conversation.prompt import Prompt
    from bot.conversation.upkeep.catch_up import CatchUp
    from bot.core.ports import Catalog, Clock, LLMClient
    from bot.core.records import Place, Question, Turn
    from bot.display.errors import ScreenError
    from bot.display.reply import Reply
    from bot.money.billing import Billing
    from bot.money.budgets import Reservation
    from bot.settings.model_choice import ModelUnavailable
    from bot.settings.profile import Profile, Profiles

log = logging.getLogger(__name__)

THOUGHTS = 300  # characters of a model's newest thoughts that are shown
CHECKPOINT_S = 3.0  # how much of a streaming answer a crash may cost
STATES = {
    FinishReason.STOP: ReplyState.COMPLETE,
    FinishReason.LENGTH: ReplyState.CUT,
    FinishReason.CONTENT_FILTER: ReplyState.FILTERED,
}


@dataclass(eq=False, slots=True)
class Run:
    """One question being answered."""

    question: Question
    reply: Reply
    turn_id: int | None = None  # the question's, once it is stored
    shown_before: str = ""  # what a continued answer goes on from
    stored_before: str = ""  # what memory has of the answer that this one takes the place of
    lost: ScreenError | None = None  # why nobody can read it any more
    kept_at: float = 0.0
    task: asyncio.Task[Ending] | None = None
    forced: Ending | None = None  # how it ends if it is cancelled
    forget: bool = False  # somebody deleted the answer
    history_truncated: bool = False  # turns had no room in the prompt, and that is to be said
    not_saved: StorageError | None = None  # why memory has nothing of it, or gave nothing to it
    model: str = ""
    unavailable: tuple[str, ModelUnavailable] | None = (
        None  # the model chosen that cannot be used, for the first to ask
    )
    generation_id: str | None = None
    usage: Usage | None = None
    profile: Profile | None = None
    thoughts: str = ""
    unlimited: bool = False  # the server's own budgets spare the asker
    reservation: Reservation | None = None
    prompt_tokens: int = 0  # estimated
    asked_at: float = 0.0  # monotonic
    first_token_s: float | None = None
    unreported: bool = False  # a call has begun whose usage has not been reported
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def cancel(self, ending: Ending) -> None:
        """End it early, unless it is ending already."""
        if self.task is not None and not self.task.done() and self.forced is None:
            self.forced = ending
            self.task.cancel()


class Answerer:
    """Builds the prompt, calls the model, and passes what it says on to the reply."""

    def __init__(
        self,
        *,
        llm: LLMClient,
        catalog: Catalog,
        store: ConversationStore,
        texts: ReplyTexts,
        profiles: Profiles,
        billing: Billing,
        clock: Clock,
        catch_up: CatchUp | None = None,
    ) -> None:
        self.ratio = TokenRatio()
        self._llm = llm
        self._catalog = catalog
        self._store = store
        self._texts = texts
        self._profiles = profiles
        self._billing = billing
        self._clock = clock
        self._catch_up = catch_up

    async def catch_up(self, place: Place, *, asked: int | None = None) -> None:
        """Compare memory with the channel, where that has not been done since the start."""
        if self._catch_up is not None:
            await self._catch_up.check(place, asked=asked)

    async def answer(self, run: Run) -> Ending:
        """Answer the run's question by the run's model; raises the errors of the model client and the store."""
        await self.catch_up(run.question.place, asked=run.question.message_id)
        request = await self._request(run)
        await self._billing.open(run, request, self.ratio.of(run.model))
        return await self._read(run, request)

    async def _request(self, run: Run) -> CompletionRequest:
        question, ratio = run.question, self.ratio.of(run.model)
        profile = run.profile = await self._profiles.of(question)
        begun = (Message(Role.ASSISTANT, run.shown_before),) if run.shown_before else ()
        begun_tokens = estimate(begun, ratio)
        info = self._catalog.get(run.model)
        build = partial(
            build_prompt,
            system_prompt=profile.system_prompt,
            question=question,
            context_length=info.context_length if info else None,
            max_tokens=profile.max_tokens + begun_tokens,
            ratio=ratio,
        )
        prompt = await self._prompt(run, build)
        run.history_truncated = profile.window_note and prompt.dropped > 0
        return CompletionRequest(
            model=run.model,
            messages=(*prompt.messages, *begun),
            max_tokens=max(1, prompt.max_tokens - begun_tokens),
            temperature=profile.temperature,
            fallbacks=profile.fallbacks,
            channel_id=question.place.channel_id,
            guild_id=question.place.guild_id,
            user_id=question.author_id,
        )

    async def _prompt(self, run: Run, build: Callable[..., Prompt]) -> Prompt:
        """As much of the conversation as fits; none of it where memory cannot be read."""
        turns: list[Turn] = []
        try:
            async with aclosing(earlier_turns(self._store, run.question, run.turn_id)) as pages:
                async for page in pages:
                    turns += page
                    prompt = build(turns=turns)
                    if prompt.dropped:
                        break
        except StorageError as error:
            log.warning("answering without memory in channel %d: %s", run.question.place.channel_id, error)
            run.not_saved = error
            return build(turns=[])
        return prompt

    async def _read(self, run: Run, request: CompletionRequest) -> Ending:
        """Pass the model's events on; never waits for Discord."""
        reply, join = run.reply, Join(run.shown_before)
        async with aclosing(self._llm.stream(request, reply.demand)) as events:
            async for event in events:
                match event:
                    case Waiting():
                        reply.show_status(self._texts.waiting(event))
                    case Started():
                        run.model, run.generation_id, run.unreported = event.model, event.generation_id, True
                    case Reasoning(text):
                        self._billing.heard(run)
                        self._think(run, text)
                    case Text(text):
                        self._billing.heard(run)
                        reply.feed(join.feed(text))
                        await self._checkpoint(run)
                    case Usage():
                        run.usage, run.unreported = event.plus(run.usage), False
                        self.ratio.learn(run.model, request.messages, event.prompt_tokens)
                    case Done(reason=reason):
                        reply.feed(join.end())
                        if reply.is_blank:
                            raise EmptyAnswerError(model=run.model, generation_id=run.generation_id)
                        answered_by = run.model if run.model != request.model else ""
                        return Ending(state=STATES[reason], answered_by=answered_by)
        raise StreamBrokenError(model=run.model)

    def _think(self, run: Run, text: str) -> None:
        if run.profile and run.profile.reasoning and not run.reply.length:
            run.thoughts = (run.thoughts + text)[-THOUGHTS:]
            run.reply.show_status(self._texts.thinking(run.thoughts))

    async def _checkpoint(self, run: Run) -> None:
        now = self._clock.monotonic()
        if run.turn_id is None or now < run.kept_at + CHECKPOINT_S:
            return
        if run.reply.shown_length < len(run.shown_before):
            return
        run.kept_at = now
        try:
            await self._store.checkpoint(run.reply.controls.reply_id, run.reply.shown_text)
            run.not_saved = None  # what could not be written before is written now
        except StorageError as error:
            run.not_saved = error
            log.warning("an answer in progress is not in memory: %s", error)
