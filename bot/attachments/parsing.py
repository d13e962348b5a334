"""Has files parsed by a process that no file can hurt more than itself: one at a time, started on demand."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.attachments.limits import ANSWER_BYTES, IDLE_S, JOB_S
from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.attachments.formats import Format

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "bot.attachments.worker")
ROOT = Path(__file__).parents[2]  # where `bot` can be imported from
PIECE = 2**18  # bytes handed over at once
# What a process needs to run at all, by platform. Nothing else is passed on, so no token and no key is.
NEEDED = ("PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
BROKEN = (OSError, asyncio.IncompleteReadError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the worker made of a file: the bytes of a picture or a text, and facts about them."""

    payload: bytes
    facts: dict[str, Any]


class Parser:
    """Keeps the worker for `idle_s` seconds after its last file, so that ten pictures need one start."""

    def __init__(self, *, command: Sequence[str] = COMMAND, job_s: float = JOB_S, idle_s: float = IDLE_S) -> None:
        self._command = command
        self._job_s = job_s
        self._idle_s = idle_s
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def parse(self, format_: Format, data: bytes | bytearray, **terms: int) -> Parsed:
        """Parse one file, on the worker's `terms` for its format; waits for the files before it.

        Raises:
            FileProblemError: it can't be read, or took the worker down.
        """
        async with self._turn:
            self._keep()
            parsed = None
            try:
                async with asyncio.timeout(self._job_s):
                    parsed = await self._exchange(await self._started(), data, {"format": format_, **terms})
            except TimeoutError as error:
                log.warning("a file took too long to read")
                raise FileProblemError(Problem.SLOW) from error
            except BROKEN as error:
                log.warning("the process that reads files broke off: %s", type(error).__name__)
                raise FileProblemError(Problem.DAMAGED) from error
            else:
                return parsed
            finally:
                if parsed is None:  # also where the question was stopped: half an answer would be the next one's
                    self._end()
                else:
                    self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._end)

    async def aclose(self) -> None:
        self._keep()
        self._end()
        await asyncio.gather(*self._ending)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env={name: os.environ[name] for name in NEEDED if name in os.environ},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        return self._process

    async def _exchange(
        self, process: asyncio.subprocess.Process, data: bytes | bytearray, job: dict[str, str | int]
    ) -> Parsed:
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(json.dumps({**job, "bytes": len(data)}).encode() + b"\n")
        view = memoryview(data)
        for at in range(0, len(data), PIECE):
            process.stdin.write(view[at : at + PIECE])
            await process.stdin.drain()
        facts = _object(await process.stdout.readline())
        if problem := facts.get("problem"):
            log.info("a file couldn't be read: %s %s", Problem(problem), str(facts.get("error", ""))[:100])
            raise FileProblemError(Problem(problem))
        if not 0 <= facts["bytes"] <= ANSWER_BYTES:
            raise ValueError("an answer of no such size")
        return Parsed(await process.stdout.readexactly(facts["bytes"]), facts)

    def _keep(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end(self) -> None:
        """Kill the worker; the next file gets a new one."""
        process, self._process = self._process, None
        if process is not None:
            ending = asyncio.create_task(_ended(process))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


async def _ended(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        process.kill()
    if process.stdin is not None:
        process.stdin.close()
    await process.wait()
    await asyncio.to_thread(give_memory_back)


def give_memory_back() -> None:
    """Return what was freed to the system: glibc keeps it, and after ten pictures that is tens of megabytes."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def _object(line: bytes) -> dict[str, Any]:
    facts = json.loads(line)
    if not isinstance(facts, dict):
        raise TypeError("an answer is an object")
    return facts
