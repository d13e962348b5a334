"""The one client for every model call: admission, retry, fallbacks and deadlines around litellm."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.errors import (
    AuthenticationError,
    ClientNotReadyError,
    ContextTooLongError,
    CreditsShortError,
    KeyLimitError,
    ModelError,
    PaymentError,
    RateLimitedError,
    TooLargeError,
    UnsupportedPartError,
)
from bot.core.events import Alive, Called, Done, Pictures, Reasoning, Sources, Started, Text, Waiting, WaitReason
from bot.core.telemetry.meter import CALLS, RETRIES, UNMETERED
from bot.core.text_demand import TextDemand
from bot.llm.admission.admission import Admission
from bot.llm.admission.limits import Caller
from bot.llm.advice import OwnerAdvice
from bot.llm.litellm_backend import LitellmBackend
from bot.llm.media import Media
from bot.llm.messages import messages_of
from bot.llm.provider.api import ProviderApi
from bot.llm.provider.catalog import LiveCatalog
from bot.llm.provider.generations import OpenRouterGenerations
from bot.llm.provider.key import Key
from bot.llm.provider.session import open_session
from bot.llm.provider.transcriptions import OpenRouterTranscriptions
from bot.llm.quirks import LearnedQuirks
from bot.llm.reasons import TOO_MANY_REQUESTS
from bot.llm.request import parameters_of
from bot.llm.retry import falls_back
from bot.llm.stream.deltas import Kind
from bot.llm.stream.exchange import Exchange
from bot.llm.stream.transport import Transport

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from bot.core.events import Event
    from bot.core.ports import Cache, Catalog, Clock
    from bot.core.records import CompletionRequest
    from bot.core.telemetry.meter import Meter
    from bot.llm.admission.slot import Slot
    from bot.llm.config import ClientConfig

log = logging.getLogger(__name__)

ADAPTATIONS = 4  # of one question's request to what models refuse of it
LEAST_ANSWER = 16  # tokens; some providers take no smaller limit
ROUTED = ("openrouter/", "~", "@preset/")  # OpenRouter's ids that stand for a model of its choice


@asynccontextmanager
async def open_client(
    config: ClientConfig, *, cache: Cache, clock: Clock, rng: random.Random, meter: Meter = UNMETERED
) -> AsyncIterator[tuple[ModelClient, LiveCatalog]]:
    """Open the model client and its catalog; litellm is loaded and the list fetched in the background."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session(config.provider))
        admission = Admission(config.limits, clock)
        transport = Transport(session, config.provider.url)
        stack.push_async_callback(transport.aclose)
        backend = LitellmBackend(config.provider, transport)
        stack.push_async_callback(backend.aclose)
        scribe = config.transcription_model
        api = ProviderApi(session, config.provider, clock)
        catalog = LiveCatalog(api, config.provider, cache, clock, configured=config.configured)
        stack.push_async_callback(catalog.aclose)
        key = Key(api, config.provider.kind, admission, clock)
        stack.push_async_callback(key.aclose)
        for part in (backend, catalog, key):
            part.start()
        yield (
            ModelClient(
                config,
                backend=backend,
                admission=admission,
                catalog=catalog,
                key=key,
                generations=OpenRouterGenerations(api),
                transcriptions=OpenRouterTranscriptions(api, scribe) if scribe else None,
                clock=clock,
                rng=rng,
                meter=meter,
            ),
            catalog,
        )


class ModelClient:
    """The `LLMClient` of a running bot. Its public parts are for reports and billing."""

    def __init__(
        self,
        config: ClientConfig,
        *,
        backend: LitellmBackend,
        admission: Admission,
        catalog: LiveCatalog,
        key: Key,
        generations: OpenRouterGenerations,
        transcriptions: OpenRouterTranscriptions | None = None,
        clock: Clock,
        rng: random.Random,
        meter: Meter = UNMETERED,
    ) -> None:
        self.admission = admission
        self.key = key
        self.generations = generations
        self.transcriptions = transcriptions
        self._config = config
        self._backend = backend
        self._catalog = catalog
        self._clock = clock
        self._rng = rng
        self._meter = meter
        self._quirks = LearnedQuirks()
        self._advice = OwnerAdvice(clock)

    async def stream(
        self, request: CompletionRequest, demand: TextDemand | None = None
    ) -> AsyncGenerator[Event, None]:
        """See `LLMClient.stream`. Every model's attempts come first, then the next model's."""
        call = _Call(request, demand or TextDemand(), self._clock.monotonic() + self._config.retry.deadline_s)
        async for waiting in self._loaded(call):
            yield waiting
        first_failure: ModelError | None = None
        for model in dict.fromkeys((request.model, *request.fallbacks)):
            try:
                async with aclosing(self._ask(call, model)) as events:
                    async for event in events:
                        yield event
            except ModelError as failure:
                # What people are told is about the model they chose.
                first_failure = first_failure or failure
                if call.begun or not falls_back(failure):
                    raise first_failure from None
            else:
                return
        if first_failure:
            raise first_failure

    async def _loaded(self, call: _Call) -> AsyncGenerator[Waiting, None]:
        """Wait until litellm is loaded."""
        if self._backend.ready:
            return
        yield Waiting(reason=WaitReason.START)
        try:
            async with asyncio.timeout(call.deadline - self._clock.monotonic()):
                await self._backend.loaded()
        except Exception as error:  # whatever an import may raise; it has been logged
            raise ClientNotReadyError(model=call.request.model) from error

    async def _ask(self, call: _Call, model: str) -> AsyncGenerator[Event, None]:
        """Ask one model, as often as the retry policy allows."""
        failures, slot = 0, None
        while True:
            patience = call.deadline - self._clock.monotonic()
            slot = self.admission.enter(model, call.caller, patience_s=patience, previous=slot)
            with slot:
                async for waiting in slot.turns():
                    yield waiting
                try:
                    async with aclosing(self._attempt(call, model, slot)) as events:
                        async for event in events:
                            yield event
                except ModelError as error:
                    failure = error
                else:
                    return
            if self._adapts(call, model, failure):
                continue
            failures += 1
            pause = self._pause(call, failure, failures)
            self._learn(model, failure, pause)
            if pause is None:
                raise failure
            self._meter.count(RETRIES, cause=type(failure).__name__)
            if not isinstance(failure, RateLimitedError):  # that wait is everybody's, in the queue
                yield Waiting(reason=WaitReason.RETRY, seconds=pause)
                await self._clock.sleep(pause)

    def _pause(self, call: _Call, failure: ModelError, failures: int) -> float | None:
        """Seconds until the next attempt; None where there is none, as after the first word was shown."""
        if call.begun:
            return None
        left = call.deadline - self._clock.monotonic()
        return self._config.retry.delay(failure, failures=failures, remaining_s=left, rng=self._rng)

    def _adapts(self, call: _Call, model: str, failure: ModelError) -> bool:
        """Whether a refusal says how the request would be taken, so that it's sent again in that form, at once."""
        if call.begun or call.adapted >= ADAPTATIONS:
            return False
        match failure:
            case UnsupportedPartError():
                changed = self._quirks.learn(model, failure, max_tokens=call.max_tokens(model))
            case CreditsShortError():
                changed = call.shorten(model, failure.affordable_tokens)
            case ContextTooLongError():
                changed = call.shorten(model, failure.room_tokens)
            case _:
                changed = False
        if changed:
            call.adapted += 1
            self._advice.about(failure)
        return changed

    def _learn(self, model: str, failure: ModelError, pause: float | None) -> None:
        """Tell admission what a failure means for the other requests, and the owner what to do about it."""
        self._advice.about(failure)
        match failure:
            case CreditsShortError() | TooLargeError():
                pass  # a smaller request may still be answered
            case AuthenticationError():
                self.key.rejected(failure)
            case KeyLimitError():
                self.key.unpaid(failure)
            case PaymentError():
                self.admission.refuse(model, failure)
                self.key.unpaid(failure)
            case _ if isinstance(failure, RateLimitedError) or failure.status == TOO_MANY_REQUESTS:
                seconds = pause or failure.retry_after or self._config.retry.base_s
                kind = type(failure) if isinstance(failure, RateLimitedError) else RateLimitedError
                limit = kind(model=model, status=failure.status, detail=failure.detail)
                self.admission.cool_down(model, seconds, limit)

    async def _attempt(self, call: _Call, model: str, slot: Slot) -> AsyncGenerator[Event, None]:
        """Send one request and pass its answer on; raises what the exchange says, whatever litellm made of it."""
        quirks, info = self._quirks.of(model), self._catalog.get(model)
        media = Media(info)
        most = call.max_tokens(model)
        parameters = parameters_of(call.request, self._config, info, quirks, max_tokens=most)
        messages = messages_of(call.request.messages, quirks, media)
        exchange = Exchange(
            model, demand=call.demand, timeouts=self._config.timeouts, clock=self._clock, media=media
        )
        answer = exchange.answer
        try:
            async with aclosing(self._backend.stream(exchange, messages, parameters)) as words:
                async for word in words:
                    if word is None:
                        yield Alive()
                        continue
                    kind, text = word
                    if not text:
                        yield Called(model=model, generation_id=answer.generation_id or "")
                        continue
                    if not call.begun:
                        slot.answered()
                        yield call.begin(exchange, self._catalog)
                    yield Text(text) if kind is Kind.TEXT else Reasoning(text)
        finally:
            exchange.close()
            log.info("%s", exchange)
            self._meter.count(CALLS, outcome=type(answer.failure).__name__ if answer.failure else "complete")
        for event in _outcome(exchange, begun=call.begun):
            yield call.begin(exchange, self._catalog) if event is None else event


def _outcome(exchange: Exchange, *, begun: bool) -> Iterator[Event | None]:
    """The events after the last word; None stands for the answer's beginning, where it hasn't begun.

    Raises:
        ModelError: the answer failed.
    """
    answer, failure = exchange.answer, exchange.answer.failure
    is_settled = failure is None or (failure.may_be_billed and not failure.retryable)
    if not begun and (is_settled or answer.asides.pictures):  # pictures have been paid for, so nobody asks again
        yield None
    if answer.spoke and answer.asides.sources:
        yield Sources(tuple(answer.asides.sources.values()))
    if answer.asides.pictures:
        yield Pictures(tuple(answer.asides.pictures))
    if exchange.usage:
        yield exchange.usage
    if failure:
        raise failure
    yield Done(reason=answer.reason, besides=frozenset(answer.asides.others))


class _Call:
    """One question on its way through attempts and models."""

    def __init__(self, request: CompletionRequest, demand: TextDemand, deadline: float) -> None:
        self.request = request
        self.demand = demand
        self.caller = Caller(channel_id=request.channel_id, user_id=request.user_id, guild_id=request.guild_id)
        self.deadline = deadline  # monotonic; no attempt begins after it
        self._shorter: dict[str, int] = {}  # model: tokens of the answer that credits or context have room for
        self.adapted = 0
        self.begun = False  # something has been shown, so nothing is tried again

    def max_tokens(self, model: str) -> int:
        """The longest answer to ask a model for."""
        return self._shorter.get(model, self.request.max_tokens)

    def shorten(self, model: str, tokens: int | None) -> bool:
        """Ask a model for a shorter answer, once; gives whether that's worth a request."""
        if tokens is None or model in self._shorter or not LEAST_ANSWER <= tokens < self.request.max_tokens:
            return False
        self._shorter[model] = tokens
        return True

    def begin(self, exchange: Exchange, catalog: Catalog) -> Started:
        """Say who answers: where OpenRouter chose, the model it chose, under the id by which it's listed."""
        self.begun = True
        answer, model = exchange.answer, exchange.model
        if model.startswith(ROUTED) and answer.answered_by and (chosen := catalog.get(answer.answered_by)):
            model = chosen.id
        return Started(model=model, generation_id=answer.generation_id)
