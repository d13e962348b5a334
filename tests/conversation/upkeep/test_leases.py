"""Messages and replies belong to one process at a time."""

from __future__ import annotations

import asyncio
import os

import pytest

from bot.conversation.upkeep.leases import LEASE_S, RENEW_S, Leases, process_name
from bot.core.errors import StorageError
from bot.core.records import Place, Question
from tests.fakes import MemoryClaims, MemoryStore
from tests.virtual import EPOCH, VirtualClock, run

OWN = process_name()
MACHINE = OWN.rsplit(" ", 2)[0]
NOBODY = 2**22 + 1  # above the highest process number that Linux gives


async def reply_of(store: MemoryStore, process: str, *, age_s: int = 0) -> int:
    """A running reply of a process."""
    question = Question(place=Place(channel_id=1), author_id=7, author_name="Ann", text="why?")
    reply_id = await store.open_reply(question, model="m", now=int(EPOCH))
    store.lease(reply_id, process, int(EPOCH) - age_s)
    return reply_id


@pytest.mark.parametrize(
    ("process", "age_s", "taken"),
    [
        ("", 0, True),  # from before there were leases
        (f"{MACHINE} {NOBODY} a", 0, True),
        (f"{MACHINE} {os.getpid()} z", 0, True),  # as in a container, where every process is number 1
        (f"{MACHINE} {os.getppid()} a", 0, False),
        (f"{MACHINE} {os.getppid()} a", LEASE_S + 1, True),
        ("elsewhere 1 a", 0, False),
        ("elsewhere 1 a", LEASE_S + 1, True),
        ("of another form", 0, False),
        (OWN, 0, False),
    ],
    ids=["none", "died", "its number went on", "lives", "hangs", "far", "far and silent", "odd", "this"],
)
def test_a_reply_is_taken_over_once_nobody_carries_it_on(process: str, age_s: int, taken: bool):
    """At once where its process is certainly gone, else when its lease has run out."""

    async def main() -> None:
        store = MemoryStore()
        leases = Leases(MemoryClaims(store), VirtualClock(), process=OWN)
        reply = await store.reply(await reply_of(store, process, age_s=age_s))
        assert reply is not None
        assert await leases.take_over(reply) is taken
        if taken:
            assert not await Leases(MemoryClaims(store), VirtualClock(), process="elsewhere 2 b").take_over(reply)

    run(main())


class Replies:
    """Those that a process carries on."""

    def __init__(self, *reply_ids: int) -> None:
        self.running = list(reply_ids)
        self.abandoned: list[int] = []

    def reply_ids(self) -> list[int]:
        return self.running

    def abandon(self, reply_id: int) -> None:
        self.running.remove(reply_id)
        self.abandoned.append(reply_id)


def test_a_process_that_stalled_leaves_what_another_has_taken_over():
    """It finds out before its next write; what nobody took is still its own."""

    async def main() -> None:
        store, clock = MemoryStore(), Stalling()
        claims = MemoryClaims(store)
        leases = Leases(claims, clock, process="elsewhere 1 a")
        replies = Replies(*[await reply_of(store, "elsewhere 1 a") for _ in range(2)])
        renewing = asyncio.create_task(leases.run(replies))
        await asyncio.sleep(0)
        await leases.confirm()
        taken, kept = replies.running
        clock.stalled_s = LEASE_S + 1
        reply = await store.reply(taken)
        assert reply is not None
        assert await claims.take_over(reply, by=OWN, now=0)
        assert not replies.abandoned
        await leases.confirm()
        assert (replies.abandoned, replies.running) == ([taken], [kept])
        renewing.cancel()

    run(main())


class Stalling(VirtualClock):
    """A clock that jumps, as for a process that was stopped for a while."""

    stalled_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.stalled_s


def test_a_reply_that_runs_stays_with_its_process():
    """Its lease is renewed for as long as it runs, also after the database was away for a moment."""

    async def main() -> None:
        store = MemoryStore()
        claims = MemoryClaims(store)
        leases = Leases(claims, VirtualClock(), process="elsewhere 1 a")
        reply_id = await reply_of(store, "elsewhere 1 a")
        renewing = asyncio.create_task(leases.run(Replies(reply_id)))
        await asyncio.sleep(RENEW_S + 1)
        claims.fault = StorageError("the disk is full")
        await asyncio.sleep(RENEW_S)
        claims.fault = None
        await asyncio.sleep(3 * LEASE_S)
        reply = await store.reply(reply_id)
        assert reply is not None
        assert not await Leases(claims, VirtualClock(), process=OWN).take_over(reply)
        renewing.cancel()

    run(main())


def test_a_message_is_taken_once():
    """A process that comes second leaves it. Without a database it's answered all the same."""

    async def main() -> None:
        claims = MemoryClaims(MemoryStore())
        leases = Leases(claims, VirtualClock(), process=OWN)
        assert [await leases.claim(5) for _ in range(2)] == [True, False]
        claims.fault = StorageError("the disk is full")
        assert await leases.claim(5)

    run(main())
