"""Questions that were asked while the bot was away, as far as Discord still shows them."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import discord

from bot.ui.incoming.arrivals import Recent
from bot.ui.targets.failures import logged_failures
from bot.ui.targets.places import is_direct, names_bot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.ports import Clock
    from bot.ui.incoming.arrivals import Arrivals

log = logging.getLogger(__name__)

ANSWERED_FOR_S = 300.0  # older questions aren't answered: the asker has moved on
MOST_CHANNELS = 50  # looked through after a gap, the latest first; each costs a request
MOST_MESSAGES = 100  # of each; Discord gives no more at once
PAUSE_S = 0.1  # between two channels, so that answers have room
DIRECT_CHANNELS = 20  # direct messages: the latest few, for Discord doesn't list them

Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class MissedQuestions:
    """Looks for mentions and direct messages that nobody answered, once a session begins without the last one's
    events, and dispatches them as if they came now.
    """

    def __init__(self, client: discord.Client, arrivals: Arrivals, clock: Clock) -> None:
        self._client = client
        self._arrivals = arrivals
        self._clock = clock
        self._direct: Recent[None] = Recent(DIRECT_CHANNELS)

    def note(self, message: discord.Message) -> None:
        """Remember where somebody writes directly."""
        if is_direct(message):
            self._direct.put(message.channel.id)

    async def look(self) -> None:
        """Go through the channels with recent messages, one after another."""
        since = datetime.fromtimestamp(self._clock.time() - ANSWERED_FOR_S, UTC)
        found = 0
        for channel in [*self._active(since), *await self._direct_channels()]:
            with logged_failures(log, "questions missed in channel %d stay unanswered", channel.id):
                for message in await self._unanswered(channel, since):
                    found += 1
                    self._client.dispatch("message", message)
            await asyncio.sleep(PAUSE_S)
        if found:
            log.info("found %d questions from while the bot was away", found)

    def _active(self, since: datetime) -> list[Channel]:
        """Channels whose last message is recent, as Discord said when the session began."""
        active = [channel for channel in self._readable() if (channel.last_message_id or 0) >= _first_id(since)]
        active.sort(key=lambda channel: channel.last_message_id or 0, reverse=True)
        return active[:MOST_CHANNELS]

    def _readable(self) -> Iterator[Channel]:
        for guild in self._client.guilds:
            channels: tuple[Channel, ...] = (*guild.text_channels, *guild.voice_channels, *guild.stage_channels)
            for channel in (*channels, *guild.threads):
                allowed = channel.permissions_for(guild.me)
                if allowed.view_channel and allowed.read_message_history:
                    yield channel

    async def _direct_channels(self) -> list[discord.DMChannel]:
        found: list[discord.DMChannel] = []
        for channel_id in self._direct.newest_last():
            with logged_failures(log, "direct messages in %d can't be looked through", channel_id):
                channel = await self._client.fetch_channel(channel_id)
                if isinstance(channel, discord.DMChannel):
                    found.append(channel)
        return found

    async def _unanswered(self, channel: Channel | discord.DMChannel, since: datetime) -> list[discord.Message]:
        """Questions, oldest first, that no message of the bot replies to, and that it neither marked nor moved."""
        me = self._client.user
        assert me is not None  # noqa: S101 - a session has begun
        messages = [message async for message in channel.history(limit=MOST_MESSAGES, after=since)]
        own = [message for message in messages if message.author.id == me.id]
        answered = {message.reference.message_id for message in own if message.reference}
        return [
            message
            for message in messages
            if (is_direct(message) or names_bot(message, me))
            and message.id not in answered
            and message.id not in self._arrivals.asked
            and not message.flags.has_thread
            and not any(reaction.me for reaction in message.reactions)
        ]


def _first_id(since: datetime) -> int:
    return discord.utils.time_snowflake(since)
