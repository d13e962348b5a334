"""The unmodified bot in a process of its own, against a loopback Discord and a loopback OpenRouter."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from playground.discord import Channel, Discord, Guild, Message, User
from playground.exactness import shows
from playground.openrouter import OpenRouter, Script
from playground.processes import bot_environment, settings_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
STARTED_S = 30.0  # litellm alone takes seconds to load on a busy machine
CURSOR = "▌"


@dataclass(slots=True)
class World:
    """A server with an admin, a member and two channels; a model that says what it is told; a bot to start."""

    discord: Discord
    router: OpenRouter
    folder: Path
    settings: dict[str, str]
    guild: Guild
    channel: Channel
    other: Channel
    admin: User
    member: User
    scripts: list[Script] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None

    async def start(self, **settings: str) -> None:
        """Start the bot and wait until it is online."""
        await self.launch(**settings)
        online = asyncio.ensure_future(self.discord.until(lambda: self.discord.online, STARTED_S))
        ended = asyncio.ensure_future(self.process.wait())
        await asyncio.wait({online, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not online.done():
            online.cancel()
            pytest.fail(f"the bot ended with {ended.result()}:\n{self.log}")
        ended.cancel()

    async def launch(self, **settings: str) -> None:
        """Start the bot without waiting for it."""
        await self.launch_with(**settings)

    async def launch_with(self, *arguments: str, **settings: str) -> None:
        """Run `python -m bot` with arguments."""
        with (self.folder / "bot.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *arguments,
                cwd=self.folder,
                env=bot_environment(os.environ, self.settings | settings),
                stdout=log,
                stderr=log,
            )

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self.process
        self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), 20)
        await self.discord.until(lambda: not self.discord.online, 10)
        return code

    @property
    def log(self) -> str:
        path = self.folder / "bot.log"
        return path.read_text() if path.exists() else ""

    @property
    def database(self) -> Path:
        return self.folder / "data.db"

    def ask(self, text: str, *, channel: Channel | None = None, user: User | None = None) -> Message:
        return self.discord.say(user or self.member, channel or self.channel, text, mention=True)

    def replies(self, after: Message) -> list[Message]:
        """What the bot has on show in the channel since a message."""
        shown = self.discord.history(after.channel, self.discord.bot)
        return [message for message in shown if message.id > after.id]

    async def reply(self, after: Message, text: str = "", *, timeout: float = 30.0) -> list[Message]:  # noqa: ASYNC109 - reads best
        """The bot's messages since a message, once they have ended; with a `text`, once they say it."""

        def ended() -> list[Message]:
            replies = self.replies(after)
            open_ = not replies or CURSOR in replies[-1].content or "Stop" in replies[-1].labels
            return [] if open_ or (text and not self.says(replies, text)) else replies

        try:
            return await self.discord.until(ended, timeout)
        except TimeoutError:
            shown = "\n---\n".join(message.content for message in self.replies(after))
            pytest.fail(f"the reply did not end; shown:\n{shown}\nlog:\n{self.log}")

    def says(self, replies: list[Message], text: str) -> bool:
        return shows([message.content for message in replies], text)

    def answer(self, _call: object) -> Script:
        return self.scripts.pop(0) if self.scripts else Script(text="Hello.", tokens_per_second=0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        discord, router = Discord(), OpenRouter()
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        guild = discord.add_guild("Harbour")
        admin, member = discord.add_user("ada"), discord.add_user("mem")
        discord.add_member(guild, admin, admin=True)
        discord.add_member(guild, member)
        world = World(
            discord=discord,
            router=router,
            folder=tmp_path,
            settings=settings_for(discord, router, tmp_path / "data.db"),
            guild=guild,
            channel=discord.add_channel(guild, "general"),
            other=discord.add_channel(guild, "other"),
            admin=admin,
            member=member,
        )
        router.answer = world.answer
        yield world
        if world.process and world.process.returncode is None:
            await world.stop()
        assert discord.count_429 == 0
        assert not [secret for secret in (discord.token, router.key) if secret in world.log]
