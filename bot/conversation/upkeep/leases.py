"""Whose message and whose reply it is, where a process was killed or several share a database."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.conversation.ports import Claims, StoredReply
    from bot.core.ports import Clock

log = logging.getLogger(__name__)

RENEW_S = 10.0
IDENTIFY, IDENTIFY_S = "identify", 6  # Discord: 5 s from one to the next; whole seconds are compared
STALL_S = 30.0  # without a renewal, though one was due every `RENEW_S`
LEASE_S = 45  # several renewals may fail before another process takes a reply over


def process_name(*, has_own_machine: bool = True) -> str:
    """A name for this process that no other has: its machine, its number, and something random.

    Without `has_own_machine` others of the database may run on machines of the same name, as containers do, where
    numbers mean something else: then the machine's name has its boot and its process numbers' namespace in it.
    """
    machine = socket.gethostname() if has_own_machine else f"{socket.gethostname()}/{_boot()}/{_namespace()}"
    return f"{machine} {os.getpid()} {secrets.token_hex(4)}"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # no Linux: a name that no other process has
        return secrets.token_hex(8)


def _namespace() -> int:
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0


class Running(Protocol):
    """The replies that this process carries on."""

    def reply_ids(self) -> Collection[int]: ...

    def abandon(self, reply_id: int) -> None:
        """Leave a reply to another process: write nothing more of it, neither to Discord nor to memory."""
        ...


class Leases:
    """Claims messages to answer, and keeps replies while they run."""

    def __init__(self, claims: Claims, clock: Clock, *, process: str) -> None:
        """`process` is this process's `process_name`."""
        self._claims = claims
        self._clock = clock
        self._process = process
        self._running: Running | None = None
        self._renewing = asyncio.Lock()
        self._renewed_at = 0.0  # monotonic

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

    async def run(self, running: Running) -> None:
        """Renew the leases of running replies, until cancelled."""
        self._running = running
        self._renewed_at = self._clock.monotonic()
        while True:
            await self._clock.sleep(RENEW_S)
            await self._renew()

    async def confirm(self) -> None:
        """After a stall of this process, find out which running replies are still its own; else do nothing.

        Asked before each write to Discord: another process may have ended the reply meanwhile.
        """
        if self._running is not None and self._clock.monotonic() - self._renewed_at > STALL_S:
            await self._renew()

    async def _renew(self) -> None:
        if self._running is None:
            return
        async with self._renewing:
            reply_ids = self._running.reply_ids()
            try:
                for reply_id in await self._claims.renew_leases(reply_ids, by=self._process, now=self._now()):
                    log.warning("reply %d was taken over by another process", reply_id)
                    self._running.abandon(reply_id)
            except StorageError as error:
                log.debug("leases are not renewed: %s", error)
            self._renewed_at = self._clock.monotonic()

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
