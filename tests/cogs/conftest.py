"""The real bot in an in-process Discord, with a scripted model and a real database."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
import pytest
import simcord

from bot.app import open_bot
from bot.client import ChatBot
from bot.config.settings import Settings
from bot.core.clock import SystemClock
from bot.core.records import ModelInfo
from bot.services import ModelServices
from bot.storage.engine.database import open_database
from bot.ui.errors import NotInAudienceError
from tests.fakes import FakeCatalog, ScriptedLLM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


ENVIRONMENT = {
    "DISCORD_TOKEN": "made.up.token",
    "OPENROUTER_API_KEY": "made-up",
    "SYSTEM_PROMPT": "Be kind.",
    "MAX_TOKENS": "400",
    "RETENTION_DAYS": "30",
    "SHARD_COUNT": "1",
}
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
        assert [type(error) for error in errors] == [NotInAudienceError] * count


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
def environment() -> dict[str, str]:
    """What the owner set."""
    return ENVIRONMENT


@pytest.fixture
async def simcord_bot(tmp_path: Path, llm: ScriptedLLM, environment: dict[str, str]) -> AsyncIterator[ChatBot]:
    """The bot as the program builds it, but for the model."""
    settings = Settings.read(environment, None)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(tmp_path / "test.db"))
        model = ModelServices(
            provider=settings.model_provider,
            llm=llm,
            catalog=FakeCatalog(*MODELS),
            status=lambda: llm.status,
            generations=None,
            credit=credit,
        )
        bot = await open_bot(settings, database, stack, model=model, clock=clock, rng=random.Random(1))
        yield bot
        await bot.services.conversation.chat.aclose(grace_s=0)
