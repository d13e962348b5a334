"""The demo's processes: the test OpenRouter in one of its own, the bot in another, Discord in this one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from playground.discord import Discord
    from playground.openrouter import OpenRouter

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 15.0  # a bot that was asked to stop ends its replies properly first
REPORT_BYTES = 64 * 2**20  # the longest line of the OpenRouter process
Process = asyncio.subprocess.Process


def bot_environment(base: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """A person's environment without their own settings of the bot and their proxies, and with these.

    The names of all settings are those of `.env.example`.
    """
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#?([A-Z][A-Z_]*)=", example, re.MULTILINE))
    names |= {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    kept = {name: value for name, value in base.items() if name.upper() not in names}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


def settings_for(d: Discord, router: OpenRouter | Reports, database: Path) -> dict[str, str]:
    """The bot's settings for servers of the playground."""
    return {
        "DISCORD_TOKEN": d.token,
        "DISCORD_API_BASE": d.api_base,
        "DISCORD_GATEWAY": d.gateway_url,
        "DISCORD_CDN_BASE": d.cdn_base,
        "OPENROUTER_API_KEY": router.key,
        "OPENROUTER_API_BASE": router.base_url,
        "DATABASE_URL": f"sqlite:///{database}",
    }


@contextlib.asynccontextmanager
async def running(*arguments: str, **options: Any) -> AsyncIterator[Process]:  # noqa: ANN401 - a subprocess's options
    """A Python process that ends with the block, gently if it can.

    It is in a session of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    """
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, start_new_session=True, **options)
    try:
        yield process
    finally:
        await asyncio.shield(stop(process))


async def stop(process: Process) -> int:
    """Ask a process to end, in the end make it; returns its exit code."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        return await process.wait()


@dataclass(slots=True)
class Bot:
    """The unmodified `python -m bot`, which can be stopped and started again on the same database.

    It runs in an empty folder, so that it finds no `.env` of the person's.
    """

    folder: Path
    settings: Mapping[str, str]
    started: float = 0.0  # monotonic seconds
    _process: Process | None = None
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def exited(self) -> int | None:
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        environment = bot_environment(os.environ, self.settings)
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            started = running("-m", "bot", env=environment, cwd=self.folder, stdout=log, stderr=log)
            self._process = await self._stack.enter_async_context(started)

    async def end(self) -> None:
        """Wait until it ends by itself."""
        if self._process:
            await self._process.wait()

    async def stop(self) -> int:
        """Stop it as a platform would; returns its exit code."""
        await self._stack.aclose()
        return self._process.returncode or 0 if self._process else 0


@dataclass(slots=True, frozen=True)
class Said:
    """One completion as the OpenRouter process reports it, when it is over. Times are monotonic."""

    model: str
    prompt: str
    earlier: list[str]  # the user messages before the prompt
    sent: list[tuple[float, str]]

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.sent)


@dataclass(slots=True)
class Reports:
    """What the OpenRouter process says: first where it is, then each completion.

    `listeners` get every report as it comes: what a call has sent since the last, or that it is over.
    """

    base_url: str = ""
    key: str = ""
    said: list[Said] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    input: asyncio.StreamWriter | None = None

    def set(self, settings: Mapping[str, object]) -> None:
        """Change settings of the model, by the names they have in `ModelControls`."""
        if self.input:
            self.input.write(json.dumps(settings).encode() + b"\n")

    async def after(self, count: int) -> Said:
        """The first completion reported after `count` of them; waits for it."""
        while len(self.said) <= count:
            self.news.clear()
            await self.news.wait()
        return self.said[count]

    async def follow(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            report = json.loads(line)
            for listener in self.listeners:
                listener(report)
            if "news" in report:
                continue
            sent = [(at, text) for at, text in report["sent"]]
            self.said.append(Said(report["model"], report["prompt"], report["earlier"], sent))
            self.news.set()


@contextlib.asynccontextmanager
async def openrouter() -> AsyncIterator[Reports]:
    """The scripted model's OpenRouter; its process ends with its standard input, whatever becomes of this one."""
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE, "limit": REPORT_BYTES}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    async with running("-m", "playground.openrouter.reporter", env=environment, **pipes) as process:
        assert process.stdout
        first = json.loads(await process.stdout.readline())
        reports = Reports(first["base_url"], first["key"], input=process.stdin)
        following = asyncio.create_task(reports.follow(process.stdout))
        try:
            yield reports
        finally:
            following.cancel()
