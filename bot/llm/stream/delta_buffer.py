"""Keeps text back until the display wants it, so that a stream costs as much as its edits, not as its tokens."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bot.llm.stream.deltas import Kind

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.core.text_demand import TextDemand

HOLD_S = 0.25  # the longest that text waits after the last hand-over; a reader doesn't notice so short a pause


class DeltaBuffer:
    """A queue of words with one reader, who gets everything since the last hand-over in one piece.

    The first words of a kind go at once. Later ones wait until the display asks, until words of the other kind
    arrive, or for a quarter second. Belongs to one event loop.
    """

    def __init__(self, demand: TextDemand, clock: Clock) -> None:
        self._demand = demand
        self._clock = clock
        self._pieces: deque[tuple[Kind, list[str]]] = deque()
        self._closed = False
        self._last: Kind | None = None  # the kind handed over last, and when
        self._last_at = 0.0
        self._reader: asyncio.Future[None] | None = None  # the reader waits on it
        self._asking: asyncio.Task[None] | None = None  # waits for the display; may outlast several hand-overs
        self.handed_chars = 0

    @property
    def drained(self) -> bool:
        """Whether everything has been handed over and nothing more comes."""
        return self._closed and not self._pieces

    def put(self, kind: Kind, text: str) -> None:
        """Take in words that arrived."""
        if self._pieces and self._pieces[-1][0] is kind:
            self._pieces[-1][1].append(text)
        else:
            self._pieces.append((kind, [text]))
            self._wake()
        if kind is Kind.TEXT:
            self._demand.hold(self._clock.monotonic())

    def close(self) -> None:
        """Nothing more comes; hand over what is left now."""
        self._closed = True
        self._wake()
        if self._asking:
            self._asking.cancel()

    async def take(self) -> tuple[Kind, str] | None:
        """The next words to show; None at the end."""
        while not self._pieces and not self._closed:
            await self._woken()
        if not self._pieces:
            return None
        due = self._last_at + HOLD_S
        while self._may_hold() and (left := due - self._clock.monotonic()) > 0:
            timer = asyncio.get_running_loop().call_later(left, self._wake)
            await self._woken()
            timer.cancel()
        return self._hand_over()

    def _may_hold(self) -> bool:
        if self._closed or len(self._pieces) > 1 or self._pieces[0][0] is not self._last:
            return False
        return self._last is not Kind.TEXT or not self._asked()  # the display asks for text alone

    def _asked(self) -> bool:
        """Whether the display wants text. If not, the reader wakes up once it does."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._demand.asked())
            self._asking.add_done_callback(lambda _: self._wake())
        return self._asking.done()

    async def _woken(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    def _hand_over(self) -> tuple[Kind, str]:
        kind, parts = self._pieces.popleft()
        text = "".join(parts)
        if kind is Kind.TEXT and not any(k is Kind.TEXT for k, _ in self._pieces):
            self._demand.clear()
            if self._asking and self._asking.done():
                self._asking = None
        self._last, self._last_at = kind, self._clock.monotonic()
        self.handed_chars += len(text)
        return kind, text
