"""One person's questions open a few threads at a time."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from bot.conversation.errors import QueueFullError
from bot.ui.incoming.threads import MOST_WAITING, ThreadQuestions


def test_a_place_is_free_again_once_a_question_is_over() -> None:
    """However it ends; other people and other channels have places of their own."""
    questions = ThreadQuestions()
    with ExitStack() as asked:
        for _ in range(MOST_WAITING + 1):
            asked.enter_context(questions.another(7, 1))
        with pytest.raises(QueueFullError), questions.another(7, 1):
            pass
        with questions.another(7, 2), questions.another(8, 1):
            pass
    for _ in range(MOST_WAITING + 2):
        with pytest.raises(LookupError), questions.another(7, 1):
            raise LookupError
