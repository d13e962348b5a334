"""What is known of one model: whether it may be asked, and since when it may not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.errors import ModelError

REFUSAL_S, REFUSAL_CAP_S = 60.0, 3600.0  # how long a model out of credits is left alone: at first, at most
PROBE_S = 2.0  # a half-open probe goes first; the rest follow when it's answered, or after this


@dataclass(slots=True)
class ModelState:
    """A model that has been closed and hasn't answered since. Times are monotonic.

    It's closed until `until`. Then it's half open: one request after another may try, and the first answer opens
    it. With `refuses` those who ask are told at once instead of waiting.
    """

    until: float = -math.inf
    error: ModelError | None = None
    refuses: bool = False
    strikes: int = 0
    half_open: bool = False
    probe_until: float = -math.inf

    @property
    def opens_at(self) -> float:
        """When the next request may go."""
        return max(self.until, self.probe_until if self.half_open else -math.inf)

    def cool_down(self, now: float, seconds: float, error: ModelError) -> None:
        """Close it for a while, or for longer than it is."""
        self.refuses = self.refuses and self.until > now
        self.until = max(self.until, now + seconds)
        self.error, self.half_open, self.probe_until = error, True, -math.inf

    def refuse(self, now: float, error: ModelError) -> float | None:
        """Close it for a minute, twice as long each time; gives the seconds, None where it's closed already."""
        if self.refuses and now < self.until:
            return None
        seconds = min(REFUSAL_CAP_S, REFUSAL_S * 2.0 ** min(self.strikes, 10))
        self.until, self.error, self.refuses, self.half_open = now + seconds, error, True, True
        self.strikes += 1
        return seconds

    def end_probe(self) -> None:
        """The probe is over without an answer: the next may go at once."""
        self.probe_until = -math.inf

    def admit(self, now: float) -> bool:
        """Somebody is let in; True where that one is the probe."""
        if self.half_open:
            self.probe_until = now + PROBE_S
        return self.half_open
