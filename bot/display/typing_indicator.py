"""The indicator that says the bot is typing, until there is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.display.pacing import Wanted
from bot.display.target import WriteKind

if TYPE_CHECKING:
    from bot.core.ports import Clock
    from bot.display.target import ReplyTarget

TYPING_AFTER_S = 0.5  # a first text that comes sooner needs no indicator before it
TYPING_S = 8.0  # Discord shows the indicator for ten seconds


class TypingIndicator:
    """Knows when the indicator is to be shown, and shows it."""

    def __init__(self, target: ReplyTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._not_before = clock.monotonic() + TYPING_AFTER_S

    def wanted(self) -> Wanted:
        return Wanted(
            kind=WriteKind.TYPING,
            bucket=self._target.bucket(WriteKind.TYPING),
            since=self._clock.monotonic(),
            not_before=self._not_before,
            optional=True,
        )

    async def show(self) -> None:
        self._not_before = self._clock.monotonic() + TYPING_S
        await self._target.typing()
