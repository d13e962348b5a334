"""Getting to Discord and staying there, whatever happens to the network or to Discord."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.ui.targets.failures import DISCORD_FAILURES, place, reason
from bot.ui.texts.connection import FATAL_CLOSES, TOKEN_REJECTED

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

CONNECT_S = 60.0  # from opening a connection to having identified
STEADY_S = 60.0  # a connection that lasts as long is a good one
REMIND_EVERY = 20  # failures from one line of log to the next
PAUSE_CAP_S = 60.0
GOODBYE, TO_RESUME = 1000, 4000  # close codes: the first ends the session
BEGIN_AGAIN_S = (1.0, 5.0)  # Discord: wait so long, at random, before another session
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


async def recommended_shards(bot: discord.Client, *, clock: Clock, rng: random.Random) -> int:
    """How many gateway connections Discord wants for this bot's servers; asks as often as it takes."""
    trouble = Trouble("Asking Discord for the number of shards", clock, rng)
    while True:
        try:
            count, _, _ = await bot.http.get_bot_gateway()
        except (*DISCORD_FAILURES, discord.GatewayNotFound) as error:
            await trouble.pause(reason(error.__cause__ or error))
        else:
            trouble.over()
            return max(1, count)


class Gateway:
    """The gateway connections of this process, one for each of its shards.

    Stands in for `AutoShardedClient.connect`, which logs a traceback for each failure, ends the program where the
    first connection fails or an event can't be parsed, asks a dead resume address forever, and doesn't pause where
    Discord hangs up at once.

    Attributes:
        sockets: the connection of each shard, by its number; a lost one stays until the next is made.
    """

    def __init__(
        self, bot: discord.Client, clock: Clock, rng: random.Random, *, turn: Callable[[int], Awaitable[None]]
    ) -> None:
        """`turn` waits until a shard may identify."""
        self.sockets: dict[int, DiscordWebSocket] = {}
        self._bot = bot
        self._clock = clock
        self._rng = rng
        self._turn = turn
        self._is_closed = False

    async def run(self, shard_ids: Iterable[int]) -> None:
        """Keep a session of each shard until the bot is closed.

        Raises:
            NeedsPersonError: Discord closed a connection for a reason that only a person can change.
        """
        shards = [
            asyncio.create_task(self._stay_connected(number), name=f"shard {number}") for number in shard_ids
        ]
        try:
            await asyncio.gather(*shards)
        finally:
            for shard in shards:
                shard.cancel()

    async def close(self) -> None:
        """End every session; Discord then shows the bot offline at once."""
        self._is_closed = True
        await asyncio.gather(*(_hang_up(socket, GOODBYE) for socket in self.sockets.values()))

    @property
    def latency_s(self) -> float:
        """Of all connections, on average; infinite while there is none."""
        latencies = [socket.latency for socket in self.sockets.values()]
        return sum(latencies) / len(latencies) if latencies else float("inf")

    def _over(self) -> bool:
        return self._is_closed or self._bot.is_closed()

    async def _stay_connected(self, shard_id: int) -> None:
        """Keep one session: resume it where that's possible, else begin another."""
        bot, clock = self._bot, self._clock
        trouble = Trouble(f"Connecting to Discord's gateway (shard {shard_id})", clock, self._rng)
        session: dict[str, Any] = {"shard_id": shard_id}
        while not self._over():
            opened_at = None
            try:
                if "resume" not in session:
                    await self._turn(shard_id)
                socket = await asyncio.wait_for(DiscordWebSocket.from_client(bot, **session), CONNECT_S)
                self.sockets[shard_id] = socket
                opened_at = clock.monotonic()
                while True:
                    await socket.poll_event()
                    if trouble.failures and clock.monotonic() - opened_at >= STEADY_S:
                        trouble.over()
            except Exception as error:  # noqa: BLE001 - whatever ended the connection, there's another
                why = _why(error)
            if self._over():
                return
            bot.dispatch("disconnect")
            if opened_at is not None and clock.monotonic() - opened_at >= STEADY_S:
                trouble.over()
            last = self.sockets.get(shard_id)
            begun = opened_at is not None
            session = {"shard_id": shard_id} | _resumed(last, opened=begun, failures=trouble.failures)
            if last is not None:
                await _hang_up(last)
            await trouble.pause(why)
            if begun and "resume" not in session:
                await clock.sleep(self._rng.uniform(*BEGIN_AGAIN_S))


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


def _resumed(last: DiscordWebSocket | None, *, opened: bool, failures: int) -> dict[str, Any]:
    """How to go on with the session of the last connection; empty where another must begin.

    A session that ends each connection is given up: an unreadable frame would be repeated. Where the address to
    resume at can't be reached, the usual one is asked.
    """
    if last is None or last.session_id is None or (opened and failures):
        return {}
    gateway = last.gateway if opened else None
    return {"resume": True, "session": last.session_id, "sequence": last.sequence, "gateway": gateway}


async def _hang_up(socket: DiscordWebSocket, code: int = TO_RESUME) -> None:
    """Close what an unexpected error left open, and end its heartbeat."""
    if socket.open:
        try:
            await asyncio.wait_for(socket.close(code), CONNECT_S)
        except DISCORD_FAILURES as error:
            log.debug("closing the gateway connection failed: %s", reason(error))
