"""A model's thinking before its answer: for how long, and what it thought."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.ports import Clock

TICK_S = 3.0  # how often a message counts the seconds, at the beginning
SLOWER = 10  # after that, every so many seconds it waits a second longer
NEWEST_CHARS = 300  # of the thoughts, shown while the model thinks
MOST_CHARS = 100_000  # of the newest thoughts, kept for the button


class Thinking:
    """One answer's thinking: begins with a call, and ends with the first text."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._call: str | None = None  # the provider's name of the one under way; None before the first
        self._begun_at = self._told_at = clock.monotonic()
        self._thoughts: deque[str] = deque()
        self._chars = 0

    def begin(self, call: str | None) -> None:
        """A call began; what is told again of the same one, or without its name, changes nothing."""
        if self._call is None or (call and call != self._call):
            self._call = call or ""
            self._begun_at = self._told_at = self._clock.monotonic()
            self._thoughts.clear()
            self._chars = 0

    def add(self, thought: str) -> None:
        """The model thinks on."""
        self._thoughts.append(thought)
        self._chars += len(thought)
        while self._chars - len(self._thoughts[0]) >= MOST_CHARS:
            self._chars -= len(self._thoughts.popleft())

    def ticked(self) -> bool:
        """Whether it's time to tell the seconds once more: rarer and rarer, since who waits long looks seldom."""
        now = self._clock.monotonic()
        due = now >= self._told_at + max(TICK_S, self.seconds / SLOWER)
        if due:
            self._told_at = now
        return due

    @property
    def seconds(self) -> float:
        """How long the model has been at it."""
        return self._clock.monotonic() - self._begun_at

    @property
    def newest(self) -> str:
        """The newest thoughts, for a line of small print."""
        newest = ""
        for thought in reversed(self._thoughts):
            newest = thought + newest
            if len(newest) >= NEWEST_CHARS:
                break
        return newest[-NEWEST_CHARS:]

    @property
    def text(self) -> str:
        """All thoughts, or the newest of very many."""
        return "".join(self._thoughts)[-MOST_CHARS:].strip()
