"""The SQL of one question, from the moment it is asked until its answer is stored.

The real bot runs in this process on the playground, and SQLite itself tells of every statement. Counted are a
channel's first question and a later one, without and with a budget.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from bot.__main__ import run_bot
from bot.config.settings import Settings
from playground.discord import Channel, Discord, User
from playground.openrouter import OpenRouter, Script
from playground.processes import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUIET_S = 0.5  # without a statement: the question's work is done
PATIENCE_S = 60.0
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")


@contextmanager
def traced() -> Iterator[list[str]]:
    """The statements of every SQLite connection opened inside, with their values, as they run."""
    statements: list[str] = []
    connect = sqlite3.connect

    def note(statement: str) -> None:
        if not statement.startswith("--"):  # what a trigger does
            statements.append(" ".join(statement.split()))

    def opened(*arguments: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 - sqlite3's own
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(note)
        return connection

    sqlite3.connect = opened  # type: ignore[assignment] # to count what it runs
    try:
        yield statements
    finally:
        sqlite3.connect = connect


class Count:
    """Asks, and tells what it took."""

    def __init__(self, discord: Discord, statements: list[str], *, listed: bool) -> None:
        self.discord = discord
        self.statements = statements
        self.listed = listed
        self.admin: User = discord.add_user("admin")
        self.guild = discord.add_guild("Bench")
        discord.add_member(self.guild, self.admin, admin=True)

    async def run(self) -> None:
        await self.ask(self.discord.add_channel(self.guild, "warm-up"))
        await self.both("no budget")
        await self.discord.command(
            self.admin, self.discord.add_channel(self.guild, "x"), "budget set", limit="server_month", amount="5"
        )
        await self.quiet()
        await self.both("a budget")

    async def both(self, budget: str) -> None:
        channel = self.discord.add_channel(self.guild, budget.replace(" ", "-"))
        for question in ("first question", "later question"):
            self.show(f"{question}, {budget}", await self.ask(channel))

    async def ask(self, channel: Channel) -> list[str]:
        """The statements of one question."""
        self.statements.clear()
        asked = self.discord.say(self.admin, channel, "What is a tide?", mention=True)
        await self.discord.until(lambda: self._ended(channel, asked.id), PATIENCE_S)
        await self.quiet()
        return list(self.statements)

    def _ended(self, channel: Channel, after: int) -> bool:
        shown = [message for message in self.discord.history(channel, self.discord.bot) if message.id > after]
        return bool(shown) and "Stop" not in shown[-1].labels

    async def quiet(self) -> None:
        seen = -1
        while seen != len(self.statements):
            seen = len(self.statements)
            await asyncio.sleep(QUIET_S)

    def show(self, what: str, statements: list[str]) -> None:
        work = [statement for statement in statements if not statement.upper().startswith(TRANSACTION)]
        framing = len(statements) - len(work)
        print(f"  {what:<28} {len(work):3d} statements, and {framing} of BEGIN and COMMIT", flush=True)
        for number, statement in enumerate(work if self.listed else [], start=1):
            print(f"    {number:3d}  {statement[:220]}")


async def count(folder: Path, *, listed: bool) -> None:
    """Run the bot in this process and print the counts."""
    async with AsyncExitStack() as stack:
        discord, router = (
            Discord(),
            OpenRouter(lambda _: Script(text="The sea, twice a day.", tokens_per_second=0)),
        )
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        settings = settings_for(discord, router, folder / "counted.db")
        statements = stack.enter_context(traced())
        counting = Count(discord, statements, listed=listed)
        running = asyncio.create_task(run_bot(Settings.read(settings, None), argparse.Namespace()))
        try:
            await discord.until(lambda: discord.online and discord.commands, PATIENCE_S)
            await counting.run()
        finally:
            running.cancel()
            await asyncio.wait({running})
