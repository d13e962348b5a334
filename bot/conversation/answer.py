"""From a stored question to the model's last word."""

from __future__ import annotations

import logging
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from bot.conversation.ending import Ending
from bot.conversation.history import earlier_turns
from bot.conversation.overlap import Continuation
from bot.conversation.prompt import build_prompt
from bot.core.errors import EmptyAnswerError, PictureOnlyError, StorageError, StreamBrokenError
from bot.core.events import (
    Alive,
    Besides,
    Called,
    Done,
    FinishReason,
    Pictures,
    Reasoning,
    Sources,
    Started,
    Text,
    Waiting,
    WaitReason,
)
from bot.core.records import CompletionRequest, Message, ReplyState, Role
from bot.core.tokens import estimate
from bot.settings.catalog import ShownThinking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.conversation.asides.pictures import PicturePress
    from bot.conversation.asides.search import WebSearch
    from bot.conversation.ending import ReplyTexts
    from bot.conversation.ports import ConversationStore
    from bot.conversation.prompt import Prompt
    from bot.conversation.runs import Run
    from bot.conversation.upkeep.catch_up import CatchUp
    from bot.core.ports import Catalog, LLMClient
    from bot.core.records import Place, Turn
    from bot.core.tokens import TokenRatio

log = logging.getLogger(__name__)

STATES = {
    FinishReason.STOP: ReplyState.COMPLETE,
    FinishReason.LENGTH: ReplyState.CUT,
    FinishReason.CONTENT_FILTER: ReplyState.FILTERED,
}


class Answerer:
    """Builds the prompt, calls the model, and passes what it says on to the reply."""

    def __init__(
        self,
        *,
        llm: LLMClient,
        catalog: Catalog,
        store: ConversationStore,
        texts: ReplyTexts,
        ratios: TokenRatio,
        search: WebSearch,
        pictures: PicturePress,
        catch_up: CatchUp | None = None,
    ) -> None:
        self._llm = llm
        self._catalog = catalog
        self._store = store
        self._texts = texts
        self._ratios = ratios
        self._search = search
        self._pictures = pictures
        self._catch_up = catch_up

    async def catch_up(self, place: Place, *, asked: int | None = None) -> None:
        """Compare memory with the channel, where that has not been done since the start."""
        if self._catch_up is not None:
            await self._catch_up.check(place, asked=asked)

    async def answer(self, run: Run) -> Ending:
        """Answer the run's question; raises the errors of the model client, the budgets and the store."""
        if run.memory.is_first and self._catch_up is not None:
            self._catch_up.skip(run.question.place)
        await self.catch_up(run.question.place, asked=run.question.message_id)
        request, prompt = await self._request(run)
        status = self._texts.waiting(Waiting(reason=WaitReason.BUDGET))
        request = await run.bill.open(request, on_wait=lambda: run.reply.show_status(status))
        return await self._read(run, request, history_truncated=run.profile.window_note and prompt.dropped > 0)

    async def _request(self, run: Run) -> tuple[CompletionRequest, Prompt]:
        question, profile, ratio = run.question, run.profile, self._ratios.of(run.profile.model)
        begun = (Message(Role.ASSISTANT, run.shown_before),) if run.shown_before else ()
        begun_tokens = estimate(begun, ratio)
        info = self._catalog.get(profile.model)
        build = partial(
            build_prompt,
            system_prompt=profile.system_prompt,
            question=question,
            context_length=info.context_length if info else None,
            max_tokens=profile.max_tokens + begun_tokens,
            ratio=ratio,
            heard=run.heard,
        )
        prompt = await self._prompt(run, build)
        web_ceiling, run.search = self._search.judge(question.place, profile)
        request = CompletionRequest(
            model=profile.model,
            messages=(*prompt.messages, *begun),
            max_tokens=max(1, prompt.max_tokens - begun_tokens),
            temperature=profile.temperature,
            fallbacks=profile.fallbacks,
            channel_id=question.place.channel_id,
            guild_id=question.place.guild_id,
            user_id=run.bill.user_id,
            web_ceiling=web_ceiling,
        )
        return request, prompt

    async def _prompt(self, run: Run, build: Callable[..., Prompt]) -> Prompt:
        """As much of the conversation as fits; none of it where memory can't be read."""
        turns: list[Turn] = []
        if run.memory.is_first:
            return build(turns=turns)
        try:
            async with aclosing(earlier_turns(self._store, run.question, run.memory.turn_id)) as pages:
                async for page in pages:
                    turns += page
                    prompt = build(turns=turns)
                    if prompt.dropped:
                        break
        except StorageError as error:
            log.warning("answering without memory in channel %d: %s", run.question.place.channel_id, error)
            run.memory.failed(error)
            return build(turns=[])
        return prompt

    async def _read(self, run: Run, request: CompletionRequest, *, history_truncated: bool) -> Ending:
        """Pass the model's events on; never waits for Discord."""
        reply, join = run.reply, Continuation(run.shown_before)
        async with aclosing(self._llm.stream(request, reply.demand)) as events:
            async for event in events:
                run.bill.observe(event)
                match event:
                    case Called() | Started():
                        run.thinking.begin(event.generation_id)
                        await run.bill.book_repeated()
                        await run.memory.open_call(run.bill.call)
                    case Waiting():
                        reply.show_status(self._texts.waiting(event))
                    case Alive() | Reasoning():
                        self._tell_thinking(run, event, searches=request.web_ceiling is not None)
                    case Text(text):
                        reply.feed(join.feed(text))
                        await run.memory.checkpoint(reply, at_least=len(run.shown_before))
                    case Sources(sources):
                        run.sources = sources
                    case Pictures(data_urls):
                        await self._post(run, data_urls)
                    case Done(reason=reason, besides=besides):
                        reply.feed(join.end())
                        if reply.is_blank and not run.pictures:
                            raise run.lost_pictures or EmptyAnswerError(model=request.model)
                        model = run.bill.report.model
                        return Ending(
                            state=STATES[reason],
                            answered_by=model if model in request.fallbacks else "",
                            history_truncated=history_truncated,
                            remarks=tuple(sorted(besides | ({Besides.PICTURE} if run.lost_pictures else set()))),
                        )
        raise StreamBrokenError(model=request.model)

    async def _post(self, run: Run, data_urls: Sequence[str]) -> None:
        """Put the pictures that can be posted beside the answer."""
        files = await self._pictures.files(data_urls, alt=run.question.text)
        run.pictures = files
        if len(files) < len(data_urls):
            run.lost_pictures = PictureOnlyError(model=run.bill.report.model)
        run.reply.attach(files)

    async def remember_pictures(self, run: Run) -> None:
        """Make of the answer's pictures what memory keeps of them."""
        if run.pictures and run.memory.turn_id is not None:
            run.remembered = await self._pictures.remembered(run.pictures)

    def _tell_thinking(self, run: Run, event: Alive | Reasoning, *, searches: bool) -> None:
        """Show that the model thinks, and what, where people want that; only where it takes no text's place."""
        thinking, shown = run.thinking, run.profile.reasoning
        if isinstance(event, Reasoning) and shown is not ShownThinking.OFF:
            thinking.add(event.text)
        newest = thinking.newest if shown is ShownThinking.LIVE else ""
        if run.reply.length or not (newest or thinking.ticked()):
            return
        is_searching = searches and isinstance(event, Alive)
        seconds = thinking.seconds
        line = self._texts.searching(seconds) if is_searching else self._texts.thinking(seconds, newest)
        run.reply.show_status(line, optional=True)
