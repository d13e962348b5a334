"""Getting to Discord and staying there, whatever happens to the network or to Discord."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.ui.targets.failures import DISCORD_FAILURES, place, reason
from bot.ui.texts.connection import FATAL_CLOSES, TOKEN_REJECTED

if TYPE_CHECKING:
    import random
    from collections.abc import Coroutine

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

CONNECT_S = 60.0  # from opening a connection to having identified
STEADY_S = 60.0  # a connection that lasts as long is a good one
REMIND_EVERY = 20  # failures from one line of log to the next
PAUSE_CAP_S = 60.0
SLOW_S = 15.0  # a login takes less than a second


class NeedsPersonError(Exception):
    """Discord refuses, and will until a person acts; the text says how."""


class Trouble:
    """Failures in a row: each pause is longer, and the log has a line when they begin and one when they end."""

    def __init__(self, what: str, clock: Clock, rng: random.Random) -> None:
        """`what` names in the log what fails."""
        self._what = what
        self._clock = clock
        self._rng = rng
        self._since = 0.0
        self._told = False
        self.failures = 0

    async def pause(self, why: str, *, cap_s: float = PAUSE_CAP_S) -> None:
        """Wait after a failure; without a `why` the first one is routine."""
        self.failures += 1
        if self.failures == 1:
            self._since = self._clock.monotonic()
            if not why:
                return
        if not self._told or self.failures % REMIND_EVERY == 0:
            self._told = True
            log.warning("%s failed (%s). Trying again until it works.", self._what, why or "ended within a minute")
        await self._clock.sleep(min(cap_s, 2.0 ** (self.failures - 1)) * self._rng.uniform(0.5, 1.0))

    def over(self) -> None:
        """It has worked for long enough, so the next failure is a first one."""
        if self._told:
            seconds = self._clock.monotonic() - self._since
            log.info("%s works again after %d failures in %.0f s", self._what, self.failures, seconds)
        self._told, self.failures = False, 0


async def log_in(bot: discord.Client, token: str, *, clock: Clock, rng: random.Random) -> None:
    """Log in, as often as it takes.

    Raises:
        NeedsPersonError: Discord doesn't know the token.
    """
    trouble = Trouble("Logging in to Discord", clock, rng)
    while True:
        try:
            await _told_if_slow(bot.login(token))
        except discord.LoginFailure:
            raise NeedsPersonError(TOKEN_REJECTED) from None
        except DISCORD_FAILURES as error:
            await bot.http.close()
            bot.http.connector = discord.utils.MISSING  # closed with its session: the next try opens its own
            await trouble.pause(reason(error))
        else:
            return trouble.over()


async def _told_if_slow(work: Coroutine[Any, Any, None]) -> None:
    """Wait for a login, which may take minutes where nobody answers; it's never ended early."""
    task = asyncio.ensure_future(work)
    try:
        if not (await asyncio.wait({task}, timeout=SLOW_S))[0]:
            log.warning("Discord hasn't answered the login for %.0f s. Still waiting.", SLOW_S)
        await task
    finally:
        task.cancel()


async def stay_connected(bot: discord.Client, *, clock: Clock, rng: random.Random) -> None:
    """Keep a gateway session until the bot is closed: resume it where that's possible, else begin another.

    Stands in for `Client.connect`, which logs a traceback for each failure, ends the program where the first
    connection fails or an event can't be parsed, asks a dead resume address forever, and doesn't pause where
    Discord hangs up at once.

    Raises:
        NeedsPersonError: Discord closed the connection for a reason that only a person can change.
    """
    trouble = Trouble("Connecting to Discord's gateway", clock, rng)
    session: dict[str, Any] = {"initial": True, "shard_id": bot.shard_id}
    while not bot.is_closed():
        opened_at = None
        try:
            bot.ws = await asyncio.wait_for(DiscordWebSocket.from_client(bot, **session), CONNECT_S)
            opened_at = clock.monotonic()
            while True:
                await bot.ws.poll_event()
                if trouble.failures and clock.monotonic() - opened_at >= STEADY_S:
                    trouble.over()
        except Exception as error:  # noqa: BLE001 - whatever ended the connection, there's another
            why = _why(error)
        if bot.is_closed():
            return
        bot.dispatch("disconnect")
        if opened_at is not None and clock.monotonic() - opened_at >= STEADY_S:
            trouble.over()
        session = _next_session(bot, opened=opened_at is not None, failures=trouble.failures)
        await _hang_up(bot)
        await trouble.pause(why)


def _why(error: Exception) -> str:
    """Why a connection ended, for the log; empty where Discord asked for a reconnect."""
    if isinstance(error, ReconnectWebSocket):
        return ""
    if isinstance(error, discord.ConnectionClosed):
        if sentence := FATAL_CLOSES.get(error.code):
            raise NeedsPersonError(sentence) from None
        return f"closed with code {error.code}"
    if not isinstance(error, DISCORD_FAILURES):
        return place(error)
    return reason(error)


def _next_session(bot: discord.Client, *, opened: bool, failures: int) -> dict[str, Any]:
    """How to connect next.

    A session that ends each connection is given up: an unreadable frame would be repeated. Where the address to
    resume at can't be reached, the usual one is asked.
    """
    ws = cast("DiscordWebSocket | None", bot.ws)
    shard: dict[str, Any] = {"initial": ws is None, "shard_id": bot.shard_id}
    if ws is None or ws.session_id is None or (opened and failures):
        return shard
    gateway = ws.gateway if opened else None
    return {
        **shard,
        "resume": True,
        "session": ws.session_id,
        "sequence": ws.sequence,
        "gateway": gateway,
    }


async def _hang_up(bot: discord.Client) -> None:
    """Close what an unexpected error left open, and end its heartbeat."""
    ws = cast("DiscordWebSocket | None", bot.ws)
    if ws is not None and ws.open:
        try:
            await asyncio.wait_for(ws.close(), CONNECT_S)
        except DISCORD_FAILURES as error:
            log.debug("closing the gateway connection failed: %s", reason(error))
