"""The provider's list of models: in memory, in the cache, and brought up to date in the background."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.background import Background
from bot.core.errors import ModelError, StorageError
from bot.core.model_ids import Provider, nearest, split_suffix
from bot.core.records import ModelInfo
from bot.llm.provider.api import LIST_BYTES
from bot.llm.provider.models import CONTEXT_TOKENS, freeze, read_models, thaw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.ports import Cache, Clock
    from bot.llm.config import ProviderConfig
    from bot.llm.provider.api import ProviderApi

log = logging.getLogger(__name__)

REFRESH_S = 3600.0
RETRY_S, RETRY_CAP_S = 30.0, 3600.0  # after a failure: at first, at most
ANSWER_S = 30.0


class LiveCatalog:
    """The `Catalog` of a running bot. A stale list is better than none; a new one comes by itself."""

    def __init__(
        self,
        api: ProviderApi,
        provider: ProviderConfig,
        cache: Cache,
        clock: Clock,
        *,
        configured: Sequence[str] = (),
    ) -> None:
        """`configured` are the ids in the settings; the log says where the first list lacks one."""
        self._api = api
        self._configured = configured
        self._provider = provider
        self._cache = cache
        self._clock = clock
        self._key = f"models {provider.kind} {provider.url}"
        self._models: tuple[ModelInfo, ...] = ()
        self._by_id: dict[str, ModelInfo] = {}
        self._failures = 0
        self._refresh = Background("the list of models", self._run, clock)

    def start(self) -> None:
        """Begin keeping the list up to date."""
        self._refresh.start()

    async def aclose(self) -> None:
        await self._refresh.aclose()

    def models(self) -> Sequence[ModelInfo]:
        return self._models

    def get(self, model: str) -> ModelInfo | None:
        if found := self._by_id.get(model):
            return found
        if self._provider.kind is not Provider.OPENROUTER or not self._models:
            return None
        base, suffix = split_suffix(model)
        if not base:  # a preset alone is known to nobody but its owner
            return ModelInfo(
                id=model, name=model, context_length=CONTEXT_TOKENS[Provider.OPENROUTER], suffix=suffix
            )
        found = self._by_id.get(base)
        return replace(found, id=model, suffix=suffix) if found else None

    async def _run(self) -> None:
        if not self._models:
            await self._load()
        while True:
            await self._clock.sleep(await self._refreshed())

    async def _refreshed(self) -> float:
        """Fetch the list once; gives the seconds until it's due again."""
        try:
            self._use(await self._fetch())
        except ModelError as error:
            self._failures += 1
            # Once is enough to be told; a wrong base is the likeliest reason for the first failure.
            level = logging.WARNING if self._failures == 1 else logging.DEBUG
            reason = error.detail or f"HTTP {error.status}"
            address = f"{self._provider.kind.upper()}_API_BASE"
            log.log(level, "no list of models from %s (%s). Check %s.", self._provider.url, reason, address)
            return min(RETRY_CAP_S, RETRY_S * 2.0 ** min(self._failures - 1, 10))
        self._failures = 0
        self._check_configured()
        await self._save()
        return REFRESH_S

    def _check_configured(self) -> None:
        configured, self._configured = self._configured, ()  # once is enough
        for model in configured:
            if self.get(model) is None:
                like = ", ".join(nearest(model, self._by_id)) or "none of them"
                log.error(
                    "%s isn't on the provider's list of models. Closest: %s. Change MODEL or FALLBACK_MODELS.",
                    model,
                    like,
                )

    async def _fetch(self) -> list[ModelInfo]:
        document = await self._api.fetch("models", timeout_s=ANSWER_S, limit_bytes=LIST_BYTES)
        models = await asyncio.to_thread(read_models, document, self._provider.kind)
        if not models:
            raise ModelError(detail="the answer is not a list of models")
        return models

    def _use(self, models: Sequence[ModelInfo]) -> None:
        self._models = tuple(models)
        # `x:free` has the canonical id of `x`, and must not lend it its price.
        aliases = {model.canonical: model for model in reversed(models) if model.canonical and ":" not in model.id}
        self._by_id = aliases | {model.id: model for model in models}

    async def _load(self) -> None:
        try:
            kept = await self._cache.load(self._key)
        except StorageError as error:
            log.warning("the list of models is not in the cache: %s", error.reason)
            return
        if kept and (models := await asyncio.to_thread(thaw, kept[0])):
            self._use(models)

    async def _save(self) -> None:
        try:
            kept = await asyncio.to_thread(freeze, self._models)
            await self._cache.keep(self._key, kept, now=int(self._clock.time()))
        except StorageError as error:
            log.warning("the list of models was not kept: %s", error.reason)
