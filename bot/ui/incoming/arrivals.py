"""Messages on their way to being asked: once each, as they read now, and not once they're deleted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 2000  # remembered at a time; Discord repeats an event within minutes


class Recent(Generic[T]):
    """The newest ids, with a value each; the oldest makes room."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: OrderedDict[int, T | None] = OrderedDict()

    def __contains__(self, key: int) -> bool:
        return key in self._values

    def newest_last(self) -> list[int]:
        return list(self._values)

    def get(self, key: int) -> T | None:
        return self._values.get(key)

    def put(self, key: int, value: T | None = None) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def pop(self, key: int) -> T | None:
        """Forget an id; returns its value."""
        return self._values.pop(key, None)

    def repeats(self, key: int) -> bool:
        """Whether this id was there before; now it is."""
        known = key in self._values
        self.put(key)
        return known


class Arrivals:
    """What happens to messages between their event and their answer.

    Discord repeats events after a resume, and people edit or delete a message while the bot still looks at it.
    """

    def __init__(self) -> None:
        self.asked: Recent[None] = Recent()  # questions by message, so that each is answered once
        self.deleted: Recent[None] = Recent()
        self.coming: Recent[str] = Recent(most=200)  # until they're asked: the text of an edit, if there was one
        self.copies: Recent[int] = Recent()  # of proxied questions: the webhook's message by the original
        self.dropped: Recent[None] = Recent()  # questions that were deleted before they were asked
