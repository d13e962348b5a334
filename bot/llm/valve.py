"""Holds text back until it is wanted, so that the cost of a stream follows the edits and not the tokens."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.llm.wire import Kind

if TYPE_CHECKING:
    from bot.core.demand import Demand
    from bot.core.ports import Clock

HOLD_S = 0.25  # the longest that text is held back after the hand-over before; a pause in reading nobody sees


class Valve:
    """A queue of words with one reader: what has arrived since the last hand-over is handed over as one.

    The first words of a kind go at once. Later ones are held until the display asks, for a quarter second at most,
    or until something else arrives. Belongs to one event loop.
    """

    def __init__(self, demand: Demand, clock: Clock) -> None:
        self._demand = demand
        self._clock = clock
        self._pieces: deque[tuple[Kind, list[str]]] = deque()
        self._stirred = asyncio.Event()  # something arrived that is not merged into what is held
        self._closed = False
        self._last: Kind | None = None  # what was handed over last, and when
        self._last_at = 0.0
        self.handed_chars = 0

    @property
    def drained(self) -> bool:
        """Everything has been handed over, and nothing more comes."""
        return self._closed and not self._pieces

    def put(self, kind: Kind, text: str) -> None:
        if self._pieces and self._pieces[-1][0] is kind:
            self._pieces[-1][1].append(text)
        else:
            self._pieces.append((kind, [text]))
            self._stirred.set()
        if kind is Kind.TEXT:
            self._demand.hold(self._clock.monotonic())

    def close(self) -> None:
        """Nothing more comes; what is held goes now."""
        self._closed = True
        self._stirred.set()

    async def take(self) -> tuple[Kind, str] | None:
        """The next words to show, or None at the end."""
        while not self._pieces and not self._closed:
            self._stirred.clear()
            await self._stirred.wait()
        if not self._pieces:
            return None
        while self._may_hold() and (left := self._last_at + HOLD_S - self._clock.monotonic()) > 0:
            self._stirred.clear()
            if await self._asked(left):
                break
        return self._hand_over()

    def _may_hold(self) -> bool:
        return not self._closed and len(self._pieces) == 1 and self._pieces[0][0] is self._last

    async def _asked(self, timeout_s: float) -> bool:
        """Wait for the display to ask or for something to stir; True where it asked. Nobody asks for thoughts."""
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._stirred.wait())]
        if self._last is Kind.TEXT:
            waits.append(asyncio.create_task(self._demand.asked()))
        try:
            await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            return waits[-1].done() and waits[-1] is not waits[0]
        finally:
            for wait in waits:
                wait.cancel()

    def _hand_over(self) -> tuple[Kind, str]:
        kind, parts = self._pieces.popleft()
        text = "".join(parts)
        if kind is Kind.TEXT and not any(k is Kind.TEXT for k, _ in self._pieces):
            self._demand.clear()
        self._last, self._last_at = kind, self._clock.monotonic()
        self.handed_chars += len(text)
        return kind, text
