"""Asking, whichever way the question came, and telling the asker when the answer took long."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import discord

from bot.core.records import ReplyState
from bot.settings.catalog import PING_AFTER
from bot.ui.targets.failures import logged_failures
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from bot.access.gate import Admitted
    from bot.conversation.chat import ChatService
    from bot.core.ports import Clock
    from bot.core.records import Question
    from bot.display.target import ReplyTarget

log = logging.getLogger(__name__)


class Asker:
    """Has questions answered."""

    def __init__(self, chat: ChatService, client: discord.Client, clock: Clock) -> None:
        self._chat = chat
        self._client = client
        self._clock = clock

    async def ask(self, question: Question, target: ReplyTarget, admitted: Admitted) -> None:
        """Answer, and ping the asker if that took as long as the settings say; raises as `ChatService.ask`."""
        began = self._clock.monotonic()
        ending = await self._chat.ask(question, target, admitted)
        seconds, wanted = self._clock.monotonic() - began, admitted.effective.number(PING_AFTER)
        if wanted and seconds >= wanted and ending.state is not ReplyState.STOPPED and not question.private:
            await self._ping(question, seconds)

    async def _ping(self, question: Question, seconds: float) -> None:
        asker = discord.Object(question.author_id)
        channel = self._client.get_partial_messageable(question.place.channel_id)
        with logged_failures(log, "nobody was pinged in channel %d", question.place.channel_id):
            await channel.send(
                texts.answer_ready(asker.id, seconds), allowed_mentions=discord.AllowedMentions(users=[asker])
            )
