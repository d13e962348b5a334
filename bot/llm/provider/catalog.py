"""The provider's list of models: in memory, in the cache, and brought up to date in the background."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.core.errors import ModelError, StorageError
from bot.core.model_ids import Provider, nearest
from bot.core.records import ModelInfo
from bot.core.units import NANO
from bot.llm import failures as faults
from bot.llm.documents import document, mapping, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.core.ports import Cache, Clock
    from bot.llm.config import ProviderConfig

log = logging.getLogger(__name__)

REFRESH_S = 3600.0
RETRY_S, RETRY_CAP_S = 30.0, 3600.0  # after a failure: at first, at most
ANSWER_S = 30.0
OK = 200
# What a model reads at once where the provider does not say: Ollama's own default, and what nearly every model
# behind a server of the OpenAI kind has at least.
CONTEXT_TOKENS = {Provider.OLLAMA: 4096, Provider.OPENAI: 32_768, Provider.OPENROUTER: 32_768}


class LiveCatalog:
    """The `Catalog` of a running bot. What is stale is better than nothing; what is new comes by itself."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        provider: ProviderConfig,
        cache: Cache,
        clock: Clock,
        *,
        configured: Sequence[str] = (),
    ) -> None:
        """`configured` are ids of the settings; the log says so where the first list lacks one."""
        self._session = session
        self._configured = configured
        self._provider = provider
        self._cache = cache
        self._clock = clock
        self._key = f"models {provider.kind} {provider.url}"
        self._models: tuple[ModelInfo, ...] = ()
        self._by_id: dict[str, ModelInfo] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin keeping the list up to date."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="model catalogue")

    async def aclose(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def get(self, model: str) -> ModelInfo | None:
        """Look a model up.

        OpenRouter's variants (`:nitro`, `:floor`, ...) are as the model itself where the list does not name them;
        presets are known to nobody but their owner, and so taken on trust.
        """
        if found := self._by_id.get(model) or self._by_id.get(model.partition("@preset/")[0]):
            return found
        if self._provider.kind is not Provider.OPENROUTER or not self._models:
            return None
        if model.startswith("@preset/"):
            return ModelInfo(id=model, name=model, context_length=CONTEXT_TOKENS[Provider.OPENROUTER])
        return self._by_id.get(model.partition(":")[0])

    async def _run(self) -> None:
        await self._load()
        failures = 0
        while True:
            try:
                self._use(await self._fetch())
            except ModelError as error:
                failures += 1
                # Once is enough to be told; a wrong base is the likeliest reason for the first failure.
                level = logging.WARNING if failures == 1 else logging.DEBUG
                reason = error.detail or f"HTTP {error.status}"
                log.log(level, "no list of models from %s; is the address right? %s", self._provider.url, reason)
                await self._clock.sleep(min(RETRY_CAP_S, RETRY_S * 2.0 ** (failures - 1)))
            else:
                failures = 0
                self._check_configured()
                await self._save()
                await self._clock.sleep(REFRESH_S)

    def _check_configured(self) -> None:
        for model in self._configured:
            if self.get(model) is None:
                like = ", ".join(nearest(model, self._by_id)) or "none of them"
                log.error(
                    "the settings name %s, which is not on the list of models; most like it: %s", model, like
                )
        self._configured = ()  # once is enough

    async def _fetch(self) -> list[ModelInfo]:
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._session.get(f"{self._provider.url}/models", allow_redirects=False) as response,
            ):
                body = await response.read()
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            raise faults.from_connection("", error) from error
        if response.status != OK:
            raise faults.from_response("", response.status, {}, body, now=self._clock.time())
        models = await asyncio.to_thread(read_models, body, self._provider.kind)
        if not models:
            raise ModelError(detail="the answer is not a list of models")
        return models

    def _use(self, models: Sequence[ModelInfo]) -> None:
        self._models = tuple(models)
        self._by_id = {model.id: model for model in models}

    async def _load(self) -> None:
        try:
            kept = await self._cache.load(self._key)
        except StorageError as error:
            log.warning("the list of models is not in the cache: %s", error.reason)
            return
        if kept and (models := await asyncio.to_thread(_thaw, kept[0])):
            self._use(models)

    async def _save(self) -> None:
        try:
            kept = await asyncio.to_thread(_freeze, self._models)
            await self._cache.keep(self._key, kept, now=int(self._clock.time()))
        except StorageError as error:
            log.warning("the list of models was not kept: %s", error.reason)


def read_models(body: bytes, kind: Provider) -> list[ModelInfo]:
    """The models of a `/models` answer, OpenRouter's or OpenAI's; entries that make no sense are left out."""
    entries = document(body).get("data")
    if not isinstance(entries, list):
        return []
    models = (_read_model(mapping(entry), kind) for entry in entries)
    return [model for model in models if model]


def _read_model(entry: Mapping[str, Any], kind: Provider) -> ModelInfo | None:
    id_ = entry.get("id")
    if not isinstance(id_, str) or not id_:
        return None
    pricing, best = mapping(entry.get("pricing")), mapping(entry.get("top_provider"))
    context = number(entry.get("context_length") or best.get("context_length") or entry.get("max_model_len"))
    longest = number(best.get("max_completion_tokens"))
    inputs = mapping(entry.get("architecture")).get("input_modalities")
    parameters = entry.get("supported_parameters")
    return ModelInfo(
        id=id_,
        name=str(entry.get("name") or id_),
        context_length=int(context or CONTEXT_TOKENS[kind]),
        max_completion_tokens=int(longest) if longest else None,
        prompt_price=_price(pricing.get("prompt")),
        completion_price=_price(pricing.get("completion")),
        input_modalities=frozenset(map(str, inputs)) if isinstance(inputs, list) else frozenset({"text"}),
        parameters=frozenset(map(str, parameters)) if isinstance(parameters, list) else None,
    )


def _price(dollars: object) -> int | None:
    """Nano-dollars a token; OpenRouter says -1 where the price depends on the model chosen."""
    price = number(dollars)
    return None if price is None or price < 0 else round(price * NANO)


def _freeze(models: Sequence[ModelInfo]) -> str:
    return json.dumps([asdict(model) for model in models], default=sorted)


def _thaw(text: str) -> list[ModelInfo]:
    """The models of `_freeze`; none where an earlier version wrote them in another form."""
    try:
        return [_thaw_model(entry) for entry in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        return []


def _thaw_model(entry: dict[str, Any]) -> ModelInfo:
    inputs, parameters = entry.pop("input_modalities"), entry.pop("parameters")
    return ModelInfo(
        **entry,
        input_modalities=frozenset(inputs),
        parameters=None if parameters is None else frozenset(parameters),
    )
