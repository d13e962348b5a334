"""What was spent but couldn't be booked, because the database couldn't be written."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError, StorageError
from bot.core.records import Place
from bot.core.units import NANO
from bot.money.ledger import Cost, Entry, Period, accounts, period_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

RETRY_S = 5.0  # how often the database is tried again
MOST_NANO_USD = 5 * NANO  # about a thousand usual answers; more must not depend on one process
MOST_ENTRIES = 10_000
MOST_FILE_BYTES = 10_000_000
ROOM_BYTES = 256_000  # on the disk, kept for some 600 entries
MOST_NUMBER = 2**63 - 1  # as databases store them
LATEST_S = 2**33  # seconds since the epoch: the year 2242


class UnbookedError(HeadwaterError):
    """Too much spending couldn't be booked."""

    text = (
        "I can't record what answers cost right now, so I'm not taking new questions. "
        "The bot's owner needs to check the database."
    )


@dataclass(frozen=True, slots=True)
class _Pending:
    entry: Entry
    write: Callable[[Entry], Awaitable[int]]


class Unbooked:
    """Entries that wait for the database. They count against every budget until they are written."""

    def __init__(self, clock: Clock, path: Path | None = None) -> None:
        """`path` is the file that keeps waiting entries across a restart."""
        self._clock = clock
        self._path = path
        self._pending: list[_Pending] = []

    def add(self, entry: Entry, write: Callable[[Entry], Awaitable[int]]) -> None:
        """Keep an entry until `write` can book it."""
        self._pending.append(_Pending(entry, write))
        log.error("%d entries wait for the database, %.4f dollars", len(self._pending), self._total() / NANO)

    def check(self) -> None:
        """Refuse questions if too much waits.

        Raises:
            UnbookedError: too much waits.
        """
        if len(self._pending) >= MOST_ENTRIES or self._total() >= MOST_NANO_USD:
            raise UnbookedError

    def spent(self, names: Sequence[str], *, at: int) -> Counter[tuple[str, Period]]:
        """What waits, by account and period, for the day and the month of `at`."""
        found: Counter[tuple[str, Period]] = Counter()
        for pending in self._pending:
            entry = pending.entry
            for account in set(accounts(entry.user_id, entry.place)) & set(names):
                for period in Period:
                    if period_name(period, entry.at) == period_name(period, at):
                        found[account, period] += entry.cost.nano_usd
        return found

    async def run(self) -> None:
        """Try every few seconds to write what waits, until cancelled.

        The first try is at once: what an earlier run left says more than recovery's estimate for the same call.
        """
        while True:
            await self.flush()
            await self._clock.sleep(RETRY_S)

    async def flush(self) -> None:
        """Write what can be written now, oldest first."""
        for pending in tuple(self._pending):
            try:
                await pending.write(pending.entry)
            except StorageError:
                return
            except Exception as error:  # noqa: BLE001 - a bug with one entry leaves the others
                log.warning("an entry of reply %s can't be booked: %r", pending.entry.reply_id, error)
                continue
            self._pending.remove(pending)
            if not self._pending:
                self.save()
                log.info("everything spent is booked again")

    def load(self, write: Callable[[Entry], Awaitable[int]]) -> None:
        """Load what an earlier run left in the file, and keep room for what this run may leave. Blocks."""
        if self._path:
            _keep_room(_room_of(self._path))
        if self._path and self._path.is_file() and self._path.stat().st_size <= MOST_FILE_BYTES:
            for entry in _read(self._path.read_text(encoding="utf-8", errors="replace").splitlines()):
                self.add(entry, write)

    def save(self) -> None:
        """Save what still waits for the next start, or remove the file if nothing waits. Blocks."""
        if self._path is None:
            return
        try:
            if self._pending:
                self._write("\n".join(json.dumps(asdict(each.entry)) for each in self._pending))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            log.critical("%d entries can't be kept in %s: %s", len(self._pending), self._path, error)
            return
        if self._pending:
            log.error("%d entries are not booked; they are kept in %s", len(self._pending), self._path)

    def _write(self, text: str) -> None:
        assert self._path  # noqa: S101 - `save` returns without one
        try:
            _write(self._path, text)
        except OSError:  # most often a full disk
            if not _give_room_up(_room_of(self._path)):
                raise
            _write(self._path, text)

    def _total(self) -> int:
        return sum(pending.entry.cost.nano_usd for pending in self._pending)


def _write(path: Path, text: str) -> None:
    """Write a file for its owner alone: all of it or nothing, and never through a link."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _room_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.room")


def _keep_room(room: Path) -> None:
    """Take up some of the disk: when it's full, the entries can stand there."""
    if not os.path.lexists(room):
        try:
            _write(room, " " * ROOM_BYTES)
        except OSError as error:
            log.warning("no room is kept for unbooked entries: %s", error)


def _give_room_up(room: Path) -> bool:
    """Delete what `_keep_room` made; False where there is no such file."""
    is_ours = room.is_file() and not room.is_symlink() and room.stat().st_size == ROOM_BYTES
    if is_ours:
        room.unlink()
    return is_ours


def _read(lines: Iterable[str]) -> Iterable[Entry]:
    for line in lines:
        try:
            yield _checked(line)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            log.warning("an entry that was left unbooked can't be read")


def _checked(line: str) -> Entry:
    """An entry as this program writes it; raises for anything else, which would count against budgets."""
    fields = json.loads(line)
    place, cost = Place(**fields.pop("place")), Cost(**fields.pop("cost"))
    entry = Entry(**fields, place=place, cost=cost)
    words = (entry.model, entry.state, entry.generation_id or "")
    tokens_and_money = (cost.prompt_tokens, cost.completion_tokens, cost.nano_usd, cost.reported_nano_usd)
    ids = (place.channel_id, place.guild_id or 0, place.parent_id or 0, entry.user_id, entry.reply_id or 0)
    _check_numbers((entry.at,), most=LATEST_S)
    _check_numbers((*tokens_and_money, *ids, entry.first_token_ms or 0), most=MOST_NUMBER)
    if not all(isinstance(word, str) for word in words) or not isinstance(cost.estimated, bool):
        raise TypeError
    return entry


def _check_numbers(numbers: Iterable[int], *, most: int) -> None:
    if not all(type(number) is int and 0 <= number <= most for number in numbers):
        raise ValueError
