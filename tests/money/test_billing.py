"""Opening a bill: whatever may be paid for is inside the budgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.records import CompletionRequest, Message, ModelInfo, Place, Role
from bot.money.billing import Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.limits import BudgetSpentError
from bot.money.unbooked import Unbooked
from bot.settings.resolver import EffectiveSettings
from tests.fakes import FakeCatalog, MemoryLedger
from tests.virtual import VirtualClock, run

PAID = ModelInfo(id="paid/model", name="P", context_length=1000, prompt_price=100, completion_price=400)
FREE = replace(PAID, id="free/model", prompt_price=0, completion_price=0)
ONLINE = replace(FREE, id="free/model:online", suffix=":online")
FLOOR = replace(FREE, id="free/model:floor", suffix=":floor")
UNPRICED = replace(PAID, id="auto/model", prompt_price=None, completion_price=None)


async def opened(model: str, *fallbacks: str, budget: int) -> tuple[CompletionRequest, int]:
    """The request to send, and how much is set aside for it."""
    clock, ledger = VirtualClock(), MemoryLedger()
    unbooked = Unbooked(clock)
    budgets = Budgets(ledger, unbooked, clock, owner=OwnerBudgets(month=budget))
    catalog = FakeCatalog(PAID, FREE, ONLINE, FLOOR, UNPRICED)
    billing = Billing(budgets=budgets, ledger=ledger, unbooked=unbooked, catalog=catalog, clock=clock)
    charge = budgets.charge(7, Place(channel_id=1), EffectiveSettings(), is_exempt=False)
    bill = billing.bill(charge)
    request = CompletionRequest(
        model=model,
        messages=(Message(Role.USER, "why?"),),
        max_tokens=100,
        channel_id=1,
        user_id=7,
        fallbacks=fallbacks,
    )
    sent = await bill.open(request, on_wait=lambda: None)
    return sent, bill.call.reserved_nano_usd


@pytest.mark.parametrize("model", [PAID.id, ONLINE.id, UNPRICED.id, "unknown/model"])
def test_what_may_cost_something_needs_a_budget(model: str):
    """A free model's variant that may cost more, too."""
    with pytest.raises(BudgetSpentError):
        run(opened(model, budget=0))
    assert run(opened(model, budget=10**9))[0].model == model


@pytest.mark.parametrize("model", [FREE.id, FLOOR.id])
def test_what_is_free_is_asked_without_the_fallbacks_that_nobody_can_pay(model: str):
    """A budget that is used up keeps nobody from a free model, and pays for no other in its place."""
    sent, reserved = run(opened(model, PAID.id, FREE.id, ONLINE.id, budget=0))
    assert (sent.model, sent.fallbacks, reserved) == (model, (FREE.id,) if model != FREE.id else (), 1)


def test_a_paid_fallback_is_set_aside_for():
    """It may be the one that answers."""
    sent, reserved = run(opened(FREE.id, PAID.id, budget=10**9))
    assert sent.fallbacks == (PAID.id,)
    assert reserved > 100 * 400


def test_a_paid_model_is_refused_with_a_free_fallback_too():
    """People are told that the budget is used up, not answered by a model that nobody chose."""
    with pytest.raises(BudgetSpentError):
        run(opened(PAID.id, FREE.id, budget=0))
