"""The real bot in an in-process Discord, with a scripted model and a real database."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
import pytest
import simcord
from discord import app_commands

from bot.access.gate import Gate
from bot.access.people import Access
from bot.access.user_rate_limit import UserRateLimit
from bot.client import ChatBot, Services
from bot.conversation.answer import Answerer
from bot.conversation.chat import ChatService
from bot.conversation.upkeep.catch_up import CatchUp
from bot.conversation.upkeep.erasure import Retention
from bot.conversation.upkeep.recovery import Recovery
from bot.core.clock import SystemClock
from bot.core.model_ids import Provider
from bot.core.records import ModelInfo
from bot.display.scheduler import EditScheduler
from bot.llm.admission.admission import Admission, AdmissionLimits
from bot.money.billing import Billing
from bot.money.budgets import Budgets
from bot.money.trial import Trial
from bot.settings.model_choice import ModelChoice
from bot.settings.profile import Profile, Profiles
from bot.settings.resolver import SettingsResolver
from bot.settings.system_prompt import SystemPrompts
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database
from bot.storage.erasure import SqliteErasure
from bot.storage.health import examine
from bot.storage.ledger import SqliteLedger
from bot.storage.settings import SqliteSettings
from bot.storage.sync import SqliteMessageSync
from bot.storage.usage import SqliteUsage
from bot.ui.texts.replies import ReplyTexts
from tests.fakes import FakeCatalog, ScriptedLLM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


MODELS = (
    ModelInfo(
        id="openai/gpt-4o-mini", name="GPT-4o mini", context_length=128_000, prompt_price=150, completion_price=600
    ),
    ModelInfo(id="anthropic/claude-haiku", name="Claude Haiku", context_length=200_000),
    ModelInfo(id="small/model", name="Small", context_length=1_000, prompt_price=0, completion_price=0),
)


@dataclass(slots=True)
class World:
    """A server with an admin, a member and a channel."""

    env: simcord.Env
    bot: ChatBot
    llm: ScriptedLLM
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    admin: simcord.MemberActor
    member: simcord.MemberActor

    @property
    def me(self) -> str:
        """The mention that asks."""
        assert self.bot.user
        return self.bot.user.mention

    @staticmethod
    def labels(message: discord.Message) -> list[str]:
        """The buttons under a message."""
        return [button.label for row in message.components for button in row.children]

    def refusals(self, count: int) -> None:
        """That many commands were refused by a check, and nothing else failed."""
        errors = self.env.errors
        assert [type(error) for error in errors] == [app_commands.CheckFailure] * count


@pytest.fixture
def world(simcord_env: simcord.Env, simcord_bot: ChatBot, llm: ScriptedLLM) -> World:
    guild = simcord_env.create_guild()
    admins = guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True, manage_messages=True))
    return World(
        env=simcord_env,
        bot=simcord_bot,
        llm=llm,
        guild=guild,
        channel=guild.create_text_channel("general"),
        admin=guild.add_member(simcord_env.create_user("admin"), roles=[admins]),
        member=guild.add_member(simcord_env.create_user("mem")),
    )


@pytest.fixture
def llm() -> ScriptedLLM:
    return ScriptedLLM()


async def credit() -> float | None:
    """What is left on the key."""
    return 7.5


@pytest.fixture
def owners() -> set[int]:
    """The ids of the bot's own owners, for a test to add to."""
    return set()


@pytest.fixture
async def simcord_bot(tmp_path: Path, llm: ScriptedLLM, owners: set[int]) -> AsyncIterator[ChatBot]:
    """The bot, put together as `bot.__main__` does it, but for the model."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(tmp_path / "test.db"))
        store, settings = SqliteConversations(database), SqliteSettings(database)
        clock, catalog = SystemClock(), FakeCatalog(*MODELS)
        scheduler = EditScheduler(clock)
        stack.push_async_callback(scheduler.aclose)
        resolver = SettingsResolver(settings, clock)
        models = ModelChoice(resolver, catalog, default="openai/gpt-4o-mini")
        ledger = SqliteLedger(database)
        budgets = Budgets(ledger, resolver, clock, ceiling_nano_usd=None)
        billing = Billing(budgets=budgets, catalog=catalog, texts=ReplyTexts(), clock=clock)
        access = Access(resolver, owner_ids=owners)
        message_sync = SqliteMessageSync(database)
        catch_up = CatchUp(message_sync, clock)
        prompts = SystemPrompts(clock)
        answerer = Answerer(
            llm=llm,
            catalog=catalog,
            store=store,
            texts=ReplyTexts(),
            profiles=Profiles(resolver, prompts, default=Profile(system_prompt="Be kind.", max_tokens=400)),
            billing=billing,
            clock=clock,
            catch_up=catch_up,
        )
        chat = ChatService(
            answerer=answerer,
            models=models,
            billing=billing,
            store=store,
            scheduler=scheduler,
            texts=ReplyTexts(),
            clock=clock,
            rng=random.Random(1),
        )
        yield ChatBot(
            Services(
                chat=chat,
                models=models,
                catalog=catalog,
                conversations=store,
                settings=settings,
                resolver=resolver,
                access=access,
                gate=Gate(access, UserRateLimit(clock), budgets),
                budgets=budgets,
                trial=Trial(llm, catalog, ledger, clock),
                usage=SqliteUsage(database),
                admission=Admission(AdmissionLimits(), clock),
                credit=credit,
                examine_database=lambda: examine(database, now=0),
                version="1.2.3",
                catch_up=catch_up,
                message_sync=message_sync,
                prompts=prompts,
                erasure=SqliteErasure(database),
                retention=Retention(days=30),
                data_collection="deny",
                recovery=Recovery(
                    store=store, scheduler=scheduler, texts=ReplyTexts(), clock=clock, rng=random.Random(2)
                ),
                scheduler=scheduler,
                clock=clock,
                provider=Provider.OPENROUTER,
                owner_ids=owners,
            ),
            message_content=False,
        )
        await chat.aclose(grace_s=0)
