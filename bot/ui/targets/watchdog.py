"""Notices a bot whose requests no longer come back, says so in the log, and gets it going again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    import discord

    from bot.core.ports import Clock
    from bot.ui.targets.requests import DiscordRequests

log = logging.getLogger(__name__)

CHECK_S = 5.0
MUTE_S = 60.0  # without any answer while requests wait
LOST_S = 120.0  # a request that has waited so long through this won't come back
# An answer later than this won't come. discord.py sets no limit of its own, and aiohttp's is five minutes.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=15.0, sock_read=30.0)


class HTTPState:
    """What discord.py's HTTP client keeps to itself; tests check that it is still there."""

    def __init__(self, http: discord.http.HTTPClient) -> None:
        self._http: Any = http

    @property
    def is_held(self) -> bool:
        """Whether discord.py keeps all requests back until a global rate limit is over."""
        over = self._http._global_over  # noqa: SLF001 - see the class
        return isinstance(over, asyncio.Event) and not over.is_set()  # it is no event before the login

    def release(self) -> None:
        """Let all requests go; for after the login."""
        self._http._global_over.set()  # noqa: SLF001 - see the class

    def forget_limits(self) -> None:
        """Start with new rate limits, in case a request got lost while it had one."""
        self._http._buckets.clear()  # noqa: SLF001 - see the class
        self.release()

    def limit_waits(self) -> None:
        """Make requests end by themselves where the other end never answers; call it after the login."""
        session = self._http._HTTPClient__session  # noqa: SLF001 - see the class
        if isinstance(session, aiohttp.ClientSession):
            session._timeout = TIMEOUT  # noqa: SLF001 - aiohttp takes it only when a session is made


class Watchdog:
    """Checks every few seconds that requests come back, while there are any."""

    def __init__(self, requests: DiscordRequests, http: HTTPState, clock: Clock) -> None:
        self._requests = requests
        self._http = http
        self._clock = clock
        self._held_since: float | None = None  # since when discord.py holds requests without a reason we know
        self.is_mute = False  # as of the last check: requests don't come back

    async def run(self) -> None:
        """Check until no request is outstanding."""
        while not self._requests.idle.is_set():
            try:
                async with asyncio.timeout(CHECK_S):
                    await self._requests.idle.wait()
            except TimeoutError:
                self.check()
        self.check()

    def check(self) -> None:
        """Look at the requests once, and recover where they no longer come back."""
        self._check_hold()
        health = self._requests.health
        was_mute, self.is_mute = self.is_mute, health.is_mute(after_s=MUTE_S)
        if self.is_mute and not was_mute:
            log.error(
                "Discord hasn't answered for %.0f s while %d requests wait, the oldest for %.0f s",
                health.silent_s,
                health.outstanding,
                health.waiting_s,
            )
            self._http.release()
        elif self.is_mute and health.waiting_s >= LOST_S:
            log.error("giving up %d requests that didn't come back", self._requests.give_up(after_s=MUTE_S))
            self._http.forget_limits()
        elif was_mute and not self.is_mute:
            log.info("Discord answers again")

    def _check_hold(self) -> None:
        now = self._clock.monotonic()
        if not self._http.is_held or self._requests.health.held_s:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = now
        elif now - self._held_since >= CHECK_S:  # nobody is left to end the hold
            log.error("discord.py still held all requests after the rate limit was over; releasing them")
            self._http.release()
            self._held_since = None
