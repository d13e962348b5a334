"""Opening a bill: whatever may be paid for is inside the budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.core.events import Called, Started, Usage
from bot.core.records import Attachment, AttachmentKind, CompletionRequest, Message, ModelInfo, Place, Role
from bot.money.billing import REPEATED, Bill, Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.limits import BudgetSpentError
from bot.money.unbooked import Unbooked
from bot.settings.resolver import EffectiveSettings
from tests.fakes import FakeCatalog, MemoryLedger
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.events import Event

PAID = ModelInfo(id="paid/model", name="P", context_length=1000, prompt_price=100, completion_price=400)
FREE = replace(PAID, id="free/model", prompt_price=0, completion_price=0)
ONLINE = replace(FREE, id="free/model:online", suffix=":online")
FLOOR = replace(FREE, id="free/model:floor", suffix=":floor")
SEEING = replace(
    PAID,
    id="seeing/model",
    image_price=2_000_000,
    audio_price=3_000,
    input_modalities=frozenset({"image", "audio"}),
)
READING = replace(PAID, id="reading/model", input_modalities=frozenset({"file"}))
UNPRICED = replace(PAID, id="auto/model", prompt_price=None, completion_price=None)


async def opened(model: str, *fallbacks: str, budget: int, **of: Any) -> tuple[CompletionRequest, int]:
    """The request to send, and how much is set aside for it."""
    sent, bill, _ = await open_bill(model, *fallbacks, budget=budget, **of)
    return sent, bill.call.reserved_nano_usd


async def open_bill(
    model: str, *fallbacks: str, budget: int, attached: Sequence[Attachment] = (), **more: Any
) -> tuple[CompletionRequest, Bill, MemoryLedger]:
    clock, ledger = VirtualClock(), MemoryLedger()
    unbooked = Unbooked(clock)
    budgets = Budgets(ledger, unbooked, clock, owner=OwnerBudgets(month=budget))
    catalog = FakeCatalog(PAID, FREE, ONLINE, FLOOR, UNPRICED, SEEING, READING)
    billing = Billing(budgets=budgets, ledger=ledger, unbooked=unbooked, catalog=catalog, clock=clock)
    charge = budgets.charge(7, Place(channel_id=1), EffectiveSettings(), is_exempt=False)
    bill = billing.bill(charge)
    request = CompletionRequest(
        model=model,
        messages=(Message(Role.USER, "why?", tuple(attached)),),
        max_tokens=100,
        channel_id=1,
        user_id=7,
        fallbacks=fallbacks,
        **more,
    )
    return await bill.open(request, on_wait=lambda: None), bill, ledger


def called(info: ModelInfo, generation_id: str) -> Called:
    return Called(model=info.id, generation_id=generation_id)


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


NOTHING = Usage(cost_nano_usd=0)


@pytest.mark.parametrize(
    ("events", "repeated"),
    [
        ((called(PAID, "a"), called(PAID, "b"), Started(model=PAID.id, generation_id="b")), ["a"]),
        ((called(PAID, "a"), called(PAID, "b"), called(PAID, "c")), ["a", "b"]),
        ((called(PAID, "a"), called(FREE, "b")), ["a"]),
        ((called(PAID, "a"), NOTHING, called(PAID, "b")), []),
        ((called(PAID, "a"), Started(model=PAID.id, generation_id="a")), []),
        ((Started(model=PAID.id, generation_id=None), Started(model=PAID.id, generation_id=None)), []),
    ],
    ids=["once", "twice", "another model", "free of charge", "the same call", "without ids"],
)
def test_a_call_whose_request_went_again_is_booked_by_itself(events: tuple[Event, ...], repeated: list[str]):
    """The provider may charge for it all the same; its record says how much."""

    async def book() -> MemoryLedger:
        _, bill, ledger = await open_bill(PAID.id, budget=10**9)
        for event in events:
            bill.observe(event)
        entry = bill.entry(state="complete", said="")
        assert entry is not None
        await bill.book(entry, ledger.book)
        return ledger

    entries = run(book()).entries
    extra = [entry for entry in entries if entry.state == REPEATED]
    assert sorted(entry.generation_id or "" for entry in extra) == repeated
    assert all(entry.cost.estimated and entry.cost.nano_usd for entry in extra)
    assert len(entries) == len(repeated) + 1


PICTURE = Attachment(name="a", kind=AttachmentKind.PICTURE, data=b"x" * 9_000_000, width=1500, height=1000)
SOUND = Attachment(name="b", kind=AttachmentKind.AUDIO, data=b"x" * 40_000, seconds=10)
SCAN = Attachment(name="c", kind=AttachmentKind.DOCUMENT, data=b"x" * 900_000, pages=3)
LARGE = 10**12


@pytest.mark.parametrize(
    ("model", "attachment", "beside"),
    [
        (PAID, PICTURE, 2_000 * 100),  # tokens by its pixels, not by its bytes
        (SEEING, PICTURE, 2_000_000),  # or by the picture, whichever is more
        (PAID, SOUND, 320 * 100),
        (SEEING, SOUND, 320 * 3_000),
        (READING, SCAN, 4_500 * 100),
        (PAID, SCAN, 4_500 * 100 + 3 * 2_000_000),
        (FREE, SCAN, 3 * 2_000_000),  # recognized by somebody else, at a price
        (FREE, PICTURE, 0),
    ],
)
def test_what_comes_with_a_question_is_set_aside_for(model: ModelInfo, attachment: Attachment, beside: int):
    """At the catalog's prices, before the call."""
    _, without = run(opened(model.id, budget=LARGE))
    _, reserved = run(opened(model.id, budget=LARGE, attached=[attachment]))
    assert reserved - without == beside - (model is FREE and beside > 0)  # at least 1 is set aside for anything


def test_a_free_model_reads_scans_only_within_a_budget():
    """Their recognition is paid for."""
    with pytest.raises(BudgetSpentError):
        run(opened(FREE.id, budget=0, attached=[SCAN]))
    assert run(opened(FREE.id, budget=0, attached=[PICTURE]))[0].model == FREE.id


def test_what_reading_costs_is_set_aside_and_booked():
    """A transcription is an entry of its own; what it needs waits in the budget before it."""

    async def transcribe() -> list[tuple[str, int]]:
        _, bill, ledger = await open_bill(FREE.id, budget=100)
        async with bill.reading(40, on_wait=lambda: None) as book:
            await book(Usage(cost_nano_usd=30), "stt/model")
            await book(Usage(cost_nano_usd=70), "stt/model")
        with pytest.raises(BudgetSpentError):
            await bill.reading(40, on_wait=lambda: None).__aenter__()
        return [(entry.state, entry.cost.nano_usd) for entry in ledger.entries]

    assert run(transcribe()) == [("reading", 30), ("reading", 70)]


def test_searches_are_reserved_and_an_unreported_call_counts_them():
    """With all they may cost, for free models too; what was reported counts instead."""
    searching = {"web_ceiling": 50_000_000}
    plain, free = run(opened(PAID.id, budget=10**9)), run(opened(FREE.id, budget=10**9, **searching))
    paid = run(opened(PAID.id, budget=10**9, **searching))
    assert paid[1] == plain[1] + 50_000_000
    assert free[1] == 50_000_000

    async def main() -> tuple[int, int]:
        _, bill, _ = await open_bill(PAID.id, budget=10**9, **searching)
        bill.observe(called(PAID, "gen-1"))
        stopped = bill.entry(state="stopped", said="")
        bill.observe(Usage(prompt_tokens=10, completion_tokens=1, cost_nano_usd=7_001_900))
        reported = bill.entry(state="complete", said="")
        assert stopped
        assert reported
        assert stopped.cost.estimated
        return stopped.cost.nano_usd, reported.cost.nano_usd

    stopped, reported = run(main())
    assert stopped >= 50_000_000
    assert reported == 7_001_900
