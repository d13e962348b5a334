"""Trying a model before it is chosen."""

from __future__ import annotations

import asyncio

import pytest

from bot.core.errors import EmptyAnswerError, FirstTokenTimeoutError, OutOfTokensError
from bot.core.events import Called, Usage, Waiting, WaitReason
from bot.core.records import ModelInfo, Place
from bot.money.billing import Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.ledger import Cost
from bot.money.limits import BudgetSpentError
from bot.money.trial import TRIAL_S, Trial
from bot.money.unbooked import Unbooked
from bot.settings.resolver import EffectiveSettings
from tests.fakes import FakeCatalog, MemoryLedger, ScriptedLLM
from tests.virtual import VirtualClock, run

HERE = Place(channel_id=2, guild_id=1)
MODEL = ModelInfo(id="a/model", name="A", context_length=1000, prompt_price=100, completion_price=400)


class Stage:
    """A trial with a scripted model."""

    def __init__(self, *, owner: OwnerBudgets = OwnerBudgets()) -> None:  # noqa: B008 - frozen
        self.llm, self.ledger = ScriptedLLM(), MemoryLedger()
        clock = VirtualClock()
        self.budgets = Budgets(self.ledger, Unbooked(clock), clock, owner=owner)
        billing = Billing(
            budgets=self.budgets,
            ledger=self.ledger,
            unbooked=Unbooked(clock),
            catalog=FakeCatalog(MODEL),
            clock=clock,
        )
        self.trial = Trial(self.llm, billing)

    async def run(self) -> None:
        charge = self.budgets.charge(7, HERE, EffectiveSettings(), is_exempt=False)
        await self.trial.run("a/model", charge)


def test_an_answer_is_all_it_takes():
    """What was reported is booked, on the admin, as a trial."""

    async def main() -> None:
        stage = Stage()
        stage.llm.say("OK", Usage(prompt_tokens=9, completion_tokens=1, cost_nano_usd=1300))
        await stage.run()
        (entry,) = stage.ledger.entries
        assert (entry.state, entry.user_id, entry.reply_id) == ("trial", 7, None)
        assert entry.cost == Cost(prompt_tokens=9, completion_tokens=1, nano_usd=1300)

    run(main())


def test_a_model_that_hangs_is_given_up():
    """In twenty seconds, with the connection closed; what it may have cost is nothing that was said."""

    async def main() -> None:
        stage = Stage()

        async def hang(_request: object) -> object:
            yield Waiting(reason=WaitReason.RETRY)
            await asyncio.sleep(3600)

        stage.llm.stream = hang
        began = asyncio.get_running_loop().time()
        with pytest.raises(FirstTokenTimeoutError):
            await stage.run()
        assert asyncio.get_running_loop().time() - began == TRIAL_S
        assert stage.ledger.entries == []

    run(main())


def test_a_model_that_thinks_for_too_long_may_have_cost_something():
    """The provider took the call, so it's booked under its id, for the provider to say what it cost."""

    async def main() -> None:
        stage = Stage()

        async def think(_request: object) -> object:
            yield Called(model="a/model", generation_id="gen-7")
            await asyncio.sleep(3600)

        stage.llm.stream = think
        with pytest.raises(FirstTokenTimeoutError):
            await stage.run()
        (entry,) = stage.ledger.entries
        assert (entry.generation_id, entry.cost.estimated) == ("gen-7", True)
        assert entry.cost.nano_usd > 0

    run(main())


def test_a_slow_answer_that_began_is_one():
    """A model need not finish in time, and what it said is estimated."""

    async def main() -> None:
        stage = Stage()
        stage.llm.gap = 15.0
        stage.llm.say("O", "K")
        await stage.run()
        assert stage.llm.open == 0
        assert stage.ledger.entries[0].cost.estimated

    run(main())


def test_a_model_that_only_thinks_in_so_few_tokens_is_there():
    """Sixteen tokens are too few for a thinking model's first word, and that says nothing against it."""

    async def main() -> None:
        stage = Stage()
        stage.llm.say(Usage(prompt_tokens=9, completion_tokens=16, cost_nano_usd=900), OutOfTokensError())
        await stage.run()
        assert [entry.cost.nano_usd for entry in stage.ledger.entries] == [900]

    run(main())


def test_a_failure_is_passed_on_and_what_it_cost_is_booked():
    """The admin reads the reason, and the cost is booked."""

    async def main() -> None:
        stage = Stage()
        stage.llm.say(Usage(prompt_tokens=9, completion_tokens=0, cost_nano_usd=900), EmptyAnswerError())
        with pytest.raises(EmptyAnswerError):
            await stage.run()
        assert [entry.cost.nano_usd for entry in stage.ledger.entries] == [900]

    run(main())


def test_a_trial_stays_within_the_budgets():
    """No call to a model is outside the owner's ceiling: where it is used up, the model is not asked."""

    async def main() -> None:
        stage = Stage(owner=OwnerBudgets(month=1000))
        stage.llm.say("OK", Usage(prompt_tokens=9, completion_tokens=1, cost_nano_usd=1300))
        await stage.run()
        with pytest.raises(BudgetSpentError):
            await stage.run()
        assert len(stage.llm.requests) == 1

    run(main())
