"""OpenRouter's records of generations: what a stream cost that was left before its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from bot.core.units import NANO
from bot.llm import failures as faults
from bot.llm.documents import document, mapping, number

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.llm.config import ProviderConfig

ANSWER_S = 15.0
OK, NOT_FOUND = 200, 404


class OpenRouterGenerations:
    """The `Generations` of OpenRouter."""

    def __init__(self, session: aiohttp.ClientSession, provider: ProviderConfig, clock: Clock) -> None:
        self._session = session
        self._url = f"{provider.url}/generation"
        self._clock = clock

    async def cost(self, generation_id: str) -> int | None:
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                self._session.get(self._url, params={"id": generation_id}, allow_redirects=False) as response,
            ):
                body = await response.read()
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            raise faults.from_connection("", error) from error
        if response.status == NOT_FOUND:
            return None
        if response.status != OK:
            raise faults.from_response("", response.status, {}, body, now=self._clock.time())
        dollars = number(mapping(document(body).get("data")).get("total_cost"))
        return None if dollars is None else round(dollars * NANO)
