"""How often one person may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.access.refusals import UserRateLimitError
from bot.core.units import MINUTE_S

if TYPE_CHECKING:
    from collections.abc import Hashable

    from bot.core.ports import Clock

PRUNE_AT = 10_000  # people remembered; at this number, those whose bucket is full again are dropped


class UserRateLimit:
    """A token bucket per person: a minute's questions at once, then as many per minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}  # when a bucket is full again

    def take(self, who: Hashable, *, per_minute: int) -> None:
        """Count a question.

        Raises:
            UserRateLimitError: the bucket is empty; nothing is counted.
        """
        now, each = self._clock.monotonic(), MINUTE_S / per_minute
        full_at = max(now, self._full_at.get(who, now)) + each
        if full_at - now > MINUTE_S + 1e-6:  # rounding
            raise UserRateLimitError(per_minute=per_minute, retry_after=full_at - now - MINUTE_S)
        if len(self._full_at) >= PRUNE_AT:
            self._full_at = {who: at for who, at in self._full_at.items() if at > now}
        self._full_at[who] = full_at
