"""What every `Claims` promises: of several processes, one does it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bot.storage import claims as statements
from bot.storage.claims import SqliteClaims
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.opening import open_url
from tests.storage.conftest import write

if TYPE_CHECKING:
    from bot.storage.engine.database import Database

NOW = 1_700_000_000
OPEN = """
    INSERT INTO replies (channel_id, asker_id, state, model, opened_at, leased_by, leased_at)
    VALUES (1, 1, ?1, 'm', 0, ?2, ?3)
"""


@pytest.fixture
def claims(database: Database) -> SqliteClaims:
    return SqliteClaims(database)


async def leases(database: Database) -> list[tuple[str, int]]:
    async with database.read() as session:
        return [(by, at) for by, at in await session.fetch("SELECT leased_by, leased_at FROM replies ORDER BY id")]


async def test_a_message_is_claimed_once(claims: SqliteClaims) -> None:
    """By the process that came first; delivered twice to that one, it's still one answer."""
    assert await claims.claim_message(100, by="a", now=NOW)
    assert not await claims.claim_message(100, by="b", now=NOW)
    assert not await claims.claim_message(100, by="a", now=NOW + 60)
    assert await claims.claim_message(101, by="b", now=NOW)


async def test_two_processes_on_one_database_share_the_messages_out(url: str) -> None:
    """Each of a hundred messages, delivered to both at once, is one's alone."""
    async with open_url(url) as one, open_url(url) as other:
        both = {"a": SqliteClaims(one), "b": SqliteClaims(other)}
        taken = await asyncio.gather(
            *(claims.claim_message(number, by=by, now=NOW) for number in range(100) for by, claims in both.items())
        )
    assert [taken[at] + taken[at + 1] for at in range(0, 200, 2)] == [1] * 100


async def test_old_claims_go(claims: SqliteClaims, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that they don't add up; what Discord may still deliver again stays."""
    monkeypatch.setattr(statements, "TIDY_EVERY", 2)
    for number in range(4):
        assert await claims.claim_message(number, by="a", now=NOW + number * statements.KEPT_S // 2)
    async with database.read() as session:
        assert await session.fetch("SELECT message_id FROM claims ORDER BY 1") == [(0,), (1,), (2,), (3,)]
    assert await claims.claim_message(9, by="a", now=NOW + 2 * statements.KEPT_S)
    async with database.read() as session:
        assert await session.fetch("SELECT message_id FROM claims ORDER BY 1") == [(2,), (3,), (9,)]


async def test_a_lease_is_renewed_by_its_process_alone(claims: SqliteClaims, database: Database) -> None:
    """Running replies among those named, and no others."""
    for state, by in (("streaming", "a"), ("streaming", "b"), ("complete", "a"), ("streaming", "a")):
        await write(database, OPEN, state, by, NOW)
    assert await claims.renew_leases([1, 2, 3], by="a", now=NOW + 5) == [2], "which is another's"
    assert await leases(database) == [("a", NOW + 5), ("b", NOW), ("a", NOW), ("a", NOW)]
    await claims.renew_leases([], by="a", now=NOW + 9)


async def test_a_reply_without_a_living_process_is_taken_over_once(
    claims: SqliteClaims, database: Database
) -> None:
    """Two processes find it at once: one ends it. A reply that was renewed meanwhile, or has ended, stays."""
    for state in ("streaming", "streaming", "complete"):
        await write(database, OPEN, state, "dead", NOW - 60)
    found = [await SqliteConversations(database).reply(reply_id) for reply_id in (1, 2, 3)]
    await claims.renew_leases([2], by="dead", now=NOW - 1)
    taken = [[await claims.take_over(reply, by=by, now=NOW) for by in "ab"] for reply in found]
    assert taken == [[True, False], [False, False], [False, False]]
    assert (await leases(database))[0] == ("a", NOW)


async def test_turns_are_taken_one_after_another(url: str) -> None:
    """Of processes that ask at once, one gets the turn; the next is due some seconds later."""
    async with open_url(url) as one, open_url(url) as other:
        both = {"a": SqliteClaims(one), "b": SqliteClaims(other)}

        async def taken(now: int) -> int:
            asked = [claims.take_turn("x", by=by, now=now, every_s=6) for by, claims in both.items()]
            return sum(await asyncio.gather(*asked))

        assert [await taken(NOW + seconds) for seconds in range(13)] == [1, 0, 0, 0, 0, 0] * 2 + [1]
        assert await both["a"].take_turn("y", by="a", now=NOW, every_s=6)
        assert await taken(NOW - 3600) == 1, "a clock that was an hour ahead holds nobody up"
