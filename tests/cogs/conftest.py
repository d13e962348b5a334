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

from bot.client import ChatBot, Services
from bot.core.access import Access
from bot.core.admission import Admission, Limits
from bot.core.answer import Answerer
from bot.core.books import Books
from bot.core.budget import Budgets
from bot.core.catch_up import CatchUp
from bot.core.chat import ChatService
from bot.core.clock import SystemClock
from bot.core.erasure import Retention
from bot.core.gate import Gate
from bot.core.messages import ModelInfo
from bot.core.model_choice import ModelChoice
from bot.core.models import Provider
from bot.core.pace import Pace
from bot.core.preferences import Preferences
from bot.core.profiles import Profile, Profiles
from bot.core.prompts import Prompts
from bot.core.repair import Repair
from bot.core.scheduler import EditScheduler
from bot.core.trial import Trial
from bot.storage.conversations import SqliteConversations
from bot.storage.database import open_database
from bot.storage.erasure import SqliteErasure
from bot.storage.health import examine
from bot.storage.ledger import SqliteLedger
from bot.storage.settings import SqliteSettings
from bot.storage.sync import SqliteMessageSync
from bot.storage.usage import SqliteUsage
from bot.ui.texts import Words
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
        preferences = Preferences(settings, clock)
        models = ModelChoice(preferences, catalog, default="openai/gpt-4o-mini")
        ledger = SqliteLedger(database)
        budgets = Budgets(ledger, preferences, clock, ceiling_nano_usd=None)
        books = Books(budgets=budgets, catalog=catalog, words=Words(), clock=clock)
        access = Access(preferences, owner_ids=owners)
        message_sync = SqliteMessageSync(database)
        catch_up = CatchUp(message_sync, clock)
        prompts = Prompts(clock)
        answerer = Answerer(
            llm=llm,
            catalog=catalog,
            store=store,
            words=Words(),
            profiles=Profiles(preferences, prompts, default=Profile(system_prompt="Be kind.", max_tokens=400)),
            books=books,
            clock=clock,
            catch_up=catch_up,
        )
        chat = ChatService(
            answerer=answerer,
            models=models,
            books=books,
            store=store,
            scheduler=scheduler,
            words=Words(),
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
                preferences=preferences,
                access=access,
                gate=Gate(access, Pace(clock), budgets),
                budgets=budgets,
                trial=Trial(llm, catalog, ledger, clock),
                usage=SqliteUsage(database),
                admission=Admission(Limits(), clock),
                credit=credit,
                examine_database=lambda: examine(database, now=0),
                version="1.2.3",
                catch_up=catch_up,
                message_sync=message_sync,
                prompts=prompts,
                erasure=SqliteErasure(database),
                retention=Retention(days=30),
                data_collection="deny",
                repair=Repair(store=store, scheduler=scheduler, words=Words(), clock=clock, rng=random.Random(2)),
                scheduler=scheduler,
                clock=clock,
                provider=Provider.OPENROUTER,
                owner_ids=owners,
            ),
            message_content=False,
        )
        await chat.aclose(grace_s=0)
