"""How many threads one person's questions may open before any of them is answered."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.conversation.errors import QueueFullError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WAITING = 3  # of one person, as in a channel's queue


class ThreadQuestions:
    """Questions under way that have a thread each: no queue bounds them, for each is a conversation by itself."""

    def __init__(self) -> None:
        self._asked: Counter[tuple[int, int]] = Counter()  # by person and channel

    @contextmanager
    def another(self, person_id: int, channel_id: int) -> Iterator[None]:
        """One more, while the block runs.

        Raises:
            QueueFullError: too many of this person's wait already.
        """
        key = (person_id, channel_id)
        if self._asked[key] > MOST_WAITING:  # one of them is being answered
            raise QueueFullError(waiting=MOST_WAITING, is_own=True)
        self._asked[key] += 1
        try:
            yield
        finally:
            self._asked[key] -= 1
            self._asked = +self._asked  # without those who have none
