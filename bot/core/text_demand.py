"""How the display tells the model client when it wants text."""

from __future__ import annotations

import asyncio


class TextDemand:
    """How the display asks the model client for the text that it holds back.

    Handing over every delta by itself makes streaming expensive. So the client hands over the first text of a
    stream at once, then all that has arrived whenever the display asks, or after a quarter of a second.
    Belongs to one stream and one event loop; not for threads.
    """

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.held_since: float | None = None  # monotonic time at which the oldest text held back arrived
        self.handed_since: float | None = None  # the same, of the text handed over last

    def ask(self) -> None:
        """Ask for all text that has arrived. If there is none, the next to arrive comes at once."""
        self._asked.set()

    def clear(self) -> None:
        """For the client: text was just handed over."""
        self.handed_since, self.held_since = self.held_since, None
        self._asked.clear()

    def hold(self, now: float) -> None:
        """For the client: text arrived at `now` and is held back."""
        if self.held_since is None:
            self.held_since = now

    async def asked(self) -> None:
        """For the client: wait until the display wants text."""
        await self._asked.wait()
