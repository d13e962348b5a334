"""When streamed text is wanted: the buffer between the model client and the display."""

from __future__ import annotations

import asyncio


class TextDemand:
    """How the display asks the model client for the text it is holding back.

    Handing over every delta by itself is what makes streaming dear, so the client hands over, at once, the first
    text of a stream; then all that has arrived whenever the display asks, and unasked after a quarter second.
    Belongs to one stream and one event loop; not for threads.
    """

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self.held_since: float | None = None  # monotonic time at which the oldest text held back arrived
        self.handed_since: float | None = None  # the same, of the text handed over last

    def ask(self) -> None:
        """Want all text that has arrived, now. Without text held back, the next to arrive comes at once."""
        self._asked.set()

    def clear(self) -> None:
        """The client: text has just been handed over."""
        self.handed_since, self.held_since = self.held_since, None
        self._asked.clear()

    def hold(self, now: float) -> None:
        """The client: text arrived at `now` and is held back."""
        if self.held_since is None:
            self.held_since = now

    async def asked(self) -> None:
        """The client: wait until the display wants text."""
        await self._asked.wait()
