"""OpenRouter's limits on free models, for the whole account."""

from __future__ import annotations

import math
from collections import deque

from bot.core.units import DAY_S, MINUTE_S


class FreeQuota:
    """How many free requests may still start in any minute and in a UTC day; failed ones count too."""

    def __init__(self, *, per_minute: int, per_day: int | None) -> None:
        self._per_minute = per_minute
        self._per_day = per_day
        self._starts: deque[float] = deque(maxlen=per_minute)
        self._day = 0
        self._used = 0

    def opens_at(self, ahead: int) -> float:
        """The monotonic time from which one more may start, with so many others before it."""
        rounds, ahead = divmod(ahead, self._per_minute)
        free = self._per_minute - len(self._starts)
        if ahead < free:
            return rounds * MINUTE_S + (self._starts[-1] if rounds and self._starts else -math.inf)
        return self._starts[ahead - free] + (rounds + 1) * MINUTE_S

    def count(self, now: float, epoch: float) -> None:
        self._starts.append(now)
        self._turn_day(epoch)
        self._used += 1

    def closed_for(self, epoch: float) -> float:
        """Seconds until the day's count starts again at zero; 0 where some are left."""
        self._turn_day(epoch)
        return 0.0 if self._per_day is None or self._used < self._per_day else DAY_S - epoch % DAY_S

    def learn(self, per_day: int, used: int, epoch: float) -> None:
        self._turn_day(epoch)
        self._per_day, self._used = per_day, max(used, self._used)

    def _turn_day(self, epoch: float) -> None:
        if (day := int(epoch // DAY_S)) != self._day:
            self._day, self._used = day, 0
