"""What was read last. While the database can't be read, answers go on by the rules that applied before."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
MOST = 10_000  # keys; a few hundred bytes each


class LastKnown(Generic[K, V]):
    """Values by key. Of too many, those kept longest ago go."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}

    def keep(self, key: K, value: V) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > MOST:
            del self._values[next(iter(self._values))]

    def get(self, key: K) -> V:
        """Raises `KeyError` for what was never read."""
        return self._values[key]
