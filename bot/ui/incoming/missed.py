"""Questions that were asked while the bot was away, as far as Discord still shows them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot.ui.incoming.arrivals import Recent
from bot.ui.targets.channels import READ_TIMEOUT_S
from bot.ui.targets.failures import logged_failures
from bot.ui.targets.places import is_direct, names_bot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.core.ports import Clock
    from bot.ui.incoming.arrivals import Arrivals
    from bot.ui.targets.requests import DiscordRequests

log = logging.getLogger(__name__)

ANSWERED_FOR_S = 300.0  # older questions aren't answered: the asker has moved on
MOST_CHANNELS = 200  # looked through after a gap, the latest first; each costs a request
MOST_MESSAGES = 100  # of each; Discord gives no more at once
PAUSE_S = 0.1  # between two channels, so that answers have room
DIRECT_CHANNELS = 20  # direct messages: the latest few, for Discord doesn't list them

Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class MissedQuestions:
    """Looks for mentions and direct messages that nobody answered, once a session begins without the last one's
    events, and dispatches them as if they came now.
    """

    def __init__(
        self, client: discord.Client, arrivals: Arrivals, requests: DiscordRequests, clock: Clock
    ) -> None:
        self._client = client
        self._arrivals = arrivals
        self._requests = requests
        self._clock = clock
        self._direct: Recent[None] = Recent(DIRECT_CHANNELS)
        self._guilds: dict[int, discord.Guild] = {}  # to be looked through
        self._direct_too = False

    def note(self, message: discord.Message) -> None:
        """Remember where somebody writes directly."""
        if is_direct(message):
            self._direct.put(message.channel.id)

    def expect(self, guilds: Iterable[discord.Guild], *, direct: bool = False) -> None:
        """There may be missed questions in these servers, and with `direct` in direct messages as well."""
        self._guilds |= {guild.id: guild for guild in guilds}
        self._direct_too |= direct

    async def look(self) -> None:
        """Go through the channels with recent messages, one after another."""
        while self._guilds or self._direct_too:
            since = datetime.fromtimestamp(self._clock.time() - ANSWERED_FOR_S, UTC)
            guilds, direct_too = self._guilds, self._direct_too
            self._guilds, self._direct_too = {}, False
            direct = await self._direct_channels() if direct_too else []
            await self._look_through([*_active(guilds.values(), since), *direct], since)

    async def _look_through(self, channels: Sequence[Channel | discord.DMChannel], since: datetime) -> None:
        found = 0
        for channel in channels:
            with logged_failures(log, "questions missed in channel %d stay unanswered", channel.id):
                for message in await self._unanswered(channel, since):
                    found += 1
                    self._client.dispatch("message", message)
            await self._clock.sleep(PAUSE_S)
        if found:
            log.info("questions asked while the bot was away: %d", found)

    async def _direct_channels(self) -> list[discord.DMChannel]:
        found: list[discord.DMChannel] = []
        for channel_id in self._direct.newest_last():
            with logged_failures(log, "direct messages in %d can't be looked through", channel_id):
                channel = await self._requests.read(
                    partial(self._client.fetch_channel, channel_id), timeout_s=READ_TIMEOUT_S
                )
                if isinstance(channel, discord.DMChannel):
                    found.append(channel)
        return found

    async def _unanswered(self, channel: Channel | discord.DMChannel, since: datetime) -> list[discord.Message]:
        """Questions, oldest first, that no message of the bot replies to, and that it neither marked nor moved."""
        me = self._client.user
        assert me is not None  # noqa: S101 - a session has begun

        async def read() -> list[discord.Message]:
            return [message async for message in channel.history(limit=MOST_MESSAGES, after=since)]

        messages = await self._requests.read(read, timeout_s=READ_TIMEOUT_S)
        own = [message for message in messages if message.author.id == me.id]
        answered = {message.reference.message_id for message in own if message.reference}
        return [
            message
            for message in messages
            if message.author.id != me.id
            and (is_direct(message) or names_bot(message, me))
            and message.id not in answered
            and message.id not in self._arrivals.asked
            and not message.flags.has_thread
            and not any(reaction.me for reaction in message.reactions)
        ]


def _active(guilds: Iterable[discord.Guild], since: datetime) -> list[Channel]:
    """The channels with recent messages, the latest first, as Discord said when the session began."""
    first_id = discord.utils.time_snowflake(since)
    active = [
        channel for guild in guilds for channel in _channels(guild) if (channel.last_message_id or 0) >= first_id
    ]
    active.sort(key=lambda channel: channel.last_message_id or 0, reverse=True)
    return [channel for channel in active[:MOST_CHANNELS] if _may_look(channel)]


def _channels(guild: discord.Guild) -> Iterator[Channel]:
    yield from guild.text_channels
    yield from guild.voice_channels
    yield from guild.stage_channels
    yield from guild.threads


def _may_look(channel: Channel) -> bool:
    allowed = channel.permissions_for(channel.guild.me)
    return allowed.view_channel and allowed.read_message_history
