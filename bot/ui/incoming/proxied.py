"""Questions that a proxy bot shows under another name: its webhook posts a copy and the original is deleted."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import discord

    from bot.core.ports import Clock
    from bot.core.records import Question

COPIED_WITHIN_S = 10.0  # proxy bots take about a second
MOST = 100  # questions looked at


@dataclass(frozen=True, slots=True)
class Original:
    """A question as its author asked it, in their own name."""

    message: discord.Message
    question: Question
    came_at: float


class ProxiedQuestions:
    """Knows a proxied copy by its place and text: a copy leaves out no more than the marks that made it one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._newest: deque[Original] = deque(maxlen=MOST)

    def note(self, message: discord.Message, question: Question) -> None:
        since = self._clock.monotonic() - COPIED_WITHIN_S
        while self._newest and self._newest[0].came_at < since:  # what was said isn't kept for longer
            self._newest.popleft()
        self._newest.append(Original(message, question, self._clock.monotonic()))

    def original_of(self, copy: Question) -> Original | None:
        """The question that a webhook's message copies, if it's a copy; found once."""
        since = self._clock.monotonic() - COPIED_WITHIN_S
        for original in reversed(self._newest):
            if original.came_at < since:
                return None
            if copy.place == original.question.place and copy.text and copy.text in original.question.text:
                self._newest.remove(original)
                return original
        return None
