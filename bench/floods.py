"""How long the others wait while one person floods: `python -m bench bench.floods [--others 1 10 100]`.

One after another, everybody else asks one question, in one channel or each in a channel of their own. The flooder
mentions the bot ten times at once and then five times a second, in the others' channel or in each of theirs in
turn, and uses `/ask` in private besides. Who is refused because too many wait asks again after five seconds, which
counts as waiting. The scripted model sends 20 tokens at 60 per second after 0.3 s; a REST round trip takes 0.1 s;
the limits are Discord's common ones.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from playground.discord import Discord
from playground.openrouter import OpenRouter, Script
from playground.processes import bot_environment, settings_for

if TYPE_CHECKING:
    from playground.discord import Channel, Message, User

ANSWER = "bada gedu fiko " * 5  # 20 tokens
TOKENS_PER_SECOND, FIRST_TOKEN_S, ROUND_TRIP_S = 60.0, 0.3, 0.1
ARRIVAL_S = 2.0  # between two people in one channel, which has time for an answer in about half of it
SPREAD_S = 0.1  # between two people in channels of their own
AT_ONCE, FLOOD_S = 10, 0.2  # questions of the flooder: at first, and the pause between two of them afterwards
PRIVATE_EVERY = 5  # mentions to one private question
AGAIN_S = 5.0  # until who was refused asks again
PATIENCE_S = 120.0
SETTLE_S = 4.0  # after the start; the model client is loaded then
HEAD = ("others", "where", "flood", "first text p50, s", "first text max, s", "refused", "says by itself", "429s")


def is_answer(message: Message) -> bool:
    return ANSWER[:4] in message.content


class Round:
    """One crowd, with or without a flood."""

    def __init__(self, discord: Discord, *, others: int, one_channel: bool) -> None:
        self.discord = discord
        self.refused = 0
        guild = discord.add_guild("Harbour")
        self._flooder, *self._others = (discord.add_user(f"person{number}") for number in range(others + 1))
        for person in (self._flooder, *self._others):
            discord.add_member(guild, person)
        count = 1 if one_channel else others
        self._channels = [discord.add_channel(guild, f"channel{number}") for number in range(count)]
        self._pause_s = ARRIVAL_S if one_channel else SPREAD_S

    async def run(self, *, flooded: bool) -> list[float]:
        """The seconds that each of the others waited."""
        flood = asyncio.create_task(self._flood()) if flooded else None
        waits = []
        for person, channel in zip(self._others, itertools.cycle(self._channels), strict=False):
            await asyncio.sleep(self._pause_s)
            waits.append(asyncio.create_task(self._wait(person, channel)))
        seconds = await asyncio.gather(*waits)
        if flood:
            flood.cancel()
            with suppress(asyncio.CancelledError):
                await flood
        return list(seconds)

    def said(self) -> int:
        """The messages that are no answers."""
        shown = (m for channel in self._channels for m in self.discord.history(channel, self.discord.bot))
        return sum(not is_answer(message) for message in shown)

    async def _flood(self) -> None:
        channels = itertools.cycle(self._channels)
        async with asyncio.TaskGroup() as private:
            for number in itertools.count():
                channel = next(channels)
                self.discord.say(self._flooder, channel, f"flood {number}", mention=True)
                if number % PRIVATE_EVERY == 0:
                    private.create_task(
                        self.discord.command(self._flooder, channel, "ask", prompt="flood", private=True)
                    )
                if number >= AT_ONCE:
                    await asyncio.sleep(FLOOD_S)

    async def _wait(self, person: User, channel: Channel) -> float:
        asked_at = time.monotonic()
        while time.monotonic() < asked_at + PATIENCE_S:
            question = self.discord.say(person, channel, "And I?", mention=True)
            if await self._answered(question):
                return time.monotonic() - asked_at
            self.refused += 1
            await asyncio.sleep(AGAIN_S)
        return PATIENCE_S

    async def _answered(self, question: Message) -> bool:
        """Wait for the first text of an answer, or for a refusal, or for too long."""
        with suppress(TimeoutError):
            await self.discord.until(lambda: self._is_settled(question), PATIENCE_S)
        return any(is_answer(message) for message in self._replies(question))

    def _replies(self, question: Message) -> list[Message]:
        shown = self.discord.history(question.channel, self.discord.bot)
        return [message for message in shown if message.reply_to is question]

    def _is_settled(self, question: Message) -> bool:
        """Whether there is text, or a refusal: small print without a Stop button."""
        replies = self._replies(question)
        return bool(question.reactions) or any(is_answer(m) or not m.labels for m in replies)


async def run_round(others: int, *, one_channel: bool, flooded: bool) -> str:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        discord, router = Discord(latency=ROUND_TRIP_S), OpenRouter()
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        router.answer = lambda _: Script(
            text=ANSWER, tokens_per_second=TOKENS_PER_SECOND, first_token_after=FIRST_TOKEN_S
        )
        settings = {**settings_for(discord, router, folder / "bench.db"), "LOG_LEVEL": "ERROR"}
        environment = bot_environment(os.environ, settings)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=folder, env=environment)
        try:
            await discord.until(lambda: discord.online, 60)
            await asyncio.sleep(SETTLE_S)
            round_ = Round(discord, others=others, one_channel=one_channel)
            seconds = await round_.run(flooded=flooded)
        finally:
            bot.terminate()
            await bot.wait()
    cells = [
        str(others),
        "one channel" if one_channel else "each in their own",
        "yes" if flooded else "no",
        f"{statistics.median(seconds):.2f}",
        f"{max(seconds):.2f}",
        str(round_.refused),
        str(round_.said()),
        str(discord.count_429),
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--others", type=int, nargs="+", default=[1, 10, 100])
    arguments = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |")
    print("|---" * len(HEAD) + "|")
    for others in arguments.others:
        for one_channel in (True, False):
            for flooded in (False, True):
                row = asyncio.run(run_round(others, one_channel=one_channel, flooded=flooded))
                print(row, flush=True)


if __name__ == "__main__":
    main()
