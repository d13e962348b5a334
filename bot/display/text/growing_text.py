"""What the model has said so far, and since when which part of it waits to be shown."""

from __future__ import annotations

import unicodedata
from collections import deque

# White space, control characters, and what has no width. Not "unassigned": a model may well know newer
# characters than Python does.
_BLANK = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


class GrowingText:
    """A text that only grows."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[str] = []
        self._arrivals: deque[tuple[int, float]] = deque()  # (length, since when) of what isn't shown yet

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def append(self, text: str, *, at: float | None = None) -> None:
        """Add text that arrived at this time; None where it is shown already."""
        self._pieces.append(text)
        self.length += len(text)
        if at is not None:
            self._arrivals.append((self.length, at))

    def shown(self, length: int) -> None:
        """So much of it is on the screen."""
        while self._arrivals and self._arrivals[0][0] <= length:
            self._arrivals.popleft()

    @property
    def waiting_since(self) -> float | None:
        """When the oldest text arrived that isn't shown yet; None where all is."""
        return self._arrivals[0][1] if self._arrivals else None

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to see in it."""
        return all(unicodedata.category(character) in _BLANK for piece in self._pieces for character in piece)
