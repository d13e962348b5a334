"""Background work that goes on until its owner closes it, whatever fails."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.core.telemetry.trail import trail

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

PAUSE_S, PAUSE_CAP_S = 1.0, 300.0  # before a restart: at first, at most
HEALTHY_S = 600.0  # a run as long as this was well, so the next failure counts as the first


class Background:
    """One supervised task: an unexpected error is logged, and the work starts over after a pause.

    The work ends by returning or by `aclose`. It may be started over at any await, so it keeps its state in its
    owner. Belongs to one event loop.
    """

    def __init__(self, name: str, work: Callable[[], Coroutine[object, object, None]], clock: Clock) -> None:
        """`name` is for the log; `work` is called for each run, the first included."""
        self._name = name
        self._work = work
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin, unless the work is running already."""
        if not self.running:
            self._task = asyncio.create_task(self._supervise(), name=self._name)

    async def aclose(self) -> None:
        """Cancel the work and wait until it's over."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _supervise(self) -> None:
        trail.set(None)  # it works for all questions, not for the one that started it
        pause = PAUSE_S
        while True:
            began = self._clock.monotonic()
            try:
                await self._work()
            except Exception:
                if self._clock.monotonic() - began >= HEALTHY_S:
                    pause = PAUSE_S
                log.exception("%s failed unexpectedly; it starts over in %.0f s", self._name, pause)
            else:
                return
            await self._clock.sleep(pause)
            pause = min(PAUSE_CAP_S, 2 * pause)
