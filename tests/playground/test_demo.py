"""`make demo`: the processes, the terminal, and the whole conversation."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from playground.discord import Discord
from playground.processes import bot_environment, openrouter
from playground.terminal import Terminal

ROOT = Path(__file__).parents[2]


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "playground", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.timeout(240)
def test_the_scripted_conversation_is_exact_throughout():
    """The real bot, in a process of its own, passes every check of the demo."""
    process = start("--script", OPENROUTER_API_KEY="")
    output, _ = process.communicate(timeout=220)
    assert process.returncode == 0, output
    assert "9 of 9 replies as the model said them" in output
    assert " 0 refused by its rate limits" in output


def test_a_bot_that_does_not_start_is_named():
    """If the bot ends at its start, the demo fails and shows the bot's own words."""
    process = start("--script", OPENROUTER_API_KEY="not a key")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "PROBLEM: the bot ended with exit code 78" in output
    assert "OPENROUTER_API_KEY doesn't look like an API key" in output


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupt_ends_every_process():
    """After Ctrl-C nothing that the demo started is left."""
    process = start(OPENROUTER_API_KEY="")
    parent = psutil.Process(process.pid)
    deadline = time.monotonic() + 30
    while len(parent.children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    children = parent.children()
    assert len(children) == 2
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert psutil.wait_procs(children, timeout=5)[1] == []


async def test_the_openrouter_process_ends_with_its_input():
    """Killing the program that started it leaves no process behind, because its pipe closes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "playground.openrouter.reporter",
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdin
    assert b"base_url" in await process.stdout.readline()
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_completions_are_reported_when_they_are_over():
    """The demo learns from the other process what the model said, and what the request carried."""
    import aiohttp  # noqa: PLC0415 - this test alone

    messages = [{"role": "user", "content": "Mo: one"}, {"role": "user", "content": "Mo: an error"}]
    async with openrouter() as reports, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {reports.key}"}
        body = {"model": "openai/gpt-4o", "messages": messages, "stream": True}
        async with session.post(f"{reports.base_url}/chat/completions", json=body, headers=headers) as response:
            assert response.status == 400
        said = await asyncio.wait_for(reports.after(0), 5)
    assert (said.model, said.earlier, said.prompt, said.text) == ("openai/gpt-4o", ["Mo: one"], "Mo: an error", "")


def test_a_persons_own_settings_do_not_reach_the_bot():
    """Every setting of the bot is removed from the environment; all else stays."""
    person = {"PATH": "/bin", "SYSTEM_PROMPT": "be rude", "MAX_TOKENS": "1", "model": "x", "DISCORD_TOKEN": "mine"}
    environment = bot_environment(person, {"DISCORD_TOKEN": "playground"})
    assert environment["DISCORD_TOKEN"] == "playground"
    assert environment.keys() == {"PATH", "DISCORD_TOKEN", "PYTHONPATH", "PYTHONUNBUFFERED"}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


async def shown_on(out: io.StringIO) -> str:
    d: Any = Discord()
    channel = d.add_channel(d.add_guild("g"), "c")
    terminal = Terminal(out, d.bot)
    d.world.listeners.append(terminal.follow)
    message = d.world.create(channel, d.bot, {"content": "He ▌"})
    d.world.edit(message, {"content": "Hello."})
    terminal.line("end")
    return out.getvalue()


async def test_a_pipe_gets_each_message_as_it_ends():
    """A pipe can't be drawn over, so the words come once, with the number of edits."""
    assert (await shown_on(io.StringIO())).splitlines() == ["    bot (1 edit):", "    Hello.", "end"]


async def test_a_pipe_gets_the_end_of_a_message_that_went_on():
    """What somebody does meanwhile stands between the two; the small print of the end isn't lost."""
    d: Any = Discord()
    terminal, channel = Terminal(io.StringIO(), d.bot), d.add_channel(d.add_guild("g"), "c")
    d.world.listeners.append(terminal.follow)
    stop = {"type": 1, "components": [{"type": 2, "style": 2, "label": "Stop", "custom_id": "x"}]}
    message = d.world.create(channel, d.bot, {"content": "He ▌", "components": [stop]})
    terminal.line("Mo presses Stop.")
    d.world.edit(message, {"content": "He\n-# Stopped by Mo.", "components": []})
    terminal.line("end")
    assert "    -# Stopped by Mo.\nend\n" in terminal.out.getvalue()


async def test_a_terminal_shows_a_message_grow_in_place():
    """Each version is drawn over the last."""
    up = "\x1b[1A\x1b[J"
    assert await shown_on(Screen()) == f"    He ▌\n{up}    Hello.\n{up}    Hello.\nend\n"
