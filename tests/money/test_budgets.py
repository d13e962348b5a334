"""Budgets: nobody spends more than there is, nobody is refused what there is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.core.errors import ProviderUnavailableError, StorageError
from bot.core.events import Usage
from bot.core.records import ModelInfo, Place, Question
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.ledger import ALL, Cost, Entry
from bot.money.limits import BudgetSpentError, Payer
from bot.money.unbooked import Unbooked
from bot.settings.resolver import EffectiveSettings
from tests.conversation.test_chat import Stage
from tests.fakes import FakeTarget, MemoryLedger
from tests.virtual import VirtualClock, run

MODEL = ModelInfo(id="a/model", name="A", context_length=100_000, prompt_price=100, completion_price=400)
COST = 50_000  # of an answer below, in nano-dollars
HERE = Place(channel_id=1, guild_id=9)


def asked(author: int, *, channel: int = 1) -> Question:
    return Question(
        place=Place(channel_id=channel, guild_id=9), author_id=author, author_name="Ann", text="how much?"
    )


async def stage_with(**settings: int) -> Stage:
    stage = Stage(MODEL)
    for key, nano_usd in settings.items():
        await stage.resolver.set("guild:9", key, str(nano_usd), by=1)
    return stage


def answer(stage: Stage, *, cost: int = COST) -> None:
    stage.llm.say("It costs ", "nothing.", Usage(prompt_tokens=20, completion_tokens=120, cost_nano_usd=cost))


@pytest.mark.parametrize("typical", [10, 120, 4000])
def test_a_hundred_at_once_against_a_budget_for_forty(typical: int):
    """Spent within one answer per running stream, the rest refused with the reset time, the ledger exact.

    Whether answers turn out shorter or longer than was thought likely.
    """

    async def main() -> None:
        stage = await stage_with(server_day=40 * COST)
        stage.budgets._typical["a/model"] = typical
        stage.llm.gap = 1.0
        for _ in range(100):
            answer(stage)
        targets = [FakeTarget(number, latency=0.05) for number in range(100)]
        running = 0

        async def watch() -> None:
            nonlocal running
            while True:
                running = max(running, stage.llm.open)
                await asyncio.sleep(0.1)

        watching = asyncio.create_task(watch())
        await asyncio.gather(*(stage.answer(asked(n, channel=n), target) for n, target in enumerate(targets)))
        watching.cancel()
        answered = len(stage.llm.requests)
        spent = sum(entry.cost.nano_usd for entry in stage.ledger.entries)
        assert spent == answered * COST
        assert abs(spent - 40 * COST) <= running * COST
        assert spent >= 40 * COST, "nobody was refused what was there"
        refused = [target.contents[0] for target in targets if "is used up" in target.contents[0]]
        assert len(refused) == 100 - answered
        assert all("This server's budget of $0.002 for today" in text and "<t:" in text for text in refused)
        assert stage.budgets._reserved == {}

    run(main())


def test_who_waits_for_others_is_told_and_can_give_up():
    """A question that may not fit beside the one under way waits; stopped, it leaves nothing reserved."""

    async def main() -> None:
        stage = await stage_with(server_day=COST)
        stage.llm.gap = 5.0
        answer(stage, cost=10)
        first = asyncio.create_task(stage.answer(asked(1), FakeTarget(1)))
        await asyncio.sleep(1)
        waiting = FakeTarget(2, latency=0.01)
        second = asyncio.create_task(stage.answer(asked(2, channel=2), waiting))
        await asyncio.sleep(2)
        assert "to see what the budget still allows" in waiting.contents[0]
        assert stage.chat.runs.stop(2, by="Ann")
        await asyncio.wait_for(second, 1)
        await first
        assert stage.budgets._reserved == {}
        assert len(stage.ledger.entries) == 1

    run(main())


@pytest.mark.parametrize(
    ("key", "fellow", "refused"),
    [
        ("person_day", asked(2), False),
        ("person_month", asked(1, channel=2), True),
        ("channel_day", asked(2), True),
        ("channel_month", asked(2, channel=2), False),
        ("server_day", asked(2, channel=2), True),
        ("server_month", asked(2, channel=2), True),
    ],
)
def test_each_budget_looks_at_its_own(key: str, fellow: Question, refused: bool):
    """A person's budget is theirs in the whole server, a channel's everybody's there, the server's everybody's."""

    async def main() -> None:
        stage = await stage_with(**{key: COST})
        answer(stage)
        answer(stage)
        await stage.answer(asked(1), FakeTarget())
        target = FakeTarget(2)
        await stage.answer(fellow, target)
        assert ("is used up" in target.contents[0]) is refused

    run(main())


def test_a_budget_resets_when_its_day_is_over():
    """And the sentence named that moment."""

    async def main() -> None:
        stage = await stage_with(person_day=COST)
        for _ in range(3):
            answer(stage)
        await stage.answer(asked(1), FakeTarget())
        limits = (await stage.admit(1, HERE)).charge.limits
        with pytest.raises(BudgetSpentError) as refusal:
            await stage.budgets.check(limits)
        await asyncio.sleep(refusal.value.resets_at - VirtualClock().time())
        await stage.budgets.check(limits)

    run(main())


def test_at_eighty_per_cent_one_answer_says_so():
    """Once: the answer that crosses the line."""

    async def main() -> None:
        stage = await stage_with(server_day=10 * COST)
        shown = []
        for _ in range(10):
            answer(stage)
            target = FakeTarget()
            await stage.answer(asked(1), target)
            shown.append("80% used" in target.contents[0])
        assert shown == [False] * 7 + [True] + [False] * 2

    run(main())


def test_every_ending_is_booked_and_estimates_say_so():
    """A stopped answer costs what was said, a failed one what was reported, a refused connection nothing."""

    async def main() -> list[Entry]:
        stage = await stage_with()
        stage.llm.say(*["word "] * 100)
        stage.llm.gap = 1.0
        stopped = asyncio.create_task(stage.answer(asked(1), FakeTarget(latency=0.01)))
        await asyncio.sleep(30.5)
        stage.chat.runs.stop(1, by="Ann")
        await stopped
        stage.llm.gap = 0
        stage.llm.say(
            "Half", Usage(prompt_tokens=5, completion_tokens=1, cost_nano_usd=77), ProviderUnavailableError()
        )
        await stage.answer(asked(1), FakeTarget())
        return stage.ledger.entries

    stopped, failed = run(main())
    assert stopped.state == "stopped"
    assert stopped.cost.estimated
    assert 30 <= stopped.cost.completion_tokens <= 70
    assert stopped.cost.nano_usd == stopped.cost.prompt_tokens * 100 + stopped.cost.completion_tokens * 400
    assert stopped.first_token_ms == 1000
    assert failed.state == "failed"
    assert failed.cost == Cost(prompt_tokens=5, completion_tokens=1, nano_usd=77)


def test_what_is_free_needs_no_budget():
    """A budget that is used up does not keep anybody from a free model."""

    async def main() -> None:
        stage = Stage(replace(MODEL, prompt_price=0, completion_price=0))
        await stage.resolver.set("guild:9", "server_day", "0", by=1)
        target = FakeTarget()
        await stage.answer(asked(1), target)
        assert target.contents == ["Hello."]

    run(main())


def test_the_owners_ceiling_holds_for_everybody():
    """In direct messages and for exempt roles as well."""

    async def main() -> None:
        ledger, clock = MemoryLedger(), VirtualClock()
        budgets = Budgets(ledger, Unbooked(clock), clock, owner=OwnerBudgets(month=100))
        (limit,) = budgets.charge(1, HERE, EffectiveSettings(), is_exempt=True).limits
        assert (limit.payer, limit.account) == (Payer.OWNER, ALL)
        direct = Place(channel_id=5)
        await ledger.book(
            Entry(
                at=int(clock.time()), place=direct, user_id=1, model="m", state="complete", cost=Cost(nano_usd=100)
            )
        )
        charge = budgets.charge(2, direct, EffectiveSettings(), is_exempt=True)
        with pytest.raises(BudgetSpentError):
            await budgets.reserve(charge, 1, on_wait=list)

    run(main())


def test_a_ledger_that_cannot_be_written_blocks_nobody_for_ever():
    """What was reserved is given back whatever happens, and the loss is logged."""

    async def main() -> None:
        stage = await stage_with(server_day=COST)
        answer(stage)

        async def broken(_entry: Entry) -> None:
            raise StorageError("the disk is full")

        stage.ledger.book = broken
        await stage.answer(asked(1), FakeTarget())
        assert stage.budgets._reserved == {}

    run(main())


def test_cancelling_the_asking_gives_the_reservation_back():
    """Nothing stays set aside for an answer that nobody closed."""

    async def main() -> None:
        stage = await stage_with(server_day=COST)
        stage.llm.gap = 5.0
        asking = asyncio.create_task(stage.answer(asked(1), FakeTarget()))
        await asyncio.sleep(1)
        assert stage.budgets._reserved
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert stage.budgets._reserved == {}

    run(main())


def test_a_question_cancelled_while_it_is_booked_gives_its_reservation_back():
    """What waits for the ledger behind a slow disk holds nothing back from others once it is gone."""

    async def main() -> None:
        stage, begun = Stage(MODEL), asyncio.Event()
        book = stage.ledger.book

        async def slow(entry: Entry) -> int:
            begun.set()
            await asyncio.sleep(5)
            return await book(entry)

        stage.ledger.book = slow
        first, second = stage.ask("one", channel=1), stage.ask("two", channel=2)
        await begun.wait()
        await asyncio.sleep(1)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await first
        assert not stage.budgets._reserved

    run(main())


def test_what_cannot_be_booked_counts_all_the_same():
    """With a full disk one answer fits a budget for one, not ten; once there is room, it is booked and saved."""

    async def main() -> None:
        stage = await stage_with(server_day=COST)
        supervised = asyncio.create_task(stage.unbooked.run())

        async def full(*_: object, **__: object) -> int:
            raise StorageError("the disk is full")

        close, stage.store.close_reply = stage.store.close_reply, full
        shown = []
        for number in range(10):
            answer(stage)
            target = FakeTarget(number)
            await stage.answer(asked(1, channel=number + 1), target)
            shown += target.contents
        assert len(stage.llm.requests) == 1
        assert sum("is used up" in text for text in shown) == 9
        stage.store.close_reply = close
        await asyncio.sleep(10)
        assert [entry.cost.nano_usd for entry in stage.ledger.entries] == [COST]
        assert stage.store.answers[1] == "It costs nothing."
        supervised.cancel()

    run(main())


def test_one_person_is_bounded_over_all_servers():
    """The owner's allowance a day holds in every server and in direct messages, for that person alone."""

    async def main() -> None:
        stage = Stage(MODEL, owner=OwnerBudgets(person_day=COST))
        answer(stage)
        await stage.answer(asked(1), FakeTarget())
        for place in (Place(channel_id=2, guild_id=8), Place(channel_id=3)):
            target = FakeTarget()
            await stage.answer(replace(asked(1), place=place), target)
            assert "The bot owner's per-person budget" in target.contents[0]
        other = FakeTarget()
        await stage.answer(asked(2), other)
        assert other.contents == ["Hello."]

    run(main())
