"""Has the plot of `/usage` drawn, by a process that ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ui.reports.usage_chart import Chart

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "bot.ui.reports.plot")
ROOT = Path(__file__).parents[3]  # where `bot` can be imported from
TIMEOUT_S = 20.0  # a plot takes a quarter of a second, on a busy machine longer
PNG = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 1_000_000  # some 50 kB are usual
# What a process needs to run at all, by platform. Nothing else is passed on, so no token and no key is.
NEEDED = ("PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")


class PlotError(Exception):
    """The drawing process failed; the message says how."""


class Plotter:
    """Draws one chart at a time: each takes a processor for a moment."""

    def __init__(self, *, command: Sequence[str] = COMMAND, timeout_s: float = TIMEOUT_S) -> None:
        self._command = command
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()

    async def draw(self, chart: Chart) -> bytes | None:
        """A PNG; None when drawing failed (see the log). `timeout_s` includes the wait for earlier plots."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                return await self._run(json.dumps(asdict(chart)).encode())
        except (PlotError, OSError, TimeoutError) as error:
            log.warning("usage is shown without its plot: %s", str(error) or "drawing it took too long")
            return None

    async def _run(self, document: bytes) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=ROOT,
            env=environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, complaint = await process.communicate(document)
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended, as it should
                process.kill()
            await process.wait()
        if process.returncode or not out.startswith(PNG) or len(out) > MOST_BYTES:
            said = complaint.decode(errors="replace").strip().splitlines()
            raise PlotError(f"exit code {process.returncode}, {len(out)} bytes, {said[-1][:300] if said else '-'}")
        return out


def environment() -> dict[str, str]:
    """The drawing process's environment."""
    return {name: os.environ[name] for name in NEEDED if name in os.environ}
