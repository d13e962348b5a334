"""What came with questions: names and texts by turn, bytes once for all turns that have them."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from bot.core.records import Attachment, AttachmentKind
from bot.storage.engine.session import marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from bot.core.records import Question
    from bot.storage.engine.session import Row, Session, Value

CHANNEL_BYTES, CHANNEL_TURNS = 30_000_000, 50  # kept of a channel; of what's beyond only the names
MOST = 30  # attachments of one turn
BATCH = 500  # values in one statement

KEEP_BLOBS = "INSERT INTO blobs (hash, size, data) VALUES {rows} ON CONFLICT (hash) DO NOTHING"
KEEP = """
    INSERT INTO attachments (turn_id, ordinal, channel_id, name, kind, text, hash, media_type, width, height,
        pages, seconds, note, author_id)
    VALUES {rows}
"""
COLUMNS = 14
OPTED_OUT = "SELECT user_id FROM opted_out WHERE user_id IN ({people})"
# Of turns before ?1 only what they're called.
OF_TURNS = """
    SELECT a.turn_id, a.name, a.kind, CASE WHEN a.turn_id >= ?1 THEN a.text ELSE '' END, a.media_type, a.width,
        a.height, a.pages, a.seconds, a.note, a.author_id, CASE WHEN a.turn_id >= ?1 THEN b.data END
    FROM attachments a LEFT JOIN blobs b ON b.hash = a.hash
    WHERE a.turn_id IN ({turns})
    ORDER BY a.turn_id, a.ordinal
"""
SIZES = """
    SELECT a.turn_id, SUM(COALESCE(b.size, 0) + LENGTH(a.text))
    FROM attachments a LEFT JOIN blobs b ON b.hash = a.hash
    WHERE a.channel_id = ?1 AND (a.hash IS NOT NULL OR a.text <> '')
    GROUP BY a.turn_id ORDER BY a.turn_id DESC
"""
STRIPPED_HASHES = """
    SELECT DISTINCT hash FROM attachments WHERE channel_id = ?1 AND turn_id <= ?2 AND hash IS NOT NULL
"""
STRIP = "UPDATE attachments SET hash = NULL, text = '' WHERE channel_id = ?1 AND turn_id <= ?2"
COPY = """
    INSERT INTO attachments (turn_id, ordinal, channel_id, name, kind, text, hash, media_type, width, height,
        pages, seconds, note, author_id)
    SELECT CAST(?2 AS BIGINT), a.ordinal, CAST(?3 AS BIGINT), a.name, a.kind, a.text, a.hash, a.media_type,
        a.width, a.height, a.pages, a.seconds, a.note, a.author_id
    FROM attachments a WHERE a.turn_id = ?1
"""
HASHES = """
    SELECT DISTINCT a.hash FROM attachments a
    WHERE a.hash IS NOT NULL AND a.turn_id IN (SELECT turns.id FROM turns WHERE {which})
"""
DELETE_TURNS = "DELETE FROM turns WHERE {which}"
DELETE_BLOBS = """
    DELETE FROM blobs WHERE hash IN ({hashes})
        AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.hash = blobs.hash)
"""
# The files of a message, without the messages that its question was about.
FILES_OF_MESSAGE = """
    SELECT a.turn_id, a.ordinal, a.name, a.hash FROM turns t JOIN attachments a ON a.turn_id = t.id
    WHERE t.message_id = ?1 AND a.author_id IS NULL
"""
FILES_OF_ANSWER = """
    SELECT a.turn_id, a.ordinal, a.name, a.hash FROM attachments a
    WHERE a.turn_id IN (SELECT t.id FROM turns t WHERE t.id = ?1 OR (?2 = 1 AND t.copy_of = ?1))
"""
ANSWER_OF = "SELECT r.answer_id, r.channel_id FROM replies r WHERE r.id = ?1 AND r.answer_id IS NOT NULL"
DELETE_FILE = "DELETE FROM attachments WHERE turn_id = ?1 AND ordinal = ?2"
BY_AUTHOR = "DELETE FROM attachments WHERE author_id = ?1"


async def hashes_of(attachments: Sequence[Attachment]) -> list[str | None]:
    """The hash of each attachment's bytes. Megabytes take a while, so others run meanwhile."""

    def all_of() -> list[str | None]:
        return [sha256(each.data).hexdigest() if each.data else None for each in attachments[:MOST]]

    return await asyncio.to_thread(all_of)


async def keep(session: Session, turn_id: int, question: Question, hashes: Sequence[str | None]) -> None:
    """Store what came with a question, in the transaction that stores it; of what's too much only the names."""
    channel_id, kept = question.place.channel_id, list(zip(question.attachments, hashes, strict=False))
    if people := {each.author_id for each, _ in kept if each.author_id is not None}:
        rows = await session.fetch(OPTED_OUT.format(people=marks(1, len(people))), *people)
        kept = [(each, hash_) for each, hash_ in kept if (each.author_id,) not in rows]
    if kept:
        await _insert(session, turn_id, channel_id, kept)


async def keep_pictures(
    session: Session, reply_id: int, pictures: Sequence[Attachment], hashes: Sequence[str | None]
) -> None:
    """Store the pictures of an answer, in the transaction that ends it; none where it has been deleted."""
    if pictures and (row := await session.fetch_one(ANSWER_OF, reply_id)):
        await _insert(session, row[0], row[1], list(zip(pictures, hashes, strict=False)))


async def _insert(
    session: Session, turn_id: int, channel_id: int, kept: Sequence[tuple[Attachment, str | None]]
) -> None:
    blobs: list[Value] = []
    for each, hash_ in kept:
        if hash_ is not None:
            blobs += (hash_, len(each.data), each.data)
    if blobs:
        await session.execute(KEEP_BLOBS.format(rows=_rows(len(blobs), 3)), *blobs)
    values: list[Value] = []
    for ordinal, (each, hash_) in enumerate(kept):
        values += (turn_id, ordinal, channel_id, *_columns(each, hash_))
    await session.execute(KEEP.format(rows=_rows(len(values), COLUMNS)), *values)
    await _trim(session, channel_id)


def _columns(attachment: Attachment, hash_: str | None) -> tuple[Value, ...]:
    return (
        attachment.name,
        attachment.kind.value,
        attachment.text,
        hash_,
        attachment.media_type,
        attachment.width,
        attachment.height,
        attachment.pages,
        attachment.seconds,
        attachment.note,
        attachment.author_id,
    )


def _rows(count: int, columns: int) -> str:
    return ", ".join(f"({marks(first, columns)})" for first in range(1, count + 1, columns))


async def _trim(session: Session, channel_id: int) -> None:
    total = 0
    for number, (turn_id, size) in enumerate(await session.fetch(SIZES, channel_id)):
        total += int(size)
        if number and (total > CHANNEL_BYTES or number >= CHANNEL_TURNS):  # the newest stays, whatever its size
            rows = await session.fetch(STRIPPED_HASHES, channel_id, turn_id)
            await session.execute(STRIP, channel_id, turn_id)
            await _delete_blobs(session, rows)
            return


async def attachments_of(
    session: Session, turn_ids: Sequence[int], *, since: int = 0
) -> dict[int, tuple[Attachment, ...]]:
    """What came with turns; of those before the turn `since` only the names."""
    found: dict[int, list[Attachment]] = {}
    if turn_ids:
        sql = OF_TURNS.format(turns=marks(2, len(turn_ids)))
        for turn_id, *row in await session.fetch(sql, since, *turn_ids):
            found.setdefault(turn_id, []).append(_attachment(row))
    return {turn_id: tuple(attachments) for turn_id, attachments in found.items()}


def _attachment(row: Sequence[Any]) -> Attachment:
    name, kind, text, media_type, width, height, pages, seconds, note, author_id, data = row
    return Attachment(
        name=str(name),
        kind=AttachmentKind(kind),
        text=text,
        data=data or b"",
        media_type=str(media_type),
        width=width,
        height=height,
        pages=pages,
        seconds=seconds,
        note=str(note),
        author_id=author_id,
    )


async def copy(session: Session, turn_id: int, *, to: int, channel_id: int) -> None:
    """Let a copy of a turn have what came with the turn."""
    await session.execute(COPY, turn_id, to, channel_id)


async def delete_turns(session: Session, which: str, *values: Value) -> int:
    """Delete turns with what came with them, and the bytes that no other turn has; return how many turns."""
    rows = await session.fetch(HASHES.format(which=which), *values)
    turns = await session.execute(DELETE_TURNS.format(which=which), *values)
    await _delete_blobs(session, rows)
    return turns


async def files_gone(session: Session, message_id: int, names: Collection[str]) -> list[Row]:
    """The files of a message that are none of these, copies of its turn included."""
    rows = await session.fetch(FILES_OF_MESSAGE, message_id)
    return [row for row in rows if row[2] not in names]


async def drop_pictures(session: Session, answer_id: int, *, copies: bool) -> None:
    """Delete the pictures of an answer that is deleted, with those of its `copies`, or replaced."""
    rows = await session.fetch(FILES_OF_ANSWER, answer_id, int(copies))
    if rows:
        await delete_attachments(session, rows)


async def delete_attachments(session: Session, rows: Sequence[Row]) -> None:
    """Delete attachments that `files_gone` found, and the bytes that no other turn has."""
    for turn_id, ordinal, _, _ in rows:
        await session.execute(DELETE_FILE, turn_id, ordinal)
    await _delete_blobs(session, [(hash_,) for *_, hash_ in rows if hash_ is not None])


async def _delete_blobs(session: Session, rows: Sequence[Row]) -> None:
    for batch in _batches(str(hash_) for (hash_,) in rows):
        await session.execute(DELETE_BLOBS.format(hashes=marks(1, len(batch))), *batch)


def _batches(hashes: Iterable[str]) -> Iterator[list[str]]:
    left = iter(hashes)
    while batch := list(islice(left, BATCH)):
        yield batch
