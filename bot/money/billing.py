"""An answer's way through the billing: money is set aside before the call, and what it cost is booked after it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.ending import Footer
from bot.core.events import Waiting, WaitReason
from bot.core.records import Message, ReplyState, Role
from bot.core.tokens import TokenRatio, estimate
from bot.money.ledger import Entry, cost_of

if TYPE_CHECKING:
    from bot.conversation.answer import Run
    from bot.conversation.ending import Ending, ReplyTexts
    from bot.core.ports import Catalog, Clock
    from bot.core.records import CompletionRequest
    from bot.money.budgets import Budgets
    from bot.money.ledger import Cost


class Billing:
    """Opens and closes the account of each answer."""

    def __init__(self, *, budgets: Budgets, catalog: Catalog, texts: ReplyTexts, clock: Clock) -> None:
        self._budgets = budgets
        self._catalog = catalog
        self._texts = texts
        self._clock = clock

    async def open(self, run: Run, request: CompletionRequest, ratio: float) -> None:
        """Set aside what the request will probably cost, waiting for other answers where it is not sure to fit.

        Raises:
            BudgetSpentError: a budget is used up.
        """
        run.prompt_tokens = estimate(request.messages, ratio)
        nano_usd = self._budgets.estimate(
            request.model,
            self._catalog.get(request.model),
            prompt_tokens=run.prompt_tokens,
            max_tokens=request.max_tokens,
        )
        status = self._texts.waiting(Waiting(reason=WaitReason.BUDGET))
        run.reservation = await self._budgets.reserve(
            run.question.author_id,
            run.question.place,
            nano_usd,
            unlimited=run.unlimited,
            on_wait=lambda: run.reply.show_status(status),
        )
        run.asked_at = self._clock.monotonic()

    def heard(self, run: Run) -> None:
        """Note when the model's first word or thought came."""
        if run.first_token_s is None:
            run.first_token_s = self._clock.monotonic() - run.asked_at

    async def close(self, run: Run, ending: Ending, ratio: TokenRatio) -> Ending:
        """Book the answer, whichever way it ended; gives the ending with what is to be said of money."""
        reservation, run.reservation = run.reservation, None
        if reservation is None:
            return ending
        cost = self._cost(run, ratio.of(run.model))
        entry = Entry(
            at=int(self._clock.time()),
            place=run.question.place,
            user_id=run.question.author_id,
            model=run.model,
            state=ending.state,
            cost=cost,
            reply_id=run.reply.controls.reply_id or None,
            first_token_ms=None if run.first_token_s is None else round(1000 * run.first_token_s),
            generation_id=run.generation_id,
        )
        warnings = await self._budgets.settle(reservation, entry)
        footer = None
        if run.profile and run.profile.footer and ending.state is ReplyState.COMPLETE:
            footer = _footer(run.model, cost)
        return replace(ending, warnings=warnings, footer=footer)

    def drop(self, run: Run) -> None:
        """Give back what is set aside for an answer that nobody closed."""
        if run.reservation is not None:
            self._budgets.release(run.reservation)
            run.reservation = None

    def _cost(self, run: Run, ratio: float) -> Cost:
        guess = None
        if run.unreported:
            said = run.reply.text.removeprefix(run.shown_before)
            guess = (run.prompt_tokens, estimate([Message(Role.ASSISTANT, said)], ratio) if said else 0)
        return cost_of(run.usage, self._catalog.get(run.model), guess=guess)


def _footer(model: str, cost: Cost) -> Footer:
    unknown = cost.estimated and not cost.nano_usd
    return Footer(
        model=model,
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
        cost_nano_usd=None if unknown else cost.nano_usd,
        estimated=cost.estimated,
    )
