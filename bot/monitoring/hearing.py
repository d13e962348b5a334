"""Notices gateway connections that are open but deaf: heartbeats are answered, and no event comes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.core.telemetry.meter import DEAF
from bot.ui.targets.failures import DISCORD_FAILURES, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from discord.gateway import DiscordWebSocket

    from bot.client import ChatBot
    from bot.core.ports import Clock
    from bot.core.telemetry.meter import Meter

log = logging.getLogger(__name__)

TO_RESUME = 4000  # a close code that leaves the session to be resumed: Discord then sends what was missed
CLOSE_S = 10.0  # for the goodbye of a connection that nobody may answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a connection may be silent, in seconds.

    Attributes:
        look: how often it's looked.
        quiet: without an event, before the connection is asked for one.
        answer: until that comes, before the connection counts as deaf.
        unasked: without an event, where nothing can be asked for.
        relapse: a session that goes deaf again so soon is given up, and another begun.
    """

    look: float = 15.0
    quiet: float = 120.0
    answer: float = 30.0
    unasked: float = 1800.0
    relapse: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last event of a connection: its number, and when it was seen here."""

    socket: DiscordWebSocket
    sequence: int | None
    at: float
    asked_at: float | None = None


class Hearing:
    """Asks silent connections for an event that shows nothing to anybody, and closes those that don't answer."""

    def __init__(
        self,
        sockets: Mapping[int, DiscordWebSocket],
        member_of: Callable[[int], tuple[int, int] | None],
        clock: Clock,
        *,
        meter: Meter,
        patience: Patience | None = None,
    ) -> None:
        """`sockets` are the open connections by shard; `member_of` a server of a shard, and the bot's id."""
        self._sockets = sockets
        self._member_of = member_of
        self._clock = clock
        self._meter = meter
        self._patience = patience or Patience()
        self._heard: dict[int, Heard] = {}
        self._deaf_at: dict[int, float] = {}

    async def run(self) -> None:
        """Look after all connections until cancelled."""
        while True:
            await self._clock.sleep(self._patience.look)
            for shard, socket in list(self._sockets.items()):
                if socket.open:
                    await self._look_after(shard, socket)

    async def _look_after(self, shard: int, socket: DiscordWebSocket) -> None:
        now, patience, last = self._clock.monotonic(), self._patience, self._heard.get(shard)
        if last is None or last.socket is not socket or last.sequence != socket.sequence:
            self._heard[shard] = Heard(socket=socket, sequence=socket.sequence, at=now)
            return
        if last.asked_at is not None:
            if now - last.asked_at >= patience.answer:
                await self._close(shard, socket)
        elif now - last.at >= patience.quiet and (member := self._member_of(shard)):
            self._heard[shard] = replace(last, asked_at=now)
            await self._ask(socket, *member)
        elif now - last.at >= patience.unasked:
            await self._close(shard, socket)

    async def _ask(self, socket: DiscordWebSocket, guild_id: int, user_id: int) -> None:
        """Ask for the bot's own membership of a server, which comes as an event and needs no intent."""
        try:
            await socket.request_chunks(guild_id, limit=1, user_ids=[user_id])
        except DISCORD_FAILURES as error:  # the connection is over; its reader notices too
            log.debug("a quiet connection can't be asked: %s", reason(error))

    async def _close(self, shard: int, socket: DiscordWebSocket) -> None:
        """End the connection, so that it's made again, with the events that were missed."""
        now = self._clock.monotonic()
        if now - self._deaf_at.get(shard, float("-inf")) < self._patience.relapse:
            socket.session_id = None  # resuming it didn't help
        self._deaf_at[shard] = now
        del self._heard[shard]
        self._meter.count(DEAF)
        log.warning("Discord sends shard %d heartbeats and no events. Connecting again.", shard)
        try:
            async with asyncio.timeout(CLOSE_S):
                await socket.close(TO_RESUME)
        except DISCORD_FAILURES as error:
            log.debug("closing a deaf connection failed: %s", reason(error))


def hearing_of(bot: ChatBot, meter: Meter) -> Hearing:
    """Look after the connections of a running bot."""

    def member_of(shard: int) -> tuple[int, int] | None:
        guild = next((each for each in bot.guilds if each.shard_id == shard and not each.unavailable), None)
        return (guild.id, bot.user.id) if guild and bot.user else None

    return Hearing(bot.gateway.sockets, member_of, bot.services.clock, meter=meter)
