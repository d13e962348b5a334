"""The database's cost of a question, and of erasing and reading back with a million turns.

`python -m bench.conversations [--turns 1000000] [--statements]`

It counts the SQL statements of one question first (see `bench.statements`); `--statements` lists them and leaves
out the rest. The rest uses the database of `bench.storage`: 10,000 channels, 5,000 people. It measures
`/forget me` for one person, deleting a message, exporting a channel, branching off 200 turns, forgetting a channel
and a server, and purging a tenth of everything while others keep asking.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.statements import count
from bench.storage import CHANNELS, NOW, fill, with_store
from bot.conversation.upkeep.erasure import Reason
from bot.core.records import Place, Question
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database
from bot.storage.erasure import SqliteErasure
from bot.storage.sync import SqliteMessageSync

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.storage.engine.database import SqliteDatabase

REPEATS = 20
PEOPLE = 5_000  # as `bench.storage` fills it


async def timed(what: str, acts: list[Callable[[], Awaitable[Any]]]) -> None:
    """Do each action once; print the median and the worst time."""
    seconds = []
    for act in acts:
        began = time.perf_counter()
        await act()
        seconds.append(time.perf_counter() - began)
    seconds.sort()
    print(f"  {what:<36} p50 {seconds[len(seconds) // 2] * 1e3:8.1f} ms   worst {seconds[-1] * 1e3:8.1f} ms")


async def measure(database: SqliteDatabase, turns: int, channels: int) -> None:
    store, sync, erasure = SqliteConversations(database), SqliteMessageSync(database), SqliteErasure(database)
    spread = range(0, min(channels, PEOPLE), max(1, min(channels, PEOPLE) // REPEATS))
    await timed("a message deleted", [lambda n=n: sync.delete_messages([2 * 10**15 + 2 * n + 1]) for n in spread])
    await timed("200 turns branched off", [lambda n=n: branch(store, n) for n in spread])
    await timed("/forget me", [lambda n=n: erasure.forget_user(2 * n + 1, now=NOW) for n in spread])
    await timed(
        "/forget channel",
        [lambda n=n: erasure.forget_channel(n, threads=False, reason=Reason.ASKED, by=1, now=NOW) for n in spread],
    )
    await timed(
        "/forget server, ten channels",
        [lambda n=n: erasure.forget_guild(n, reason=Reason.ASKED, by=1, now=NOW) for n in range(50, 55)],
    )
    await timed("a tenth of all turns purged", [lambda: erasure.purge(NOW + turns // 10, now=NOW)])
    await purge_beside_questions(store, erasure, turns)


async def branch(store: SqliteConversations, channel: int) -> int:
    return await store.branch(Place(channel_id=channel), Place(channel_id=10**9 + channel), limit=200)


async def purge_beside_questions(store: SqliteConversations, erasure: SqliteErasure, turns: int) -> None:
    """How long a question waits to be stored while old turns are purged."""
    purging = asyncio.create_task(erasure.purge(NOW + 2 * turns // 10, now=NOW))
    asked = Question(place=Place(channel_id=1), author_id=1, author_name="Ann", text="why?")
    seconds = []
    while not purging.done():
        began = time.perf_counter()
        await store.open_reply(asked, model="m", now=NOW)
        seconds.append(time.perf_counter() - began)
        await asyncio.sleep(0.01)
    await purging
    print(f"  a write during the next tenth's purge, worst of {len(seconds)}: {max(seconds) * 1e3:.1f} ms")


async def run(path: Path, turns: int, channels: int) -> None:
    async with open_database(path) as database:
        await measure(database, turns, channels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--statements", action="store_true", help="list one question's SQL, and measure no more")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("SQL statements, from question to stored answer")
        asyncio.run(count(Path(folder), listed=arguments.statements))
    if not arguments.statements:
        measure_at_size(arguments.turns)


def measure_at_size(turns: int) -> None:
    channels = min(CHANNELS, max(1, turns // 100))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.db")
        asyncio.run(with_store(path))  # makes the schema
        fill(path, turns, channels)
        print(f"{turns:,} turns in {channels:,} channels, {path.stat().st_size / 1e6:,.0f} MB")
        asyncio.run(run(path, turns, channels))
        print(f"  afterwards: {path.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
