"""What the database could not take is neither free nor forgotten."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from bot.core.errors import StorageError
from bot.core.records import Place
from bot.money.ledger import ALL, Cost, Entry, Period
from bot.money.unbooked import MOST_NANO_USD, ROOM_BYTES, Unbooked, UnbookedError
from tests.fakes import MemoryLedger
from tests.virtual import VirtualClock, run


def entry(nano_usd: int = 500) -> Entry:
    return Entry(
        at=int(VirtualClock().time()),
        place=Place(channel_id=1, guild_id=9),
        user_id=7,
        model="m",
        state="complete",
        cost=Cost(nano_usd=nano_usd, prompt_tokens=3),
    )


async def full(_entry: Entry) -> int:
    raise StorageError("the disk is full")


def test_what_waits_outlasts_a_restart(tmp_path: Path):
    """It is kept in a file that only its owner may read, counts after the start, and is booked once."""
    path = tmp_path / "unbooked"

    async def main() -> None:
        before = Unbooked(VirtualClock(), path)
        before.add(entry(), full)
        before.save()
        assert path.stat().st_mode & 0o777 == 0o600
        after, ledger = Unbooked(VirtualClock(), path), MemoryLedger()
        after.load(ledger.book)
        now = int(VirtualClock().time())
        assert after.spent([ALL], at=now) == {(ALL, Period.DAY): 500, (ALL, Period.MONTH): 500}
        await after.flush()
        assert ledger.entries == [entry()]
        assert not path.exists()

    run(main())


def test_a_file_of_somebody_else_is_not_written_to(tmp_path: Path):
    """A link in its place gives way, and what it leads to stays; a pipe in its place is not read from."""
    path, target, pipe = tmp_path / "unbooked", tmp_path / "notes.txt", tmp_path / "pipe"
    target.write_text("Dear diary")
    path.symlink_to(target)
    os.mkfifo(pipe)

    async def main() -> None:
        unbooked = Unbooked(VirtualClock(), path)
        unbooked.add(entry(), full)
        unbooked.save()
        assert target.read_text() == "Dear diary"
        assert not path.is_symlink()
        assert path.read_text().startswith("{")
        Unbooked(VirtualClock(), pipe).load(full)

    run(main())
    assert {file.name for file in tmp_path.iterdir()} == {"unbooked", "notes.txt", "pipe", "pipe.room"}


def test_a_shutdown_survives_a_file_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The log says what is lost."""

    async def main() -> None:
        (tmp_path / "file").touch()
        unbooked = Unbooked(VirtualClock(), tmp_path / "file" / "unbooked")
        unbooked.add(entry(), full)
        unbooked.save()

    run(main())
    assert "1 entries can't be kept" in caplog.text


def test_what_an_earlier_run_left_is_booked_at_once(tmp_path: Path):
    """Before recovery books an estimate for the same call."""
    path = tmp_path / "unbooked"

    async def main() -> None:
        before = Unbooked(VirtualClock(), path)
        before.add(entry(), full)
        before.save()
        clock = VirtualClock()
        after, ledger = Unbooked(clock, path), MemoryLedger()
        after.load(ledger.book)
        trying = asyncio.create_task(after.run())
        await asyncio.sleep(0.1)
        trying.cancel()
        assert ledger.entries == [entry()]

    run(main())


def test_a_full_disk_has_room_for_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It's kept from the start on, given up where the file doesn't fit, and kept again by the next start."""
    path, room = tmp_path / "unbooked", tmp_path / "unbooked.room"
    write_text = Path.write_text

    def on_full_disk(self: Path, text: str, **options: str) -> int:
        if room.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_text(self, text, **options)

    async def main() -> None:
        unbooked = Unbooked(VirtualClock(), path)
        unbooked.load(full)
        assert room.stat().st_size == ROOM_BYTES
        assert room.stat().st_mode & 0o777 == 0o600
        unbooked.add(entry(), full)
        monkeypatch.setattr(Path, "write_text", on_full_disk)
        unbooked.save()
        monkeypatch.undo()
        assert not room.exists()
        after = Unbooked(VirtualClock(), path)
        after.load(full)
        assert after.spent([ALL], at=int(VirtualClock().time()))[ALL, Period.DAY] == 500
        assert room.exists()

    run(main())


def test_a_file_of_somebody_else_is_not_given_up(tmp_path: Path):
    """A file that only has the name stays, also when nothing else helps."""
    room = tmp_path / "missing" / "unbooked.room"
    room.parent.mkdir()
    room.write_text("Dear diary")

    async def main() -> None:
        unbooked = Unbooked(VirtualClock(), room.with_name("unbooked"))
        unbooked.load(full)
        unbooked.add(entry(), full)
        room.with_name("unbooked").mkdir()  # can't be written
        unbooked.save()

    run(main())
    assert room.read_text() == "Dear diary"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"at": 1}', "null"])
def test_a_damaged_file_does_not_keep_the_bot_from_starting(tmp_path: Path, text: str):
    """Lines that make no sense are left out."""
    path = tmp_path / "unbooked"
    path.write_text(text)
    unbooked = Unbooked(VirtualClock(), path)
    unbooked.load(full)
    unbooked.check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"nano_usd": 500', '"nano_usd": "500"'),
        ('"nano_usd": 500', '"nano_usd": -500'),
        ('"nano_usd": 500', '"nano_usd": NaN'),
        ('"nano_usd": 500', f'"nano_usd": {10**30}'),
        ('"nano_usd": 500', '"nano_usd": null'),
        ('"user_id": 7', '"user_id": true'),
        ('"channel_id": 1', '"channel_id": "1"'),
        ('"model": "m"', '"model": ["m"]'),
        ('"at": ', '"at": 9999'),
        ('{"at"', "[" * 100_000),
    ],
)
def test_an_entry_of_the_wrong_kind_is_left_out_and_the_others_count(tmp_path: Path, old: str, new: str):
    """It neither keeps the bot from starting nor makes a budget larger or smaller."""
    path = tmp_path / "unbooked"

    async def main() -> None:
        before = Unbooked(VirtualClock(), path)
        before.add(entry(), full)
        before.save()
        good = path.read_text()
        assert old in good
        path.write_text(f"{good.replace(old, new)}\n{good}\n")
        after = Unbooked(VirtualClock(), path)
        after.load(full)
        after.check()
        assert after.spent([ALL], at=int(VirtualClock().time()))[ALL, Period.DAY] == 500

    run(main())


def test_an_entry_that_meets_a_bug_keeps_no_other_from_being_booked():
    """It stays, counts and is tried again; the log names the error."""

    async def main() -> None:
        unbooked, ledger = Unbooked(VirtualClock()), MemoryLedger()

        async def broken(_entry: Entry) -> int:
            raise LookupError

        unbooked.add(entry(1), broken)
        unbooked.add(entry(20), ledger.book)
        await unbooked.flush()
        assert [booked.cost.nano_usd for booked in ledger.entries] == [20]
        assert unbooked.spent([ALL], at=int(VirtualClock().time()))[ALL, Period.DAY] == 1

    run(main())


def test_too_much_unbooked_stops_new_questions():
    """A database that stays away does not cost the owner more than a few dollars."""

    async def main() -> None:
        unbooked = Unbooked(VirtualClock())
        unbooked.add(entry(MOST_NANO_USD - 1), full)
        unbooked.check()
        unbooked.add(entry(1), full)
        with pytest.raises(UnbookedError):
            unbooked.check()

    run(main())
