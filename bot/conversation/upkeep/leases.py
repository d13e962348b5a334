"""Whose message and whose reply it is, where a process was killed or several share a database."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from typing import TYPE_CHECKING

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from bot.conversation.ports import Claims, StoredReply
    from bot.core.ports import Clock

log = logging.getLogger(__name__)

RENEW_S = 10.0
IDENTIFY, IDENTIFY_S = "identify", 6  # Discord: 5 s from one to the next; whole seconds are compared
LEASE_S = 45  # several renewals may fail before another process takes a reply over


def process_name() -> str:
    """A name for this process that no other has: its machine, its number, and something random."""
    return f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"


class Leases:
    """Claims messages to answer, and keeps replies while they run."""

    def __init__(self, claims: Claims, clock: Clock, *, process: str) -> None:
        """`process` is this process's `process_name`."""
        self._claims = claims
        self._clock = clock
        self._process = process

    async def claim(self, message_id: int) -> bool:
        """Take a message to answer; False where it was taken before. Without a database everybody may."""
        try:
            return await self._claims.claim_message(message_id, by=self._process, now=self._now())
        except StorageError as error:
            log.warning("message %d is answered unclaimed: %s", message_id, error)
            return True

    async def take_turn(self) -> bool:
        """Take the next turn to begin a session with Discord, which processes do one after another."""
        try:
            return await self._claims.take_turn(IDENTIFY, by=self._process, now=self._now(), every_s=IDENTIFY_S)
        except StorageError as error:
            log.warning("a session begins out of turn: %s", error)
            return True

    async def run(self, running: Callable[[], Collection[int]]) -> None:
        """Renew the leases of running replies, until cancelled; `running` gives their ids."""
        while True:
            await self._clock.sleep(RENEW_S)
            try:
                await self._claims.renew_leases(running(), by=self._process, now=self._now())
            except StorageError as error:
                log.debug("leases are not renewed: %s", error)

    async def take_over(self, reply: StoredReply) -> bool:
        """Take a reply that nobody carries on any more; False where somebody does, or was faster."""
        return self.is_over(reply) and await self._claims.take_over(reply, by=self._process, now=self._now())

    def is_over(self, reply: StoredReply) -> bool:
        """Whether nobody carries a reply on: its process has ended, or has stopped renewing its lease."""
        return self._has_ended(reply.leased_by) or reply.leased_at < self._now() - LEASE_S

    def _has_ended(self, process: str) -> bool:
        """Whether a process is certainly gone: it ran on this machine, and its number is nobody's, or ours."""
        machine, _, rest = process.rpartition(" ")[0].rpartition(" ")
        own_machine, _, own_number = self._process.rpartition(" ")[0].rpartition(" ")
        if not process:
            return True  # from before there were leases
        if process == self._process or machine != own_machine or not rest.isdecimal():
            return False
        return rest == own_number or not _is_alive(int(rest))

    def _now(self) -> int:
        return int(self._clock.time())


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)  # asks, sends nothing
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
