"""Ten large pictures in one question: the longest stop of the bot's event loop, and its memory.

`python -m bench.files` runs the bot on the playground's Discord and OpenRouter. Memory is that of all processes
of the bot. On a machine that does other things, what the loop was late is more than what it was busy.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PIL import Image

import bot.__main__ as program
from playground.discord import Discord
from playground.openrouter import OpenRouter, Script
from playground.processes import bot_environment, settings_for

if TYPE_CHECKING:
    from bot.config.settings import Settings
    from playground.discord import Channel, User

PICTURES, PICTURE_BYTES = 10, 8_000_000
BACK_S = 30.0  # by then its memory is that of an idle bot again
EVERY_S = 0.005
MEGABYTE = 1_000_000
HEAD = ("file", "answered after", "loop lag p99", "loop lag max", "busy max", "idle", "over idle", "30 s later")


# --- The bot, with a watch on its event loop ---------------------------------------------------------------


def watched_bot(report: Path) -> None:
    """Run the bot; `report` gets how late its event loop was at each look, and how long it worked, in seconds."""
    run_bot = program.run_bot

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        watching = asyncio.create_task(watch(report))
        try:
            return await run_bot(settings, arguments)
        finally:
            watching.cancel()

    program.run_bot = run
    sys.exit(program.main([]))


async def watch(report: Path) -> None:
    with report.open("a", buffering=1) as out:
        while True:
            begun, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(EVERY_S)
            late, busy = time.perf_counter() - begun - EVERY_S, time.thread_time() - worked
            out.write(f"{late:.5f} {busy:.5f}\n")


# --- What is sent ------------------------------------------------------------------------------------------


def photo(size: int) -> bytes:
    """A JPEG of 12 megapixels and about so many bytes."""
    noise = Image.effect_noise((4000, 3000), 60).convert("RGB")
    for quality in range(60, 100, 2):
        out = io.BytesIO()
        noise.save(out, "JPEG", quality=quality)
        if out.tell() >= size:
            break
    return out.getvalue()


def screenshot(size: int) -> bytes:
    """A PNG of about so many bytes: part noise, part one color."""
    rows = size // (2560 * 3)
    picture = Image.new("RGB", (2560, 1440), "white")
    picture.paste(Image.frombytes("RGB", (2560, rows), os.urandom(2560 * rows * 3)), (0, 0))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


# --- Measuring ---------------------------------------------------------------------------------------------


def memory(process: psutil.Process) -> int:
    total = 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += each.memory_info().rss
    return total


class Subject:
    """A running bot, and somebody who asks it."""

    def __init__(self, d: Discord, router: OpenRouter, process: psutil.Process, report: Path) -> None:
        self.d = d
        self.router = router
        self.process = process
        self.report = report
        self.user: User = d.add_user("Mo")
        self.channel: Channel = d.open_dm(self.user)

    async def ask(self, *files: tuple[str, bytes]) -> tuple[float, int]:
        """Ask with files; gives the seconds until the answer is on show, and the most memory until then."""
        begun, peak = time.monotonic(), 0
        asked = self.d.say(self.user, self.channel, "What's on these?", files=files)
        while not any(m.id > asked.id and m.content == "Fine." for m in self.d.history(self.channel, self.d.bot)):
            peak = max(peak, memory(self.process))
            await asyncio.sleep(0.02)
        return time.monotonic() - begun, peak

    async def measure(self, name: str, data: bytes) -> tuple[str, ...]:
        await asyncio.sleep(2)
        idle = memory(self.process)
        skipped = len(self._lags())
        seconds, peak = await self.ask(*[(f"{n}-{name}", data) for n in range(PICTURES)])
        reached = sum(part["type"] == "image_url" for part in self.router.calls[-1].messages[-1]["content"])
        assert reached == PICTURES, f"{reached} pictures reached the model"
        await asyncio.sleep(BACK_S)
        after, looks = memory(self.process) - idle, self._lags()[skipped:]
        lags, busy = sorted(late for late, _ in looks), max(busy for _, busy in looks)
        times = (
            f"{seconds:.1f} s",
            f"{1e3 * lags[int(len(lags) * 0.99)]:.0f} ms",
            f"{1e3 * lags[-1]:.0f} ms",
            f"{1e3 * busy:.0f} ms",
        )
        sizes = (f"{amount / MEGABYTE:.0f} MB" for amount in (idle, peak - idle, after))
        return f"{PICTURES} x {name} of {len(data) / MEGABYTE:.1f} MB", *times, *sizes

    def _lags(self) -> list[tuple[float, float]]:
        lines = (line.split() for line in self.report.read_text().splitlines()[:-1])
        return [(float(late), float(busy)) for late, busy in lines]


async def measure() -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headwater-bench-")))
        d, router = Discord(), OpenRouter(lambda _: Script(text="Fine.", tokens_per_second=0))
        for server in (d, router):
            await server.start()
            stack.push_async_callback(server.close)
        settings = settings_for(d, router, folder / "data.db")
        log, report = (folder / "bot.log").open("wb"), folder / "lags"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.files", "--bot", str(report)),
            cwd=folder,
            env=bot_environment(os.environ, settings),
            stdout=log,
            stderr=log,
        )
        stack.push_async_callback(process.wait)
        stack.callback(process.terminate)
        await d.until(lambda: d.online, 60)
        subject = Subject(d, router, psutil.Process(process.pid), report)
        await subject.ask(("small.png", screenshot(10_000)))  # so that everything is loaded
        print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD), flush=True)
        for name, data in (("photo.jpg", photo(PICTURE_BYTES)), ("screen.png", screenshot(PICTURE_BYTES))):
            print("| " + " | ".join(await subject.measure(name, data)) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bot", type=Path, help="run the bot and report on its event loop in this file")
    if report := parser.parse_args().bot:
        watched_bot(report)
    else:
        asyncio.run(measure())


if __name__ == "__main__":
    main()
