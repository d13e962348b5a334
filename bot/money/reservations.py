"""What answers under way in other processes of this bot have set aside, on the accounts that have a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

RENEW_S = 10.0
HELD_S = 90  # without a renewal: by then a process is gone, and recovery has booked its calls


class SharedReservations(Protocol):
    """The totals that each process has set aside, by account. Raises `StorageError`."""

    async def put(
        self,
        own: Mapping[str, int],
        *,
        now: int,
        check: Callable[[Mapping[str, int]], Awaitable[bool]] | None = None,
    ) -> bool:
        """Store this process's totals of these accounts, in nano-dollars; one of 0 is removed.

        `check` gets what the others have set aside on them, and decides while no process can change anything.
        Returns False, with nothing stored, where it says no.
        """
        ...
