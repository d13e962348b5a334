"""Whenever the bot is killed, in the end the ledger has what the provider charges."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.access.gate import Admitted
from bot.conversation.answer import Answerer
from bot.conversation.asides.search import WebSearch
from bot.conversation.chat import ChatService
from bot.conversation.upkeep.leases import Leases
from bot.conversation.upkeep.recovery import Recovery
from bot.core.events import Called, Done, FinishReason, Started, Text, Usage
from bot.core.records import ModelInfo, Place, Question
from bot.display.reply import Reply
from bot.display.scheduler import EditScheduler
from bot.money.billing import Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.settlement import Settlement
from bot.money.unbooked import Unbooked
from bot.settings.model_choice import ModelChoice
from bot.settings.profile import Defaults, Profiles
from bot.settings.resolver import EffectiveSettings, SettingsResolver
from bot.settings.system_prompt import NO_NAMES, SystemPrompts
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeCatalog, FakePress, FakeTarget, MemoryClaims, MemorySettings, MemoryStore
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bot.core.records import CompletionRequest

KILLS = 1000
MODEL = ModelInfo(id="a/model", name="A", context_length=100_000, prompt_price=100, completion_price=400)
PROMPT_COST, WORD_COST = 1000, 400  # nano-dollars


class Provider:
    """Charges for the prompt and each word sent, also to those who hang up. Its records outlast every kill."""

    def __init__(self, rng: random.Random) -> None:
        self.bill: dict[str, int] = {}
        self._rng = rng

    async def stream(self, request: CompletionRequest, _demand: object = None) -> AsyncGenerator[object, None]:
        await asyncio.sleep(self._rng.uniform(0, 0.3))
        generation_id = f"gen-{len(self.bill)}"
        self.bill[generation_id] = PROMPT_COST
        yield Called(model=request.model, generation_id=generation_id)
        await asyncio.sleep(self._rng.uniform(0, 1))
        yield Started(model=request.model, generation_id=generation_id)
        words = self._rng.randrange(1, 40)
        for _ in range(words):
            self.bill[generation_id] += WORD_COST
            yield Text("word ")
            await asyncio.sleep(0.1)
        yield Usage(prompt_tokens=9, completion_tokens=words, cost_nano_usd=self.bill[generation_id])
        yield Done(reason=FinishReason.STOP)

    async def cost(self, generation_id: str) -> int | None:
        return self.bill.get(generation_id)


class Screens:
    """The channels of a Discord that stays; a killed process has left nothing in them that it could find."""

    def __init__(self) -> None:
        self._targets: dict[int, FakeTarget] = {}

    def target(self, channel_id: int, *, answer_to: int | None = None) -> FakeTarget:  # noqa: ARG002 - the port's
        return self._targets.setdefault(channel_id, FakeTarget(channel_id))

    async def after(self, *_: object, **__: object) -> list[object]:
        return []


class Mortal:
    """Something that nobody can reach any more once its process is dead: not even a call under way returns."""

    def __init__(self, inner: object, life: Life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def call(*given: object, **named: object) -> object:
            await self._life.go_on()
            result = await found(*given, **named)
            await self._life.go_on()
            return result

        return call


class Life:
    """One process, from its start to its kill, on a database and a Discord that stay."""

    def __init__(self, number: int, store: MemoryStore, provider: Provider, screens: Screens) -> None:
        self.is_over = False
        self._store = Mortal(store, self)
        clock, catalog, texts = VirtualClock(), FakeCatalog(MODEL), ReplyTexts()
        ledger: Any = Mortal(store.ledger, self)
        unbooked = Unbooked(clock)
        settlement = Settlement(ledger, Mortal(provider, self), clock)
        self._budgets = Budgets(ledger, unbooked, clock, owner=OwnerBudgets())
        billing = Billing(
            budgets=self._budgets,
            ledger=ledger,
            unbooked=unbooked,
            catalog=catalog,
            clock=clock,
            settlement=settlement,
        )
        self._scheduler = EditScheduler(clock)
        leases = Leases(Mortal(MemoryClaims(store), self), clock, process=f"machine {number} x")
        store.process = f"machine {number} x"
        common: dict[str, Any] = {
            "store": self._store,
            "billing": billing,
            "new_reply": partial(
                Reply,
                clock=clock,
                rng=random.Random(number),
                mark=self._scheduler.mark,
                texts=texts.display,
            ),
            "texts": texts,
            "clock": clock,
        }
        self.chat = ChatService(
            answerer=Answerer(
                llm=provider,
                catalog=catalog,
                store=self._store,
                texts=texts,
                ratios=billing.ratios,
                search=WebSearch(catalog, available=True),
                pictures=FakePress(),
            ),
            profiles=Profiles(
                ModelChoice(SettingsResolver(MemorySettings(), clock), catalog, default="a/model"),
                SystemPrompts(clock, lambda _: NO_NAMES),
                defaults=Defaults(system_prompt="", max_tokens=100),
            ),
            **common,
        )
        recovery = Recovery(leases=leases, **common)
        self.tasks = [asyncio.create_task(settlement.run()), asyncio.create_task(recovery.run(screens))]

    async def go_on(self) -> None:
        if self.is_over:
            await asyncio.Event().wait()

    def ask(self, channel: int) -> None:
        place = Place(channel_id=channel)
        question = Question(place=place, author_id=7, author_name="Ann", text="why?", message_id=None)
        charge = self._budgets.charge(7, place, EffectiveSettings(), is_exempt=False)
        target: Any = Mortal(FakeTarget(channel, latency=0.05), self)
        asked = self.chat.ask(question, target, Admitted(EffectiveSettings(), charge))
        self.tasks.append(asyncio.create_task(asked))

    async def kill(self) -> None:
        """From now on nothing it does has an effect."""
        self.is_over = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def test_after_any_number_of_kills_the_ledger_is_the_providers_bill():
    """Each call is booked once, and settled by the provider's record."""

    async def main() -> None:
        rng = random.Random(4)
        store, provider = MemoryStore(), Provider(rng)
        screens = Screens()
        for number in range(1, KILLS + 1):
            life = Life(number, store, provider, screens)
            for channel in range(2):
                life.ask(number * 10 + channel)
            await asyncio.sleep(rng.uniform(0, 5))
            await life.kill()
        last = Life(KILLS + 1, store, provider, screens)
        await asyncio.sleep(600)
        await last.kill()
        booked = {
            entry.generation_id: entry.cost.nano_usd for entry in store.ledger.entries if entry.generation_id
        }
        assert len(store.ledger.entries) == len({entry.reply_id for entry in store.ledger.entries})
        assert booked == provider.bill
        assert not await store.unfinished_replies()

    run(main())
