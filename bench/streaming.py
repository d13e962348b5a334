"""How fresh and how exact the answers on the screen are: `python -m bench.streaming [-C 1 10 50 100 200] [--ask]`.

C people in C channels ask at the same moment. The scripted model sends 600 tokens at 60 per second after 0.3 s. A
REST round trip takes 0.1 s, half of it before it takes effect; the limits are Discord's common ones. "Stale" is
the age of the oldest text that the model has sent and the channel doesn't show, averaged from the first token
until all is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from playground.discord import Discord
from playground.exactness import shows
from playground.openrouter import OpenRouter, Script
from playground.processes import bot_environment, settings_for

if TYPE_CHECKING:
    from playground.discord import Channel, User
    from playground.openrouter import Call

TOKENS, TOKENS_PER_SECOND, FIRST_TOKEN_S, ROUND_TRIP_S = 600, 60.0, 0.3, 0.1
CURSOR = "▌"
HEAD = (
    "channels",
    "exact",
    "429s",
    "first text p50, s",
    "stale mean, s",
    "last token to all text p50, s",
    "CPU s / 1,000 tokens",
    "memory idle / peak, MB",
)
SETTLE_S = 6.0  # rate-limit windows of the warm-up end, litellm is loaded
DEADLINE_S = 120.0


def answer_text(seed: int) -> str:
    """About 600 tokens of four characters, with paragraphs, a list and bold words; every answer differs."""
    rng = random.Random(seed)  # noqa: S311 - filler
    words = ["".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(2)) for _ in range(480)]
    lines = [" ".join(words[at : at + 12]).capitalize() + "." for at in range(0, 480, 12)]
    blocks = ["\n".join(lines[:10]), "\n".join(f"- **{line}**" for line in lines[10:22]), "\n".join(lines[22:])]
    return "\n\n".join(blocks)


@dataclass(slots=True)
class Reply:
    """The measurements of one reply, in seconds."""

    exact: bool
    first_text: float
    stale_area: float
    stale_time: float
    lag: float  # from the last token to all text


def measure(discord: Discord, channel: Channel, call: Call, asked_at: float, text: str) -> Reply:
    messages = discord.history(channel, discord.bot)
    exact = shows([message.content for message in messages], text)
    versions = sorted(
        (version.at, number, version.content) for number, m in enumerate(messages) for version in m.history
    )
    state: dict[int, str] = {}
    shown: list[tuple[float, int]] = []  # when how many characters, without white space, were on the screen
    for at, number, content in versions:
        state[number] = "\n".join(line for line in content.split("\n") if not line.startswith("-# "))
        count = sum(not char.isspace() and char != CURSOR for part in state.values() for char in part)
        if not shown or count > shown[-1][1]:
            shown.append((at, count))
    shown = [(at, count) for at, count in shown if count]
    if not shown or not call.sent:
        return Reply(exact=False, first_text=DEADLINE_S, stale_area=0, stale_time=1e-9, lag=DEADLINE_S)
    ends = list(itertools.accumulate(sum(not char.isspace() for char in piece) for _, piece in call.sent))
    area, begin = 0.0, call.sent[0][0]
    now, oldest = begin, 0
    for at, count in shown:
        if at > now and oldest < len(ends):
            born = call.sent[oldest][0]
            low, high = max(0.0, now - born), max(0.0, at - born)
            area += (high * high - low * low) / 2
        now = max(now, at)
        while oldest < len(ends) and ends[oldest] <= count:
            oldest += 1
    return Reply(
        exact=exact,
        first_text=shown[0][0] - asked_at,
        stale_area=area,
        stale_time=max(now - begin, 1e-9),
        lag=shown[-1][0] - call.sent[-1][0],
    )


class Bench:
    """One round: servers in this process, the bot in its own."""

    def __init__(self, discord: Discord, router: OpenRouter, *, by_command: bool) -> None:
        self.discord = discord
        self.router = router
        self.by_command = by_command
        router.answer = self.script

    def script(self, call: Call) -> Script:
        seed = int(call.prompt.rpartition("#")[2])
        return Script(
            text=answer_text(seed) if seed else "Warm.",
            tokens_per_second=TOKENS_PER_SECOND,
            first_token_after=FIRST_TOKEN_S,
        )

    def ask(self, user: User, channel: Channel, seed: int) -> asyncio.Task[object] | None:
        text = f"Please answer #{seed}"
        if self.by_command:
            return asyncio.create_task(self.discord.command(user, channel, "ask", prompt=text))
        self.discord.say(user, channel, text, mention=True)
        return None

    async def round(self, count: int, process: psutil.Process) -> str:
        guild = self.discord.add_guild("Bench")
        users = [self.discord.add_user(f"user{number}") for number in range(count + 1)]
        for user in users:
            self.discord.add_member(guild, user)
        channels = [self.discord.add_channel(guild, f"c{number}") for number in range(count + 1)]
        await asyncio.sleep(1)
        self.discord.say(users[0], channels[0], "Please answer #0", mention=True)
        await self.discord.until(lambda: self.ended(channels[0]), 60)
        await asyncio.sleep(SETTLE_S)
        idle, before = process.memory_info().rss, cpu_seconds(process)
        asked = time.monotonic()
        tasks = [self.ask(users[seed], channels[seed], seed) for seed in range(1, count + 1)]
        peak = await self.wait(channels[1:], process)
        spent = cpu_seconds(process) - before
        await asyncio.gather(*(task for task in tasks if task))
        calls = {int(call.prompt.rpartition("#")[2]): call for call in self.router.calls}
        replies = [
            measure(self.discord, channels[seed], calls[seed], asked, answer_text(seed))
            for seed in range(1, count + 1)
        ]
        tokens = sum(len(call.sent) for seed, call in calls.items() if seed)
        return row(count, replies, self.discord.count_429, spent * 1000 / tokens, idle, peak)

    def ended(self, channel: Channel) -> bool:
        messages = self.discord.history(channel, self.discord.bot)
        return bool(messages) and CURSOR not in messages[-1].content and "Stop" not in messages[-1].labels

    async def wait(self, channels: list[Channel], process: psutil.Process) -> int:
        """Wait until every reply has been over for a second; returns the largest memory of the bot."""
        peak, quiet, deadline = 0, 0, time.monotonic() + DEADLINE_S
        while quiet < 10 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            peak = max(peak, process.memory_info().rss)
            quiet = quiet + 1 if all(self.ended(channel) for channel in channels) else 0
        return peak


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def row(count: int, replies: list[Reply], limited: int, cpu: float, idle: int, peak: int) -> str:
    stale = sum(reply.stale_area for reply in replies) / sum(reply.stale_time for reply in replies)
    cells = [
        str(count),
        f"{sum(reply.exact for reply in replies)}/{count}",
        str(limited),
        f"{statistics.median(reply.first_text for reply in replies):.2f}",
        f"{stale:.2f}",
        f"{statistics.median(reply.lag for reply in replies):.2f}",
        f"{cpu:.2f}",
        f"{idle / 2**20:.0f} / {peak / 2**20:.0f}",
    ]
    return "| " + " | ".join(cells) + " |"


def break_often(discord: Discord) -> None:
    """Every tenth edit fails, in turn with a 500, a reset connection or two seconds of silence."""
    edits = ("PATCH", "/channels/*/messages/*")
    discord.fail(*edits, times=None, every=30, status=500)
    discord.fail(*edits, times=None, every=31, reset=True)
    discord.fail(*edits, times=None, every=29, hang=2.0)


async def run_round(count: int, *, by_command: bool, faults: bool) -> str:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        discord, router = Discord(latency=ROUND_TRIP_S), OpenRouter()
        for server in (discord, router):
            await server.start()
            stack.push_async_callback(server.close)
        if faults:
            break_often(discord)
        settings = {**settings_for(discord, router, folder / "bench.db"), "LOG_LEVEL": "WARNING"}
        environment = bot_environment(os.environ, settings)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=folder, env=environment)
        try:
            await discord.until(lambda: discord.online, 60)
            return await Bench(discord, router, by_command=by_command).round(count, psutil.Process(bot.pid))
        finally:
            bot.terminate()
            await bot.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-C", type=int, nargs="+", default=[1, 10, 50, 100, 200], metavar="CHANNELS")
    parser.add_argument("--ask", action="store_true", help="ask by /ask instead of by mention")
    parser.add_argument("--faults", action="store_true", help="let every tenth edit fail or hang")
    arguments = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |")
    print("|---" * len(HEAD) + "|")
    for count in arguments.C:
        print(asyncio.run(run_round(count, by_command=arguments.ask, faults=arguments.faults)), flush=True)


if __name__ == "__main__":
    main()
