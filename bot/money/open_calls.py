"""Calls of a model that are under way, written down before they cost anything: a crash forgets none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """The call for a reply that was never booked. `generation_id` is None where the provider said nothing yet."""

    reply_id: int
    place: Place
    user_id: int  # who pays
    model: str
    reserved_nano_usd: int
    generation_id: str | None
    opened_at: int  # seconds since the epoch


class OpenCalls(Protocol):
    """Keeps what running replies will cost until the ledger has it. Every method raises `StorageError`.

    An entry for the reply closes its call.
    """

    async def reserve(self, reply_id: int, *, user_id: int, nano_usd: int) -> None:
        """Note that a reply is about to call a model, what that may cost, and who pays."""
        ...

    async def begin(self, reply_id: int, *, model: str, generation_id: str | None) -> None:
        """Note the provider's name of the call, before anything of it is shown."""
        ...

    async def abandoned(self, *, before: int) -> Sequence[OpenCall]:
        """The calls of replies whose lease was last renewed before a time, oldest first."""
        ...
