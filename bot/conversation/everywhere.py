"""Replies that run in any process of this bot, and what happens to them from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.records import ReplyState

if TYPE_CHECKING:
    from bot.conversation.ports import StoredReply
    from bot.conversation.runs import Runs
    from bot.conversation.upkeep.leases import Leases
    from bot.core.ports import Announcer

FORGET, STOP = "forget person", "stop reply"
NAME_CHARS = 100  # of who pressed Stop


class RunsEverywhere:
    """The runs of this process and, by announcements, those of the others."""

    def __init__(self, runs: Runs, leases: Leases, announcer: Announcer) -> None:
        self._runs = runs
        self._leases = leases
        self._announcer = announcer
        announcer.on(FORGET, lambda user_id, _: self._forget(user_id))
        announcer.on(STOP, lambda reply_id, name: self._runs.stop(reply_id, by=name))

    async def forget_person(self, user_id: int) -> None:
        """Keep nothing of running or waiting questions of somebody's, nor of those about their messages."""
        self._forget(user_id)
        await self._announcer.announce(FORGET, user_id)

    async def stop(self, reply_id: int, stored: StoredReply | None, *, by: str) -> bool:
        """End a running reply for somebody; False when it runs nowhere. `stored` is for one that isn't here."""
        if self._runs.stop(reply_id, by=by):
            return True
        if stored is None or stored.state is not ReplyState.STREAMING or self._leases.is_over(stored):
            return False
        await self._announcer.announce(STOP, reply_id, by[:NAME_CHARS])
        return True

    def _forget(self, user_id: int) -> None:
        self._runs.forget(lambda question: user_id in {question.author_id, question.quoted_id})
