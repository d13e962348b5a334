"""litellm, loaded lazily and off the event loop: the only module that knows it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx

from bot.core.errors import GarbledAnswerError, ModelError
from bot.core.model_ids import Provider
from bot.core.units import DAY_S
from bot.llm.stream.deltas import Kind
from bot.llm.stream.transport import EXCHANGE_HEADER, Transport, tidy_event

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from bot.llm.config import ProviderConfig
    from bot.llm.stream.exchange import Exchange

log = logging.getLogger(__name__)

# litellm's prefixes. Its `openai/` and `ollama/` accept no transport; `hosted_vllm/` speaks their protocol.
PREFIXES = {
    Provider.OPENROUTER: "openrouter/",
    Provider.OLLAMA: "hosted_vllm/",
    Provider.OPENAI: "hosted_vllm/",
}
# litellm reads these while it is imported.
ENVIRONMENT = {
    "LITELLM_MODE": "PRODUCTION",  # or it loads .env into the environment
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # or it downloads a list of prices
    "REPEATED_STREAMING_CHUNK_LIMIT": "1000000000",  # or a hundred equal deltas end the stream
}
TOKENIZER = "cl100k_base"  # litellm's, by tiktoken's name
# Calls being set up at once. litellm does that in threads, two milliseconds each. With two hundred threads the
# event loop waits a second for its turn, and no request is sent much sooner.
OPENINGS = 4
NO_TIMEOUT_S = float(DAY_S)  # the exchange has clocks of its own
PULSE_S = 3.0  # how often a silent model's signs of life are told


class LitellmBackend:
    """Sends completions through litellm over our transport."""

    def __init__(self, provider: ProviderConfig, transport: Transport) -> None:
        self._provider = provider
        self._transport = transport
        self._loading: asyncio.Task[None] | None = None
        self._litellm: Any = None
        self._handler: Any = None
        self._openings = asyncio.Semaphore(OPENINGS)

    def start(self) -> None:
        """Start loading litellm in a thread, which takes two to four seconds."""
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(), name="load litellm")
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())  # `_load` logs it

    @property
    def ready(self) -> bool:
        return self._litellm is not None

    async def loaded(self) -> None:
        """Wait until litellm is loaded; raises whatever its import raised."""
        self.start()
        if self._loading:
            await asyncio.shield(self._loading)

    async def _load(self) -> None:
        begun = time.perf_counter()
        try:
            self._handler, self._litellm = await asyncio.to_thread(_import_litellm, self._transport)
        except Exception:
            log.exception("litellm couldn't be loaded")
            raise
        # A full garbage collection would look at litellm's three hundred thousand objects, which stops the event
        # loop for a quarter second. What an import built is no garbage.
        gc.freeze()
        log.info("loaded litellm in %.1f s", time.perf_counter() - begun)

    async def stream(
        self, exchange: Exchange, messages: Sequence[Mapping[str, Any]], parameters: Mapping[str, object]
    ) -> AsyncGenerator[tuple[Kind, str] | None, None]:
        """Send one request and give the words of its answer; how it ended is in the exchange.

        An empty word comes first where the provider took the call under an id: it may charge from then on. None
        comes every few seconds in which a model shows signs of life, but says nothing, before its first text.
        `parameters` go into the request's body as they are. As arguments, litellm would drop and rewrite some.
        """
        received = 0
        async with (
            aclosing(await self._open(exchange, messages, parameters)) as chunks,
            aclosing(_with_pulse(chunks, exchange)) as pulsing,
        ):
            await exchange.answering.wait()
            if exchange.was_taken:
                yield Kind.REASONING, ""
            try:
                async for chunk in pulsing:
                    if chunk is None:
                        yield None
                        continue
                    for kind, text in _texts(chunk):
                        received += len(text)
                        yield kind, text
                    if exchange.buffer.drained:
                        break  # at the very end litellm would count tokens and call loggers
            except Exception as error:  # noqa: BLE001 - litellm's errors have no common root
                raise _own_failure(exchange, error) from None
        if received != exchange.buffer.handed_chars and exchange.answer.failure is None:
            raise GarbledAnswerError(model=exchange.model, detail="litellm lost or changed text")

    async def _open(
        self, exchange: Exchange, messages: Sequence[Mapping[str, Any]], parameters: Mapping[str, object]
    ) -> Any:  # noqa: ANN401 - litellm's CustomStreamWrapper
        await self._openings.acquire()
        name = self._transport.expect(exchange)
        opening = asyncio.create_task(
            self._litellm.acompletion(
                model=PREFIXES[self._provider.kind] + exchange.model,
                messages=list(messages),
                stream=True,
                api_base=self._provider.url,
                api_key=self._provider.api_key or "none",  # or litellm looks for one in the environment
                client=self._handler,
                timeout=NO_TIMEOUT_S,
                extra_headers={EXCHANGE_HEADER: name},
                extra_body=dict(parameters),
            )
        )
        opening.add_done_callback(lambda _: self._openings.release())
        try:
            # When cancelled halfway, litellm leaves a coroutine behind that nobody awaits. So it runs on, which
            # takes milliseconds because the transport never waits, and a forgotten exchange never begins.
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(lambda task: task.cancelled() or task.exception())
            raise
        except Exception as error:  # noqa: BLE001 - the same
            raise _own_failure(exchange, error) from None
        finally:
            self._transport.forget(name)

    async def aclose(self) -> None:
        if self._loading and not self._loading.done():
            self._loading.cancel()  # the thread runs on; nothing can stop an import
        if self._handler:
            await self._handler.close()


async def _with_pulse(chunks: Any, exchange: Exchange) -> AsyncGenerator[Any, None]:  # noqa: ANN401 - litellm's
    """The chunks, and None for every few seconds without one in which the model shows signs of life."""
    while not exchange.answer.has_text:
        coming = asyncio.ensure_future(anext(chunks, None))
        try:
            while not (await asyncio.wait({coming}, timeout=PULSE_S))[0]:
                if exchange.is_alive:
                    yield None
        finally:
            if not coming.done():  # nobody wants it any more
                coming.cancel()
                await asyncio.wait({coming})
        if (chunk := coming.result()) is None:
            return
        yield chunk
    async for chunk in chunks:
        yield chunk


def _own_failure(exchange: Exchange, error: Exception) -> ModelError:
    """A failure inside litellm, named by its type alone: its text and trace may quote the prompt."""
    return ModelError(model=exchange.model, detail=f"litellm: {type(error).__name__}")


def _texts(chunk: Any) -> list[tuple[Kind, str]]:  # noqa: ANN401 - litellm's ModelResponseStream
    if not chunk.choices:
        return []
    delta = chunk.choices[0].delta
    words = [(Kind.REASONING, getattr(delta, "reasoning_content", None)), (Kind.TEXT, delta.content)]
    return [(kind, text) for kind, text in words if text]


def _import_litellm(transport: Transport) -> tuple[Any, Any]:
    """Import litellm, silence it, and build its client."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    _lighten_tokenizer()
    import litellm  # noqa: PLC0415 - slow, so never on the event loop
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # noqa: PLC0415 - the same

    litellm.disable_hf_tokenizer_download = True
    litellm.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # its log may quote prompts
    asyncio.run(_rehearse(litellm, AsyncHTTPHandler(transport=_RehearsalTransport())))
    return AsyncHTTPHandler(transport=transport), litellm


def _lighten_tokenizer() -> None:
    """Let litellm count bytes: its tokenizer takes 40 MB, for figures that we read off the wire."""
    import tiktoken.registry  # noqa: PLC0415 - as slow

    registered = tiktoken.registry.ENCODINGS
    registered[TOKENIZER] = tiktoken.Encoding(
        TOKENIZER,
        pat_str=r"[\s\S]",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={},
    )


class _RehearsalTransport(httpx.AsyncBaseTransport):
    """Answers with one word, without a network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        chunks = tidy_event("rehearsal", {"content": "."}) + tidy_event("rehearsal", {}, finish="stop")
        headers = {"content-type": "text/event-stream"}
        return httpx.Response(200, headers=headers, content=chunks, request=request)


async def _rehearse(litellm: Any, handler: Any) -> None:  # noqa: ANN401 - litellm has no types to speak of
    """Make a first call here, where nobody waits: it imports and builds things for another half second."""
    chunks = await litellm.acompletion(
        model="openrouter/rehearsal",
        messages=[{"role": "user", "content": "."}],
        stream=True,
        api_base="http://rehearsal.invalid/api/v1",
        api_key="none",
        client=handler,
    )
    async with aclosing(chunks):
        async for _ in chunks:
            break
    await handler.close()
