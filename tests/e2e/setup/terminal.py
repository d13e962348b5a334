"""A pseudo-terminal with somebody at it, who reads the screen and presses keys."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from playground.processes import bot_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

ENTER, DOWN, UP, CTRL_C, CTRL_D = "\r", "\x1b[B", "\x1b[A", "\x03", "\x04"
WHERE_AM_I, HERE = b"\x1b[6n", b"\x1b[40;1R"  # a program asks where its cursor is, and the terminal tells
CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")
PATIENCE_S = 20.0


class Terminal:
    """What a program printed, and the keys for it."""

    def __init__(self, process: asyncio.subprocess.Process, fd: int) -> None:
        self.process = process
        self.raw = b""
        self._fd = fd
        self._read_up_to = 0
        self._news = asyncio.Event()
        asyncio.get_running_loop().add_reader(fd, self._read)

    @property
    def shown(self) -> str:
        """Everything so far, without what moves the cursor or sets colors."""
        return CODES.sub("", self.raw.decode(errors="replace")).replace("\r", "")

    async def until(self, text: str, timeout: float = PATIENCE_S) -> None:  # noqa: ASYNC109 - reads best so
        """Wait until something new shows a text; what comes later is new."""
        try:
            async with asyncio.timeout(timeout):
                while (at := self.shown.find(text, self._read_up_to)) < 0:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pytest.fail(f"never shown: {text}\n--- since then:\n{self.shown[self._read_up_to :]}")
        self._read_up_to = at + len(text)

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    async def answer(self, question: str, keys: str) -> None:
        """Wait for a question, type, and press Enter."""
        await self.until(question)
        await asyncio.sleep(0.1)  # nobody answers before the question stands there
        self.press(keys)
        if keys[-1:] not in {CTRL_C, CTRL_D}:
            await asyncio.sleep(0.05)  # an Enter that comes with pasted text belongs to it
            self.press(ENTER)

    async def end(self) -> int:
        """Wait for the end; the exit code."""
        return await asyncio.wait_for(self.process.wait(), 60)

    def _read(self) -> None:
        data = b""
        with suppress(OSError):  # the other side was closed
            data = os.read(self._fd, 65536)
        if not data:
            asyncio.get_running_loop().remove_reader(self._fd)
        for _ in range(data.count(WHERE_AM_I)):
            os.write(self._fd, HERE)
        self.raw += data
        self._news.set()


def _at_this_terminal() -> None:
    """Make standard input the terminal whose Ctrl-C interrupts the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@asynccontextmanager
async def opened(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Terminal]:
    """Run `python -m bot` with arguments at a terminal of 40 lines."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 110, 0, 0))
    environment: Mapping[str, str] = bot_environment(os.environ, {"TERM": "xterm-256color", **settings})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *arguments),
        cwd=folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_at_this_terminal,
    )
    os.close(theirs)
    terminal = Terminal(process, ours)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 15)
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
