"""What the cogs work with, grouped by concern. `bot.app` builds it; tests use the same function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.access.gate import Gate
    from bot.access.people import Access
    from bot.conversation.asides.kept import Asides
    from bot.conversation.chat import ChatService
    from bot.conversation.everywhere import RunsEverywhere
    from bot.conversation.ports import ConversationStore, MessageSync
    from bot.conversation.upkeep.catch_up import CatchUp
    from bot.conversation.upkeep.erasure import Erasure, Retention
    from bot.conversation.upkeep.leases import Leases
    from bot.conversation.upkeep.leftovers import Leftovers
    from bot.conversation.upkeep.recovery import Recovery
    from bot.core.model_ids import Provider
    from bot.core.ports import Catalog, Clock, LLMClient, Transcriber
    from bot.core.records import ModelClientStatus
    from bot.display.scheduler import EditScheduler
    from bot.money.budgets import Budgets
    from bot.money.settlement import Generations
    from bot.money.trial import Trial
    from bot.money.usage import UsageReports
    from bot.settings.model_choice import ModelChoice
    from bot.settings.resolver import SettingsResolver
    from bot.settings.store import SettingsStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServices:
    """The model provider: the one thing tests replace."""

    provider: Provider
    llm: LLMClient
    catalog: Catalog
    status: Callable[[], ModelClientStatus]
    transcriber: Transcriber | None = None  # None: the owner chose none
    generations: Generations | None  # None: the provider keeps no records
    credit: Callable[[], Awaitable[float | None]]  # dollars left on the key; None: it has no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationServices:
    """Questions, answers, and what is remembered of them."""

    chat: ChatService
    store: ConversationStore
    sync: MessageSync
    recovery: Recovery
    leftovers: Leftovers
    catch_up: CatchUp
    leases: Leases
    everywhere: RunsEverywhere
    asides: Asides


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyServices:
    """What is stored about people, and how it is erased."""

    erasure: Erasure
    retention: Retention
    data_collection: str  # what the model provider is asked for: allow or deny


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsServices:
    """What is set where."""

    store: SettingsStore
    resolver: SettingsResolver
    models: ModelChoice
    default_prompt: str  # the owner's


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessServices:
    """Who may do what."""

    people: Access
    gate: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyServices:
    """What may be spent, and what was."""

    budgets: Budgets
    usage: UsageReports
    trial: Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the cogs work with."""

    conversation: ConversationServices
    privacy: PrivacyServices
    settings: SettingsServices
    access: AccessServices
    money: MoneyServices
    model: ModelServices
    examine_database: Callable[[], Awaitable[int]]  # writes to it and returns its size in bytes
    scheduler: EditScheduler
    clock: Clock
