"""The failure of one file, on its way to a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.conversation.extras.unread import Problem


class FileProblemError(Exception):
    """A file can't be read; it never leaves the room."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem
