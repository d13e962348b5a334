"""OpenRouter's records of generations: what a stream cost that was left before its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import ModelError
from bot.llm.documents import cost_nano_usd, mapping
from bot.llm.reasons import NOT_FOUND

if TYPE_CHECKING:
    from bot.llm.provider.api import ProviderApi


class OpenRouterGenerations:
    """The `Generations` of OpenRouter."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def cost(self, generation_id: str) -> int | None:
        try:
            record = mapping((await self._api.fetch("generation", id=generation_id)).get("data"))
        except ModelError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        if record.get("id", generation_id) != generation_id:
            return None
        return cost_nano_usd(
            record.get("total_cost"), record.get("upstream_inference_cost"), is_byok=record.get("is_byok")
        )
