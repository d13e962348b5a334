"""The bounds of admission, and who is up against one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.core.events import WaitReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """The bounds of admission. Times are in seconds.

    Attributes:
        streams: completions open at once in this process.
        per_person: of these for one person, over all servers and direct messages.
        per_server: of these for one server.
        waiting: requests in the queue at once; more are refused.
        waiting_per_person: of these for one person.
        waiting_per_server: of these for one server.
        wait_s: the longest a request waits in the queue.
        free_per_minute: OpenRouter's limit on all models ending in `:free` together, for the whole account.
        free_per_day: the same for a UTC day; None until the provider has said.
    """

    streams: int = 250
    per_person: int = 3
    per_server: int = 200
    waiting: int = 1000
    waiting_per_person: int = 20
    waiting_per_server: int = 800
    wait_s: float = 120.0
    free_per_minute: int = 20
    free_per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and where; `guild_id` is None in direct messages."""

    channel_id: int
    user_id: int
    guild_id: int | None = None


class Shares:
    """How many of something each person and each server has, and whose share is used up."""

    def __init__(self, *, per_person: int, per_server: int) -> None:
        self._per_person = per_person
        self._per_server = per_server
        self._people: Counter[int] = Counter()
        self._servers: Counter[int] = Counter()

    def used_up(self, caller: Caller) -> WaitReason | None:
        """Whose share keeps a caller from another one; None where there is room."""
        if self._people[caller.user_id] >= self._per_person:
            return WaitReason.PERSON
        if caller.guild_id is not None and self._servers[caller.guild_id] >= self._per_server:
            return WaitReason.SERVER
        return None

    def take(self, caller: Caller) -> None:
        self._people[caller.user_id] += 1
        if caller.guild_id is not None:
            self._servers[caller.guild_id] += 1

    def give_back(self, caller: Caller) -> None:
        _take_away(self._people, caller.user_id)
        if caller.guild_id is not None:
            _take_away(self._servers, caller.guild_id)


def _take_away(counts: Counter[int], who: int) -> None:
    counts[who] -= 1
    if counts[who] <= 0:  # nobody who has left is remembered
        del counts[who]
