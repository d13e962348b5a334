"""The real clock; tests have their own."""

from __future__ import annotations

import asyncio
import time


class SystemClock:
    """The `Clock` of a running bot: the event loop's time and the computer's date."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
