"""Months in miniature: `python -m bench.soak [--minutes 30] [--channels 200]`.

One person in each channel asks at a human pace, again and again, while faults are sprinkled in: edits that fail
or hang, a provider that refuses or breaks off, gateways that drop, close or go deaf. It samples the bot's memory,
file handles and threads, reads event-loop lag from its metrics, and compares each answer with what was said.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import statistics
import sys
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import psutil

from bench.streaming import CURSOR, ROUND_TRIP_S, answer_text, break_often
from playground.discord import Discord
from playground.exactness import shows
from playground.openrouter import OpenRouter, Script
from playground.openrouter.script import Fault
from playground.processes import bot_environment, settings_for

if TYPE_CHECKING:
    from playground.discord import Channel, Message, User
    from playground.openrouter import Call

PAUSE_S = (15.0, 60.0)  # of one person, from an answer to the next question
SAMPLE_S, FAULT_S = 5.0, (20.0, 60.0)
PATIENCE_S = 240.0  # an answer that has not ended so long after its question never will
WARM_UP = 0.4  # of the samples, before memory counts as settled
TROUBLED = 20  # each so manyth call of the model fails


@dataclass(slots=True)
class Sample:
    """The process at one moment."""

    minutes: float
    rss_mb: float
    handles: int
    threads: int


@dataclass(slots=True)
class Tally:
    """What came of it."""

    samples: list[Sample] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


class Soak:
    """People who ask, and faults, for a while."""

    def __init__(self, discord: Discord, router: OpenRouter, *, seed: int) -> None:
        self.discord, self.tally = discord, Tally()
        self.rng = random.Random(seed)  # noqa: S311 - moments and filler
        self._seed = 0
        router.answer = self.script

    def script(self, call: Call) -> Script:
        seed = int(call.prompt.rpartition("#")[2])
        fault = {0: Fault.RESET, 1: Fault.EOF}.get(seed % TROUBLED)
        if seed % TROUBLED == 2 and self.rng.random() < 0.5:
            return Script(status=self.rng.choice([429, 500, 503]), error_message="busy")
        text = answer_text(seed)[: 400 + seed % 1200]
        return Script(text=text, tokens_per_second=60.0, first_token_after=0.3, fault=fault, fault_at=50)

    async def person(self, user: User, channel: Channel, until: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.rng.uniform(0, PAUSE_S[1]))
        while loop.time() < until:
            self._seed += 1
            text = answer_text(self._seed)[: 400 + self._seed % 1200]
            asked = self.discord.say(user, channel, f"Please answer #{self._seed}", mention=True)
            try:
                replies = await self.ended(asked)
                self.tally.ended[verdict := self.judge(replies, text)] += 1
                if verdict == "wrong":
                    print(
                        f"wrong: {text[-60:]!r}, shown: {[reply.content[-60:] for reply in replies]}", flush=True
                    )
            except TimeoutError:
                self.tally.ended["never ended"] += 1
            await asyncio.sleep(self.rng.uniform(*PAUSE_S))

    async def ended(self, asked: Message) -> list[Message]:
        """The answer, once it has looked ended for a second: between two messages it does for a moment."""
        while True:
            await self.discord.until(lambda: self.over(asked), PATIENCE_S)
            await asyncio.sleep(1)
            if replies := self.over(asked):
                return replies

    def over(self, asked: Message) -> list[Message]:
        shown = [each for each in self.discord.history(asked.channel, self.discord.bot) if each.id > asked.id]
        running = not shown or CURSOR in shown[-1].content or "Stop" in shown[-1].labels
        return [] if running else shown

    @staticmethod
    def judge(replies: list[Message], text: str) -> str:
        contents = [message.content for message in replies]
        if shows(contents, text):
            return "exact"
        return "told" if re.search(r"^-# ", contents[-1], re.MULTILINE) else "wrong"

    async def trouble(self) -> None:
        """Something goes wrong, every now and then."""
        kinds = {
            "gateway dropped": self.discord.drop_gateway,
            "gateway lost": lambda: self.discord.drop_gateway(resume=False),
            "gateway deaf": self.discord.trouble.deafen_gateway,
            "503s": lambda: self.discord.fail("*", "/channels/*", status=503, times=20),
        }
        while True:
            await asyncio.sleep(self.rng.uniform(*FAULT_S))
            kind = self.rng.choice(list(kinds))
            self.tally.faults[kind] += 1
            kinds[kind]()

    async def sample(self, process: psutil.Process) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            memory = process.memory_info().rss / 2**20
            handles, threads = process.num_fds(), process.num_threads()
            self.tally.samples.append(Sample((loop.time() - began) / 60, memory, handles, threads))
            await asyncio.sleep(SAMPLE_S)

    async def run(self, process: psutil.Process, *, channels: int, minutes: float) -> None:
        guild = self.discord.add_guild("Soak")
        until = asyncio.get_running_loop().time() + minutes * 60
        beside = [asyncio.create_task(work) for work in (self.trouble(), self.sample(process))]
        people = []
        for number in range(channels):
            user = self.discord.add_user(f"user{number}")
            self.discord.add_member(guild, user)
            people.append(self.person(user, self.discord.add_channel(guild, f"c{number}"), until))
        await asyncio.gather(*people)
        for task in beside:
            task.cancel()


def slope(samples: list[Sample]) -> float:
    """Megabytes an hour, once warm."""
    warm = samples[int(len(samples) * WARM_UP) :]
    line = statistics.linear_regression([each.minutes / 60 for each in warm], [each.rss_mb for each in warm])
    return float(line.slope)


async def figures(port: int) -> dict[str, float]:
    """The bot's own metrics."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as response:
        page = await response.text()
    lines = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def lag_below(metrics: dict[str, float], share: float) -> str:
    """The bucket of event-loop lag that this share of all measurements is in."""
    total = metrics["headwater_loop_lag_seconds_count"]
    bounds = re.compile(r'headwater_loop_lag_seconds_bucket\{le="(.+)"\}')
    found = ((match[1], value) for name, value in metrics.items() if (match := bounds.match(name)))
    return next(bound for bound, value in found if value >= share * total)


def report(soak: Soak, metrics: dict[str, float]) -> None:
    samples, tally = soak.tally.samples, soak.tally
    warm = samples[int(len(samples) * WARM_UP) :]
    print(f"answers: {dict(tally.ended)}, faults: {dict(tally.faults)}, 429s: {soak.discord.count_429}")
    first, warmed, last = samples[0].rss_mb, warm[0].rss_mb, samples[-1].rss_mb
    print(f"memory: {first:.0f} MB at first, {warmed:.0f} warm, {last:.0f} at the end")
    print(f"slope once warm: {slope(samples):+.1f} MB an hour")
    print(f"file handles: at most {max(each.handles for each in samples)}, {samples[-1].handles} at the end")
    print(f"threads: at most {max(each.threads for each in samples)}, {samples[-1].threads} at the end")
    print(f"event-loop lag: p50 under {lag_below(metrics, 0.5)} s, p99 under {lag_below(metrics, 0.99)} s")
    print(f"deaf connections noticed: {metrics['headwater_deaf_reconnects_total']:.0f}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def run(channels: int, minutes: float, seed: int) -> int:
    async with AsyncExitStack() as stack:
        folder, port = Path(stack.enter_context(tempfile.TemporaryDirectory())), free_port()
        discord, router = Discord(latency=ROUND_TRIP_S), OpenRouter()
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        break_often(discord)
        settings = settings_for(discord, router, folder / "soak.db") | {"LOG_LEVEL": "ERROR", "PORT": str(port)}
        environment = bot_environment(os.environ, settings)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=folder, env=environment)
        try:
            await discord.until(lambda: discord.online, 60)
            soak = Soak(discord, router, seed=seed)
            await soak.run(psutil.Process(bot.pid), channels=channels, minutes=minutes)
            report(soak, await figures(port))
        finally:
            bot.terminate()
            await bot.wait()
    return 1 if soak.tally.ended["wrong"] or soak.tally.ended["never ended"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--channels", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return asyncio.run(run(arguments.channels, arguments.minutes, arguments.seed))


if __name__ == "__main__":
    sys.exit(main())
