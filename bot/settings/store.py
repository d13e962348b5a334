"""Where settings are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value that somebody set for a scope, and when, in seconds since the epoch."""

    scope: str
    key: str
    value: str
    set_by: int
    set_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a setting. `old` or `new` is None where nothing was, or is, set. `at` is in epoch seconds."""

    scope: str
    key: str
    old: str | None
    new: str | None
    by: int
    at: int


class SettingsStore(Protocol):
    """Settings by scope (`channel:1`, `guild:1`). Every method raises `StorageError`."""

    async def get(self, scope: str, key: str) -> Setting | None: ...

    async def set(
        self, scope: str, key: str, value: str | None, *, by: int, now: int, guild_id: int | None = None
    ) -> None:
        """Set a value, or remove it with None. What people change (`by` is not 0) is logged in the same step.

        `guild_id` is the server whose log gets the change of a channel's setting.
        """
        ...

    async def entries(self, scopes: Sequence[str]) -> Sequence[Setting]:
        """Everything set in these scopes, by key. While that can't be read, it's what was read last."""
        ...

    async def changes(self, guild_id: int, *, limit: int) -> Sequence[Change]:
        """What people changed in a server and its channels, newest first."""
        ...
