"""Which question the running task works on, so that each line of the log can name it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """One question: the message that asked it, and its reply, whose id is 0 until it's stored."""

    question_id: int | None
    reply_id: Callable[[], int]

    @property
    def ids(self) -> dict[str, int]:
        """What is known of both, by the names that the log uses."""
        known = {"reply": self.reply_id(), "question": self.question_id}
        return {name: id_ for name, id_ in known.items() if id_}


# A task begins with that of the task that starts it. Shared work starts with none; each reply's writes set theirs.
trail: ContextVar[Trail | None] = ContextVar("trail", default=None)
