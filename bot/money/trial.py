"""Trying a model before it is chosen: a tiny request, so that nobody finds out by their question."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from bot.core.errors import FirstTokenTimeoutError, ModelError
from bot.core.events import Started, Usage
from bot.core.records import CompletionRequest, Message, Role
from bot.core.tokens import DEFAULT_RATIO, estimate
from bot.money.ledger import Entry, cost_of

if TYPE_CHECKING:
    from bot.core.ports import Catalog, Clock, LLMClient
    from bot.core.records import Place
    from bot.money.ledger import Ledger

TRIAL_S = 20.0  # how long a model may take; Discord gives a deferred command a quarter of an hour
TRIAL_TOKENS = 16  # the least that every provider takes
QUESTION = (Message(Role.USER, "Say OK."),)
STATE = "trial"  # in the ledger, among the states of replies


class Trial:
    """Asks a model for a word and billing what that cost."""

    def __init__(self, llm: LLMClient, catalog: Catalog, ledger: Ledger, clock: Clock) -> None:
        self._llm = llm
        self._catalog = catalog
        self._ledger = ledger
        self._clock = clock

    async def run(self, model: str, place: Place, *, user_id: int) -> float:
        """Try a model for somebody; gives the seconds until it answered.

        Raises:
            ModelError: the model does not answer, or not in time.
            StorageError: the trial cannot be booked.
        """
        request = CompletionRequest(
            model=model,
            messages=QUESTION,
            max_tokens=TRIAL_TOKENS,
            channel_id=place.channel_id,
            guild_id=place.guild_id,
            user_id=user_id,
        )
        began = self._clock.monotonic()
        usage: Usage | None = None
        generation_id: str | None = None
        first: float | None = None
        reported = False
        try:
            async with asyncio.timeout(TRIAL_S), aclosing(self._llm.stream(request)) as events:
                async for event in events:
                    if isinstance(event, Started):
                        first, generation_id = self._clock.monotonic() - began, event.generation_id
                    elif isinstance(event, Usage):
                        usage, reported = event.plus(usage), first is not None
        except TimeoutError:
            if first is None:
                raise FirstTokenTimeoutError(model=model) from None
        except ModelError:
            if usage is None:
                raise
            await self._book(model, place, user_id, usage=usage, guessed=False)
            raise
        await self._book(model, place, user_id, usage=usage, guessed=not reported, generation_id=generation_id)
        return self._clock.monotonic() - began if first is None else first

    async def _book(
        self,
        model: str,
        place: Place,
        user_id: int,
        *,
        usage: Usage | None,
        guessed: bool,
        generation_id: str | None = None,
    ) -> None:
        guess = (estimate(QUESTION, DEFAULT_RATIO), TRIAL_TOKENS) if guessed else None
        await self._ledger.book(
            Entry(
                at=int(self._clock.time()),
                place=place,
                user_id=user_id,
                model=model,
                state=STATE,
                cost=cost_of(usage, self._catalog.get(model), guess=guess),
                generation_id=generation_id,
            )
        )
