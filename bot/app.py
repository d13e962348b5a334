"""How the parts are put together: everything the cogs work with, built from the settings."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.access.gate import Gate
from bot.access.people import Access
from bot.access.user_rate_limit import UserRateLimit
from bot.attachments.download import DISCORD_HOSTS
from bot.attachments.opening import open_files
from bot.attachments.parsing import Parser
from bot.attachments.posting import PostedPictures
from bot.client import ChatBot
from bot.conversation.answer import Answerer
from bot.conversation.asides.search import WebSearch
from bot.conversation.chat import ChatService
from bot.conversation.everywhere import RunsEverywhere
from bot.conversation.extras.reading import ExtrasReader
from bot.conversation.upkeep.catch_up import CatchUp
from bot.conversation.upkeep.erasure import Retention
from bot.conversation.upkeep.leases import Leases, process_name
from bot.conversation.upkeep.leftovers import Leftovers
from bot.conversation.upkeep.recovery import Recovery
from bot.core.background import Background
from bot.core.clock import SystemClock
from bot.core.model_ids import Provider
from bot.core.telemetry.meter import UNMETERED
from bot.display.pacing import DiscordLimits
from bot.display.reply import Reply
from bot.display.scheduler import EditScheduler
from bot.llm.admission.limits import AdmissionLimits
from bot.llm.client import ModelClient, open_client
from bot.llm.config import ClientConfig, ProviderConfig, Timeouts
from bot.money.billing import Billing
from bot.money.budgets import Budgets, OwnerBudgets
from bot.money.settlement import Settlement
from bot.money.trial import Trial
from bot.money.unbooked import Unbooked
from bot.services import (
    AccessServices,
    ConversationServices,
    ModelServices,
    MoneyServices,
    PrivacyServices,
    Services,
    SettingsServices,
)
from bot.settings.model_choice import ModelChoice
from bot.settings.profile import Defaults, Profiles
from bot.settings.resolver import SettingsResolver
from bot.settings.system_prompt import SystemPrompts
from bot.shards import Shards
from bot.storage.cache import SqliteCache
from bot.storage.claims import SqliteClaims
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.metered import MeteredDatabase
from bot.storage.erasure import SqliteErasure
from bot.storage.health import examine
from bot.storage.ledger import SqliteLedger
from bot.storage.reservations import SqliteReservations
from bot.storage.settings import SqliteSettings
from bot.storage.sync import SqliteMessageSync
from bot.storage.turns.asides import SqliteAsides
from bot.storage.usage import SqliteUsage
from bot.ui.incoming.reading.around import DiscordMessages
from bot.ui.targets.names import names_of
from bot.ui.texts.replies import ReplyTexts
from bot.ui.texts.sent.files import FileSentences

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager, AsyncExitStack

    from bot.attachments.reader import DiscordFiles
    from bot.config.settings import Settings
    from bot.conversation.ports import MessageReader
    from bot.core.ports import Clock
    from bot.core.records import Place
    from bot.core.telemetry.meter import Meter
    from bot.settings.system_prompt import Names
    from bot.storage.engine.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What every part is built on."""

    settings: Settings
    database: Database
    stack: AsyncExitStack
    model: ModelServices
    clock: Clock
    rng: random.Random
    process: str  # this process's name
    meter: Meter


async def open_bot(
    settings: Settings,
    database: Database,
    stack: AsyncExitStack,
    *,
    model: ModelServices | None = None,
    clock: Clock | None = None,
    rng: random.Random | None = None,
    meter: Meter = UNMETERED,
) -> ChatBot:
    """Build the bot and everything it works with. The stack closes the parts, the caller closes the bot.

    Tests pass in their own model client, clock and randomness.
    """
    clock, rng = clock or SystemClock(), rng or random.Random()  # noqa: S311 - jitter and nonces, no secrets
    database = database if meter is UNMETERED else MeteredDatabase(database, clock, meter)
    model = model or await open_model(settings, database, stack, clock, rng, meter)
    base = Foundation(
        settings=settings,
        database=database,
        stack=stack,
        model=model,
        clock=clock,
        rng=rng,
        process=process_name(has_own_machine=settings.database_path is not None),
        meter=meter,
    )
    # Names and messages are looked up when a question is answered; by then there is a bot to ask.
    services = await build_services(base, lambda place: names_of(bot, place), DiscordMessages(lambda: bot, clock))
    bot = ChatBot(
        services,
        message_content=settings.message_content_intent,
        rng=rng,
        shards=shards_of(settings),
    )
    return bot


async def open_model(
    settings: Settings, database: Database, stack: AsyncExitStack, clock: Clock, rng: random.Random, meter: Meter
) -> ModelServices:
    """The client of the provider that the settings name."""
    llm, catalog = await stack.enter_async_context(
        open_client(client_config(settings), cache=SqliteCache(database), clock=clock, rng=rng, meter=meter)
    )
    return ModelServices(
        provider=settings.model_provider,
        llm=llm,
        catalog=catalog,
        status=llm.admission.status,
        transcriber=llm.transcriptions,
        generations=llm.generations if settings.model_provider is Provider.OPENROUTER else None,
        credit=lambda: credit_left(llm),
    )


async def build_services(base: Foundation, names: Callable[[Place], Names], messages: MessageReader) -> Services:
    """Everything the cogs work with; `names` says what places are called, `messages` reads around a question."""
    database, clock = base.database, base.clock
    settings, billing = settings_services(base), await open_billing(base)
    access = Access(settings.resolver, owner_ids=base.settings.owner_ids)
    limits = DiscordLimits()
    share = shards_of(base.settings).part_of(limits.global_limit)
    limits = replace(limits, global_limit=max(2 * limits.global_reserve, share))
    scheduler = EditScheduler(clock, limits, meter=base.meter)
    base.stack.push_async_callback(scheduler.aclose)
    return Services(
        conversation=await conversation_services(
            base, settings.models, billing, scheduler, SystemPrompts(clock, names), messages
        ),
        privacy=PrivacyServices(
            erasure=SqliteErasure(database),
            retention=Retention(
                days=base.settings.retention_days or None,
                thinking_days=base.settings.thinking_retention_days or None,
            ),
            data_collection=base.settings.data_collection,
        ),
        settings=settings,
        access=AccessServices(
            people=access, gate=Gate(settings.resolver, access, UserRateLimit(clock), billing.budgets)
        ),
        money=MoneyServices(
            budgets=billing.budgets,
            usage=SqliteUsage(database),
            trial=Trial(base.model.llm, billing),
        ),
        model=base.model,
        examine_database=lambda: examine(database, now=int(clock.time())),
        scheduler=scheduler,
        clock=clock,
    )


def shards_of(settings: Settings) -> Shards:
    """This process's part of the bot."""
    return Shards(settings.shard_count, settings.shard_ids)


def settings_services(base: Foundation) -> SettingsServices:
    store = SqliteSettings(base.database)
    resolver = SettingsResolver(store, base.clock)
    models = ModelChoice(resolver, base.model.catalog, default=base.settings.model)
    default_prompt = base.settings.system_prompt
    return SettingsServices(store=store, resolver=resolver, models=models, default_prompt=default_prompt)


async def conversation_services(
    base: Foundation,
    models: ModelChoice,
    billing: Billing,
    scheduler: EditScheduler,
    prompts: SystemPrompts,
    messages: MessageReader,
) -> ConversationServices:
    database, clock, texts = base.database, base.clock, ReplyTexts()
    store, sync = SqliteConversations(database, process=base.process), SqliteMessageSync(database)
    leases = Leases(SqliteClaims(database), clock, process=base.process)
    catch_up = CatchUp(sync, clock)
    part = shards_of(base.settings).name
    leftovers = Leftovers(cache=SqliteCache(database), scheduler=scheduler, clock=clock, part=part)
    new_reply = reply_maker(base, scheduler, leftovers, leases, texts)
    files = await base.stack.enter_async_context(file_reader(base))
    chat = ChatService(
        answerer=answerer(base, store, texts, billing, catch_up),
        profiles=Profiles(models, prompts, defaults=defaults(base.settings)),
        billing=billing,
        store=store,
        new_reply=new_reply,
        texts=texts,
        clock=clock,
        meter=base.meter,
        extras=ExtrasReader(messages=messages, files=files, store=store, catalog=base.model.catalog, texts=texts),
    )
    announcer = await base.stack.enter_async_context(database.running())
    supervised(base.stack, "leases", lambda: leases.run(chat.runs), clock)
    recovery = Recovery(store=store, leases=leases, billing=billing, new_reply=new_reply, texts=texts, clock=clock)
    return ConversationServices(
        chat=chat,
        store=store,
        sync=sync,
        leases=leases,
        recovery=recovery,
        leftovers=leftovers,
        catch_up=catch_up,
        asides=SqliteAsides(database),
        everywhere=RunsEverywhere(chat.runs, leases, announcer),
    )


def reply_maker(
    base: Foundation, scheduler: EditScheduler, leftovers: Leftovers, leases: Leases, texts: ReplyTexts
) -> Callable[..., Reply]:
    """What makes a `Reply` for a target."""
    return partial(
        Reply,
        clock=base.clock,
        rng=base.rng,
        mark=scheduler.mark,
        texts=texts.display,
        left_behind=leftovers,
        confirm=leases.confirm,
    )


def file_reader(base: Foundation) -> AbstractAsyncContextManager[DiscordFiles]:
    """The reader of files, which are where discord.py takes them to be, or behind the owner's proxy of Discord."""
    bases = {*DISCORD_HOSTS} if discord.asset.Asset.BASE in DISCORD_HOSTS else {discord.asset.Asset.BASE}
    if base.settings.discord_api_base:
        bases.add(base.settings.discord_api_base)
    return open_files(
        bases,
        catalog=base.model.catalog,
        is_openrouter=base.settings.model_provider is Provider.OPENROUTER,
        transcriber=base.model.transcriber,
        texts=FileSentences(),
    )


def answerer(
    base: Foundation, store: SqliteConversations, texts: ReplyTexts, billing: Billing, catch_up: CatchUp
) -> Answerer:
    model, parser = base.model, Parser()
    base.stack.push_async_callback(parser.aclose)
    return Answerer(
        llm=model.llm,
        catalog=model.catalog,
        store=store,
        texts=texts,
        ratios=billing.ratios,
        search=WebSearch(model.catalog, available=model.provider is Provider.OPENROUTER),
        pictures=PostedPictures(parser),
        catch_up=catch_up,
    )


def defaults(settings: Settings) -> Defaults:
    """How the bot answers where nobody set anything."""
    return Defaults(
        system_prompt=settings.system_prompt,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        fallbacks=settings.fallback_models,
    )


async def open_billing(base: Foundation) -> Billing:
    """The ledger and what works on it in the background: settlement, and what could not be booked yet."""
    database, stack, model, clock = base.database, base.stack, base.model, base.clock
    ledger = SqliteLedger(database)
    unbooked = Unbooked(clock, base.settings.unbooked_path)
    await asyncio.to_thread(unbooked.load, ledger.book)
    stack.callback(unbooked.save)
    supervised(stack, "unbooked entries", unbooked.run, clock)
    settlement = None
    if model.generations is not None:
        settlement = Settlement(ledger, model.generations, clock)
        supervised(stack, "settlement", settlement.run, clock)
    month, person_day, person_month = base.settings.budgets_nano_usd
    owner = OwnerBudgets(month=month, person_day=person_day, person_month=person_month)
    shared = SqliteReservations(database, process=base.process) if base.settings.database_path is None else None
    budgets = Budgets(ledger, unbooked, clock, owner=owner, shared=shared)
    if shared:
        supervised(stack, "shared reservations", budgets.run, clock)
    return Billing(
        budgets=budgets,
        ledger=ledger,
        unbooked=unbooked,
        catalog=model.catalog,
        clock=clock,
        settlement=settlement,
        meter=base.meter,
    )


def supervised(
    stack: AsyncExitStack, name: str, work: Callable[[], Coroutine[object, object, None]], clock: Clock
) -> None:
    """Start background work that the stack ends."""
    background = Background(name, work, clock)
    background.start()
    stack.push_async_callback(background.aclose)


async def credit_left(llm: ModelClient) -> float | None:
    """Dollars left on the provider's key; None where it has no limit."""
    return (await llm.key.fetch()).limit_remaining


def client_config(settings: Settings) -> ClientConfig:
    """What the model client needs of the settings; the provider chooses the address and the key."""
    base, key = {
        Provider.OPENROUTER: (settings.openrouter_api_base, settings.openrouter_api_key),
        Provider.OLLAMA: (settings.ollama_api_base, None),
        Provider.OPENAI: (settings.openai_api_base, settings.openai_api_key),
    }[settings.model_provider]
    return ClientConfig(
        provider=ProviderConfig(
            kind=settings.model_provider,
            api_base=base or "",
            api_key=key.get_secret_value() if key else "",
        ),
        timeouts=Timeouts(
            first_token_s=settings.first_token_timeout,
            gap_s=settings.token_gap_timeout,
            thinking_s=settings.thinking_timeout,
            total_s=settings.answer_timeout,
        ),
        limits=AdmissionLimits(
            streams=settings.max_streams,
            per_person=settings.max_streams_per_person,
            per_server=settings.streams_per_server,
        ),
        data_collection=settings.data_collection,
        transcription_model=settings.transcription_model,
        configured=(settings.model, *settings.fallback_models),
    )
