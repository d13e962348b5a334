"""What storage costs as it grows: `python -m bench.storage [--turns 1000000] [--postgres URL]`.

Compares a nearly empty database with one of many turns in 10,000 channels. It stores a question (one transaction),
then reads a window of 60 turns, in channels chosen at random, one after the other. "Nothing" is a statement that
finds nothing: the trip to the database's thread and back. Where its p99 isn't far below a millisecond, the machine
is busy, and the other p99s say more about that than about the database.

With `--postgres`, the same rows are copied to an empty database on that server, as `python -m bot copy` does, and
measured there.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from bot.conversation.ports import ClosedReply
from bot.core.events import Usage
from bot.core.records import Place, Question, ReplyState
from bot.money.billing import CallReport
from bot.storage.conversations import SqliteConversations
from bot.storage.engine.database import open_database
from bot.storage.engine.opening import open_url
from bot.storage.transfer.copying import copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHANNELS = 10_000
SMALL_CHANNELS, SMALL_TURNS = 10, 1_000  # "empty", but for windows of 60 to have something to read
OPERATIONS = 3_000
BATCH = 20_000
NOW = 1_700_000_000
NOWHERE = Place(channel_id=-1)
TEXT = "The river rises where rain on the hills finds its way down, and nobody has given it a name yet. " * 10

Exchange = tuple[int, int, str, str]  # id of the question's turn, channel, question, answer
Sample = tuple[float, float, float]  # seconds for the append, the window, and a statement that does nothing


def exchanges(turns: int, channels: int, rng: random.Random) -> Iterator[Exchange]:
    """So many turns, spread over the channels as they would be in time."""
    for question_id in range(1, turns, 2):
        asked, answered = rng.randint(20, 150), rng.randint(100, 900)
        yield question_id, rng.randrange(channels), TEXT[:asked], TEXT[:answered]


def fill(path: Path, turns: int, channels: int) -> None:
    """Write the rows that the store would have written, a batch a transaction."""
    rows = exchanges(turns, channels, random.Random(1))  # noqa: S311 - no secrets
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO conversations (channel_id, guild_id) VALUES (?, ?)",
            ((c, c // 10) for c in range(channels)),
        )
        while batch := list(islice(rows, BATCH)):
            with connection:
                insert(connection, batch)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def insert(connection: sqlite3.Connection, batch: list[Exchange]) -> None:
    connection.executemany(
        "INSERT INTO turns (id, channel_id, role, text, state, author_id, author_name, message_id, question_id,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        turn_rows(batch),
    )
    connection.executemany(
        "INSERT INTO replies (id, channel_id, guild_id, asker_id, answer_id, state, model, generation_id,"
        " prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, cost_nano_usd, opened_at, closed_at)"
        " VALUES (?, ?, ?, ?, ?, 'complete', 'openai/gpt-4o-mini', ?, 900, 120, 0, 0, 207000, ?, ?)",
        ((q, c, c // 10, q % 5_000, q + 1, f"gen-{q}", NOW + q, NOW + q + 9) for q, c, _, _ in batch),
    )
    connection.executemany(
        "INSERT INTO reply_messages (message_id, reply_id, ordinal) VALUES (?, ?, 0)",
        ((10**15 + q, q) for q, _, _, _ in batch),
    )


def turn_rows(batch: list[Exchange]) -> Iterator[tuple[object, ...]]:
    for q, channel, asked, answered in batch:
        yield q, channel, "user", asked, None, q % 5_000, f"Member {q % 5_000}", 2 * 10**15 + q, None, NOW + q
        yield q + 1, channel, "assistant", answered, "complete", None, "", None, q, NOW + q


async def measure(store: SqliteConversations, channels: int) -> list[Sample]:
    """Ask in channels chosen at random, reading a window each time; the answer is stored too, off the clock."""
    rng, samples = random.Random(2), []  # noqa: S311 - no secrets
    for number in range(OPERATIONS):
        place = Place(channel_id=rng.randrange(channels), guild_id=1)
        question = Question(
            place=place, author_id=1, author_name="Ann", text="why is the river so wide?", message_id=number
        )
        began = time.perf_counter()
        opened = await store.open_answer(question, model="openai/gpt-4o-mini", now=NOW)
        appended = time.perf_counter()
        turns = await store.window(place, before=opened.turn_id, limit=60)
        ended = time.perf_counter()
        assert len(turns) >= 20, "too few turns in a channel to be a window"
        await store.count(NOWHERE)
        samples.append((appended - began, ended - appended, time.perf_counter() - ended))
        await finish(store, opened.reply_id)
    return samples


async def finish(store: SqliteConversations, reply_id: int) -> None:
    await store.close_reply(
        ClosedReply(
            reply_id=reply_id,
            state=ReplyState.COMPLETE,
            text="because of the rain",
            report=CallReport(
                model="openai/gpt-4o-mini",
                generation_id="gen",
                usage=Usage(prompt_tokens=900, completion_tokens=5),
            ),
            error="",
            now=NOW,
        )
    )


def run(path: Path, turns: int, channels: int) -> list[Sample]:
    asyncio.run(with_store(path))  # makes the schema
    began = time.perf_counter()
    fill(path, turns, channels)
    filled = time.perf_counter() - began
    size = path.stat().st_size
    samples = asyncio.run(with_store(path, channels))
    print(f"{turns:,} turns in {channels:,} channels: {size / 1e6:,.0f} MB, filled in {filled:.0f} s")
    show(samples)
    return samples


def show(samples: list[Sample]) -> None:
    for name, values in (
        ("append", [append for append, _, _ in samples]),
        ("window of 60", [window for _, window, _ in samples]),
        ("together", together(samples)),
        ("nothing", [nothing for _, _, nothing in samples]),
    ):
        print(f"  {name:<13} p50 {percentile(values, 50):6.2f} ms   p99 {percentile(values, 99):6.2f} ms")


async def with_store(path: Path, channels: int = 0) -> list[Sample]:
    async with open_database(path) as database:
        return await measure(SqliteConversations(database), channels) if channels else []


async def on_server(path: Path, url: str, channels: int) -> list[Sample]:
    """The rows of a file on a server, and what they cost there."""
    async with open_database(path) as source, open_url(url) as target:
        began = time.perf_counter()
        await copy(source, target, lambda *_: None)
        print(f"copied to {target.name} in {time.perf_counter() - began:.0f} s")
        async with target.single() as session:
            await session.execute("ANALYZE")
        return await measure(SqliteConversations(target), channels)


def together(samples: Iterable[Sample]) -> list[float]:
    return [append + window for append, window, _ in samples]


def percentile(seconds: list[float], percent: int) -> float:
    """In milliseconds."""
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--postgres", metavar="URL", help="an empty database on a PostgreSQL server")
    arguments = parser.parse_args()
    turns = arguments.turns
    channels = min(CHANNELS, max(1, turns // 100))
    with tempfile.TemporaryDirectory() as folder:
        small = run(Path(folder, "small.db"), SMALL_TURNS, SMALL_CHANNELS)
        large = run(Path(folder, "large.db"), turns, channels)
        if arguments.postgres:
            show(asyncio.run(on_server(Path(folder, "large.db"), arguments.postgres, channels)))
    for percent in (50, 99):
        ratio = percentile(together(large), percent) / percentile(together(small), percent)
        print(f"large to small, p{percent}: {ratio:.2f}")


if __name__ == "__main__":
    main()
