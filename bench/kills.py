"""What a kill costs: `python -m bench.kills [--times 100]`.

Five conversations stream; the bot is killed (SIGKILL) at a random moment and restarted, over and over. After each
start it checks that no cursor and no Stop button stays on the screen, that every committed question is still
there, that memory has the text on the screen, and that the database passes its integrity check. At the end, the
ledger is compared with the provider's bill, call by call.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import sys
import tempfile
import time
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.units import NANO
from playground.discord import Discord
from playground.exactness import shows
from playground.openrouter import OpenRouter, Script, usage_of
from playground.processes import bot_environment, settings_for

CHANNELS = 5
PATIENCE_S = 60.0  # a start on a busy machine, with the recovery
LONGEST_S = 9.0  # from the first text to the kill at most; an answer takes about as long
EARLY = 0.2  # the share of kills before the first text
CURSOR = "▌"


def answer(rng: random.Random) -> Script:
    """About 4,000 characters in three messages: words, a list, a block of code."""
    words = [f"word{rng.randrange(1000)}" for _ in range(300)]
    code = "\n".join(f"    value_{number} = compute({rng.randrange(99)})" for number in range(40))
    listed = "\n".join(f"- {' '.join(words[at : at + 5])}" for at in range(0, 60, 5))
    parts = [" ".join(words[:150]), f"```python\n{code}\n```", listed, " ".join(words[150:])]
    return Script(text="\n\n".join(parts), tokens_per_second=120)


@dataclass(slots=True)
class Tally:
    """The findings after the kills so far."""

    kills: int = 0
    streaming: int = 0  # replies that a kill interrupted
    shown: int = 0  # those of them that were on the screen
    faults: list[str] = field(default_factory=list)
    billed_nano_usd: int = 0  # by the provider
    booked_nano_usd: int = 0
    recovered_s: list[float] = field(default_factory=list)  # from the start of the process


class Victim:
    """A bot that is killed and restarted, and the servers it talks to."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - moments and filler
        self.tally = Tally()
        self._folder = folder
        self._discord = Discord()
        self._router = OpenRouter()
        self._router.answer = lambda _: answer(self.rng)
        guild = self._discord.add_guild("Harbour")
        self._people = [self._discord.add_user(f"person{number}") for number in range(CHANNELS)]
        for person in self._people:
            self._discord.add_member(guild, person)
        self._channels = [self._discord.add_channel(guild, f"channel{number}") for number in range(CHANNELS)]
        self._asked = 0

    @property
    def _database(self) -> Path:
        return self._folder / "data.db"

    async def run(self, times: int) -> Tally:
        async with AsyncExitStack() as stack:
            for server in (self._discord, self._router):
                await server.start()
                stack.push_async_callback(server.close)
            for _ in range(times):
                await self._live_and_die()
            process = await self._start()
            await self._look(time.monotonic(), set())
            await self._compare_bill()
            process.kill()
            await process.wait()
        return self.tally

    async def _live_and_die(self) -> None:
        began = time.monotonic()
        process = await self._start()
        await self._look(began, self._questions() if self._database.exists() else set())
        for person, channel in zip(self._people, self._channels, strict=True):
            self._asked += 1
            self._discord.say(person, channel, f"question {self._asked}", mention=True)
        if self.rng.random() > EARLY:
            await self._discord.until(lambda: any(CURSOR in text for text in self._unfinished()), PATIENCE_S)
        await asyncio.sleep(self.rng.uniform(0, LONGEST_S))
        self.tally.shown += len(self._unfinished())
        process.kill()
        await process.wait()
        await self._discord.until(lambda: not self._discord.online, 10)
        self.tally.kills += 1
        self.tally.streaming += self._open_replies()

    async def _start(self) -> asyncio.subprocess.Process:
        settings = settings_for(self._discord, self._router, self._database)
        with (self._folder / "bot.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                cwd=self._folder,
                env=bot_environment(os.environ, settings),
                stdout=log,
                stderr=log,
            )
        await self._discord.until(lambda: self._discord.online, PATIENCE_S)
        return process

    async def _look(self, began: float, committed: set[str]) -> None:
        """Wait until everything has recovered, then compare screen and memory."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._unfinished() or self._open_replies():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
        except TimeoutError:
            self.tally.faults.append(f"kill {self.tally.kills}: not recovered: {self._unfinished()}")
        self.tally.recovered_s.append(time.monotonic() - began)
        if lost := committed - self._questions():
            self.tally.faults.append(f"kill {self.tally.kills}: lost {lost}")
        self._compare()

    def _unfinished(self) -> list[str]:
        """The endings of messages that look as if they were still streaming."""
        shown = (message for channel in self._channels for message in self._discord.history(channel))
        return [m.content[-40:] for m in shown if m.content.endswith(CURSOR) or "Stop" in m.labels]

    def _compare(self) -> None:
        with closing(self._connect()) as connection:
            if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                self.tally.faults.append(f"kill {self.tally.kills}: the database is damaged")
            answers = connection.execute(
                "SELECT a.id, a.text, m.message_id FROM turns a JOIN replies r ON r.answer_id = a.id"
                " LEFT JOIN reply_messages m ON m.reply_id = r.id WHERE a.role = 'assistant'"
                " ORDER BY a.id, m.ordinal"
            ).fetchall()
        messages = {m.id: m for channel in self._channels for m in self._discord.history(channel)}
        own = {key for key, message in messages.items() if message.author is self._discord.bot}
        texts = {turn_id: text for turn_id, text, _ in answers}
        for turn_id, text in texts.items():
            shown = [messages[key].content for turn, _, key in answers if turn == turn_id and key in messages]
            if not shows(shown, text) and [line for line in shown if not line.startswith("-# ")]:
                self.tally.faults.append(
                    f"kill {self.tally.kills}: turn {turn_id} remembers {text[-60:]!r}, shows {shown[-1:]}"
                )
        known = {key for _, _, key in answers if key}
        strays = [messages[key].content[:60] for key in own - known if not messages[key].content.startswith("-# ")]
        self.tally.faults += [f"kill {self.tally.kills}: nobody knows {stray!r}" for stray in strays]

    async def _compare_bill(self) -> None:
        """Wait until the provider's records are in the ledger, then compare call by call."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self._count("SELECT COUNT(*) FROM ledger WHERE estimated = 1"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
        with closing(self._connect()) as connection:
            booked = dict(connection.execute("SELECT generation_id, cost_nano_usd FROM ledger").fetchall())
        billed = {call.id: round(usage_of(call)["cost"] * NANO) for call in self._router.calls}
        self.tally.billed_nano_usd, self.tally.booked_nano_usd = sum(billed.values()), sum(booked.values())
        for call in self._router.calls:
            if call.sent and booked.get(call.id) != billed[call.id]:
                self.tally.faults.append(f"{call.id} cost {billed[call.id]}, booked is {booked.get(call.id)}")

    def _questions(self) -> set[str]:
        with closing(self._connect()) as connection:
            return {text for (text,) in connection.execute("SELECT text FROM turns WHERE role = 'user'")}

    def _open_replies(self) -> int:
        return self._count("SELECT COUNT(*) FROM replies WHERE state = 'streaming'")

    def _count(self, sql: str) -> int:
        if not self._database.exists():
            return 0
        with closing(self._connect()) as connection:
            return int(connection.execute(sql).fetchone()[0])

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._database}?mode=rw", uri=True)


async def kill(times: int, *, folder: Path, seed: int = 1) -> Tally:
    """Kill the bot `times` times, and check it after each."""
    return await Victim(folder, seed).run(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(kill(arguments.times, folder=Path(folder), seed=arguments.seed))
    print(
        f"{tally.kills} kills, {tally.streaming} replies interrupted, {tally.shown} of them on the screen, "
        f"{len(tally.faults)} faults"
    )
    print(f"the provider's bill: ${tally.billed_nano_usd / NANO:.6f}, booked: ${tally.booked_nano_usd / NANO:.6f}")
    for fault in tally.faults:
        print(f"  {fault}")
    recovered = sorted(tally.recovered_s)
    print(f"start to recovered: p50 {recovered[len(recovered) // 2]:.1f} s, worst {recovered[-1]:.1f} s")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
