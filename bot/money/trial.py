"""Trying a model before a channel's answers depend on it: one tiny request, billed like any other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from bot.core.errors import FirstTokenTimeoutError, OutOfTokensError
from bot.core.events import Started
from bot.core.records import CompletionRequest, Message, Role

if TYPE_CHECKING:
    from bot.core.ports import LLMClient
    from bot.money.billing import Bill, Billing
    from bot.money.limits import Charge

TRIAL_S = 20.0  # how long a model may take; Discord gives a deferred command a quarter of an hour
TRIAL_TOKENS = 16  # the smallest number that every provider accepts
# The shape of a real question: a system prompt, and a speaker's name before what they say.
QUESTION = (Message(Role.SYSTEM, "You are a helpful assistant."), Message(Role.USER, "Someone: Say OK."))
STATE = "trial"  # in the ledger, among the states of replies


class Trial:
    """Asks a model for a word, within the budgets, and books the cost."""

    def __init__(self, llm: LLMClient, billing: Billing) -> None:
        self._llm = llm
        self._billing = billing

    async def run(self, model: str, charge: Charge) -> None:
        """Try a model for somebody.

        Raises:
            ModelError: the model doesn't answer, or not in time.
            BudgetSpentError: a budget is used up; the model isn't called.
            StorageError: the trial can't be booked.
        """
        bill = self._billing.bill(charge)
        request = CompletionRequest(
            model=model,
            messages=QUESTION,
            max_tokens=TRIAL_TOKENS,
            channel_id=charge.place.channel_id,
            guild_id=charge.place.guild_id,
            user_id=charge.user_id,
        )
        await bill.open(request, on_wait=lambda: None)
        try:
            await self._ask(request, bill)
        finally:
            if bill.has_begun and (entry := bill.entry(state=STATE, said="")):
                await bill.book(entry, self._billing.ledger.book)
            bill.drop()

    async def _ask(self, request: CompletionRequest, bill: Bill) -> None:
        has_answered = False
        try:
            async with asyncio.timeout(TRIAL_S), aclosing(self._llm.stream(request)) as events:
                async for event in events:
                    bill.observe(event)
                    has_answered = has_answered or isinstance(event, Started)
        except OutOfTokensError:
            pass  # the model is there; it only thinks longer than a trial lets it
        except TimeoutError:
            if not has_answered:
                raise FirstTokenTimeoutError(model=request.model) from None
