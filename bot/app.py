"""How the parts are put together: everything the cogs work with, built from the settings."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bot import __version__
from bot.access.gate import Gate
from bot.access.people import Access
from bot.access.user_rate_limit import UserRateLimit
from bot.client import Services
from bot.conversation.answer import Answerer
from bot.conversation.chat import ChatService
from bot.conversation.upkeep.catch_up import CatchUp
from bot.conversation.upkeep.erasure import Retention
from bot.conversation.upkeep.recovery import Recovery
from bot.core.clock import SystemClock
from bot.core.model_ids import Provider
from bot.display.scheduler import EditScheduler
from bot.llm.admission.admission import AdmissionLimits
from bot.llm.client import ModelClient, open_client
from bot.llm.config import ClientConfig, ProviderConfig, Timeouts
from bot.money.billing import Billing
from bot.money.budgets import Budgets
from bot.money.settlement import SettlingLedger
from bot.money.trial import Trial
from bot.settings.model_choice import ModelChoice
from bot.settings.profile import Profile, Profiles
from bot.settings.resolver import SettingsResolver
from bot.settings.system_prompt import SystemPrompts
from bot.storage.cache import SqliteCache
from bot.storage.conversations import SqliteConversations
from bot.storage.erasure import SqliteErasure
from bot.storage.health import examine
from bot.storage.ledger import SqliteLedger
from bot.storage.settings import SqliteSettings
from bot.storage.sync import SqliteMessageSync
from bot.storage.usage import SqliteUsage
from bot.ui.texts.replies import ReplyTexts

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from bot.config import Settings
    from bot.money.ledger import Ledger
    from bot.storage.engine.database import SqliteDatabase


async def open_services(settings: Settings, database: SqliteDatabase, stack: AsyncExitStack) -> Services:
    """Everything the cogs work with, each part closed by the stack."""
    clock, rng, texts = SystemClock(), random.Random(), ReplyTexts()  # noqa: S311 - jitter and nonces, no secrets
    conversations, stored = SqliteConversations(database), SqliteSettings(database)
    llm, catalog = await stack.enter_async_context(
        open_client(client_config(settings), cache=SqliteCache(database), clock=clock, rng=rng)
    )
    scheduler = EditScheduler(clock)
    stack.push_async_callback(scheduler.aclose)
    resolver = SettingsResolver(stored, clock)
    models = ModelChoice(resolver, catalog, default=settings.model)
    profile = Profile(
        system_prompt=settings.system_prompt,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        fallbacks=settings.fallback_models,
    )
    ledger: Ledger = SqliteLedger(database)
    if settings.model_provider is Provider.OPENROUTER:  # nobody else keeps records
        ledger = SettlingLedger(ledger, llm.generations, clock)
        stack.push_async_callback(ledger.aclose)
        await ledger.catch_up()
    budgets = Budgets(ledger, resolver, clock, ceiling_nano_usd=settings.budget_nano_usd)
    billing = Billing(budgets=budgets, catalog=catalog, texts=texts, clock=clock)
    access = Access(resolver, owner_ids=settings.owner_ids)
    message_sync = SqliteMessageSync(database)
    catch_up = CatchUp(message_sync, clock)
    prompts = SystemPrompts(clock)
    answerer = Answerer(
        llm=llm,
        catalog=catalog,
        store=conversations,
        texts=texts,
        profiles=Profiles(resolver, prompts, default=profile),
        billing=billing,
        clock=clock,
        catch_up=catch_up,
    )
    chat = ChatService(
        answerer=answerer,
        models=models,
        billing=billing,
        store=conversations,
        scheduler=scheduler,
        texts=texts,
        clock=clock,
        rng=rng,
    )
    return Services(
        chat=chat,
        models=models,
        catalog=catalog,
        conversations=conversations,
        settings=stored,
        resolver=resolver,
        access=access,
        gate=Gate(access, UserRateLimit(clock), budgets),
        budgets=budgets,
        trial=Trial(llm, catalog, ledger, clock),
        usage=SqliteUsage(database),
        admission=llm.admission,
        credit=lambda: credit_left(llm),
        examine_database=lambda: examine(database, now=int(clock.time())),
        version=__version__,
        catch_up=catch_up,
        message_sync=message_sync,
        prompts=prompts,
        erasure=SqliteErasure(database),
        retention=Retention(days=settings.retention_days or None),
        data_collection=settings.data_collection,
        recovery=Recovery(store=conversations, scheduler=scheduler, texts=texts, clock=clock, rng=rng),
        scheduler=scheduler,
        clock=clock,
        provider=settings.model_provider,
        owner_ids=settings.owner_ids,
    )


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
            total_s=settings.answer_timeout,
        ),
        limits=AdmissionLimits(streams=settings.max_streams),
        data_collection=settings.data_collection,
        configured=(settings.model, *settings.fallback_models),
    )
