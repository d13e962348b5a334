"""The questions that are being answered, or wait in line, and what can happen to them from outside."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.ending import Ending
from bot.core.records import ReplyState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.conversation.answer import Run
    from bot.core.records import Question


class Runs:
    """All runs of the process."""

    def __init__(self) -> None:
        self._runs: set[Run] = set()

    def add(self, run: Run) -> None:
        self._runs.add(run)

    def end(self, run: Run) -> None:
        """The run is over: on the screen and in memory, or given up."""
        self._runs.discard(run)
        run.over.set()

    def cancel(self, ending: Ending, *, but_with_text: bool = False) -> None:
        """End all runs early; `but_with_text`, only those that nothing has been said of yet."""
        for run in self._runs:
            if not (but_with_text and run.reply.text):
                run.cancel(ending)

    def asker_of(self, reply_id: int) -> int | None:
        """Who asked for a running reply; None when it is not running."""
        asked = (run.question.author_id for run in self._runs if run.reply.controls.reply_id == reply_id)
        return next(asked, None)

    def stop(self, reply_id: int, *, by: str) -> bool:
        """End a running reply for somebody; False when it is not running."""
        for run in self._runs:
            if run.reply.controls.reply_id == reply_id:
                run.cancel(Ending(state=ReplyState.STOPPED, by=by))
                return True
        return False

    def deleted(self, message_ids: Collection[int]) -> None:
        """Somebody deleted messages: what is being shown in one ends, what waits in line for its turn leaves."""
        for run in self._runs:
            if not set(message_ids).isdisjoint(run.reply.message_ids):
                run.forget = True
                run.cancel(Ending(state=ReplyState.STOPPED))
            elif run.turn_id is None and run.question.message_id in message_ids:
                run.cancel(Ending(state=ReplyState.STOPPED))

    def edited(self, message_id: int, text: str) -> None:
        """Somebody edited a message: a question that waits in line is asked as it reads now."""
        for run in self._runs:
            if run.turn_id is None and run.question.message_id == message_id:
                run.question = replace(run.question, text=text)

    def forget(self, concerned: Callable[[Question], bool]) -> None:
        """Keep nothing of questions that are being answered or wait in line."""
        for run in self._runs:
            if concerned(run.question):
                run.forget, run.question = True, replace(run.question, off_the_record=True)

    def is_running(self, turn_id: int | None) -> bool:
        """Whether a stored question is being answered right now."""
        return any(run.turn_id == turn_id for run in self._runs if turn_id is not None)

    async def wait_until_stored(self, reply_id: int) -> None:
        """A button can be pressed in the instant between the last edit and the commit that follows it."""
        for run in list(self._runs):
            if run.reply.controls.reply_id == reply_id and run.task is not None and run.task.done():
                await run.over.wait()

    async def wait_over(self, seconds: float) -> None:
        """Wait until all runs are over, but no longer than so many seconds."""
        waits = [asyncio.ensure_future(run.over.wait()) for run in self._runs]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()
