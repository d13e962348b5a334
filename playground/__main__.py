"""`python -m playground`: the bot on a local test Discord and OpenRouter, without a token and without a key."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from playground.conversation import Conversation, summary
from playground.discord import Discord
from playground.processes import Bot, Reports, openrouter
from playground.terminal import Terminal, standard_output
from playground.web.page import Page
from playground.web.stage import furnish

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL = "openrouter/openai/gpt-4o-mini"
PAGE_PORT = 8787  # if it is taken, any other
PAGE_LATENCY = 0.1  # seconds of a round trip: about what a bot near Discord's servers sees
LOG_LINES = 30  # of the bot's log, shown when something went wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m playground",
        description='Run the bot on a local test Discord and OpenRouter ("the playground"). '
        "With OPENROUTER_API_KEY in the environment the models are real; Discord is still the local one.",
    )
    parser.add_argument("--script", action="store_true", help="play a conversation, check every reply, and end")
    parser.add_argument("--port", type=int, default=PAGE_PORT, help=f"the page's port (default: {PAGE_PORT})")
    parsed = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):  # where the platform has no signal handlers
        return asyncio.run(until_interrupted(parsed.script, parsed.port))
    return 130


async def until_interrupted(script: bool, port: int) -> int:  # noqa: FBT001 - the one switch there is
    """Run the demo; Ctrl-C and SIGTERM end it, and every process it started, in order."""
    demo = asyncio.create_task(run(script=script, port=port))
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            # Once: a second Ctrl-C must not keep the processes from being ended.
            asyncio.get_running_loop().add_signal_handler(number, lambda: demo.cancelling() or demo.cancel())
    try:
        return await demo
    except asyncio.CancelledError:
        return 130 if script else 0


async def run(*, script: bool, port: int) -> int:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headwater-playground-")))
        d = Discord(latency=0.0 if script else PAGE_LATENCY)
        await d.start()
        stack.push_async_callback(d.close)
        reports, model = await models(stack)
        if not script:
            await show_page(d, reports, stack, port)
        discord = {"DISCORD_TOKEN": d.token, "DISCORD_API_BASE": d.api_base, "DISCORD_GATEWAY": d.gateway_url}
        discord["DISCORD_CDN_BASE"] = d.cdn_base
        bot = Bot(folder, {**discord, **model, "DATABASE_URL": f"sqlite:///{folder}/headwater.db"})
        await bot.start()
        stack.push_async_callback(bot.stop)
        return await (play(d, bot, reports) if script else stay(bot))


async def show_page(d: Discord, reports: Reports | None, stack: contextlib.AsyncExitStack, port: int) -> None:
    """Serve the page to chat in, and open it if there is a desktop."""
    page = Page(d, furnish(d), reports)
    await page.start(port)
    stack.push_async_callback(page.close)
    print(f"The demo is at {page.address}", flush=True)
    if has_desktop():
        await asyncio.to_thread(webbrowser.open, page.address)


def has_desktop() -> bool:
    """Whether somebody at this terminal would see a browser open."""
    graphical = sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
    return graphical and sys.stdout.isatty()


async def models(stack: contextlib.AsyncExitStack) -> tuple[Reports | None, dict[str, str]]:
    """The scripted model's reports and the bot's settings for it; with a person's own key, the real models."""
    if key := os.environ.get("OPENROUTER_API_KEY"):
        names = ("OPENROUTER_API_BASE", "MODEL")
        own = {name: os.environ[name] for name in names if name in os.environ}
        return None, {"OPENROUTER_API_KEY": key, **own}
    reports = await stack.enter_async_context(openrouter())
    settings = {"OPENROUTER_API_KEY": reports.key, "OPENROUTER_API_BASE": reports.base_url, "MODEL": MODEL}
    return reports, settings


async def play(d: Discord, bot: Bot, reports: Reports | None) -> int:
    """Play the scripted conversation; returns 0 if nothing went wrong."""
    terminal = Terminal(standard_output(), d.bot)
    conversation = Conversation(d, bot, reports, terminal)
    d.world.listeners.append(terminal.follow)
    await conversation.play()
    terminal.line()
    terminal.line(summary(conversation.figures, scripted=reports is not None))
    terminal.line(f"{len(d.requests)} requests to Discord, {d.count_429} refused by its rate limits")
    for fault in conversation.faults:
        terminal.line(f"PROBLEM: {fault}")
    if conversation.faults:
        terminal.line("The end of the bot's log:")
        terminal.line("\n".join(bot.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]))
    return 1 if conversation.faults else 0


async def stay(bot: Bot) -> int:
    """Keep everything running until Ctrl-C."""
    print(f"The bot is connecting to the playground's Discord; its log is {bot.log}.")
    print("For a scripted conversation, run make demo ARGS=--script. Ctrl-C ends everything.", flush=True)
    await bot.end()
    print(f"The bot ended with exit code {bot.exited}:\n{bot.log.read_text(errors='replace')}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
