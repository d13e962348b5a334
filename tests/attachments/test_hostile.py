"""Files made to hurt: each is declined in a sentence, and nothing else suffers."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.attachments.download import DISCORD_HOSTS, Downloads
from bot.attachments.formats import Format
from bot.attachments.limits import UNPACKED_BYTES
from bot.attachments.parsing import Parser
from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import FILE_BYTES
from bot.core.records import SentFile
from tests.attachments import samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attachments.conftest import Desk

TOO_LARGE = "it's too large. I read files of up to 25 MB, and recordings and scans of up to 10 MB."
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><w:p xmlns:w="urn:w"><w:t>&b;</w:t></w:p>'
)


def endless_page(pages: int) -> bytes:
    return samples.assembled(
        ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [2 0 R] /Count {pages} >>"]
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "there's nothing in it"),
        (b" \n\t ", "there's nothing in it"),
        (samples.pixel_bomb(), "too many pixels"),
        (samples.pixel_bomb(6000), "damaged"),
        (samples.picture()[:300], "damaged"),
        (samples.noise("JPEG", (300, 200))[:9000], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "damaged"),
        (b"%PDF-1.7 and nothing more", "damaged"),
        (samples.pdf("words on a page that is cut off")[:200], "damaged"),
        (endless_page(10_000), "damaged"),
        (samples.docx("x" * (UNPACKED_BYTES + 1)), "unpacks to more"),
        (samples.zipped(**{"word/document.xml": ENTITIES}), "damaged"),
        (samples.docx("words")[:-40], "damaged"),
        (samples.zipped(**{"a.txt": "words"}), "an archive"),
        (samples.zipped(**{"xl/workbook.xml": "<a>"}), "damaged"),
        (b"PK\x05\x06" + bytes(18), "an archive"),
        (b"\x1f\x8b" + bytes(100), "an archive"),
        (b"7z\xbc\xaf'\x1c" + bytes(100), "an archive"),
        (b"Rar!\x1a\x07\0" + bytes(100), "an archive"),
        (bytes(257) + b"ustar\0" + bytes(300), "an archive"),
        (b"\x7fELF" + bytes(100), "a program"),
        (b"MZ\x90\0" + bytes(100), "a program"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), "a video"),
        (b"\x1aE\xdf\xa3" + bytes(100), "a video"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old format"),
        (bytes(range(256)) * 40, "don't know this kind"),
        (bytes(5000), "don't know this kind"),
    ],
)
async def test_what_cannot_be_read_is_declined_by_name(desk: Desk, data: bytes, said: str):
    """One sentence names the file and says what to do; the name and type that it came with decide nothing."""
    note = await desk.declined(data, "report.pdf")
    assert note.startswith("I didn't read `report.pdf`: ")
    assert said in note


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"status": 404}, "doesn't have it anymore"),
        ({"status": 403}, "doesn't have it anymore"),
        ({"status": 500}, "download from Discord failed"),
        ({"cut": 3}, "download from Discord failed"),
        ({"length": 9999}, "download from Discord failed"),
        ({"redirect": "http://127.0.0.2/secret"}, "download from Discord failed"),
        ({"headers": {"Content-Encoding": "gzip"}}, "download from Discord failed"),
        ({"delay": 30}, "too long"),
        ({"rate": 2}, "too long"),
        ({"endless": True}, "too large"),
    ],
)
async def test_a_download_that_goes_wrong_is_given_up(
    open_desk: Callable[..., Any], how: dict[str, Any], said: str
):
    """Slow, endless, cut and redirected ones end within their time, and nothing is read of them."""
    async with open_desk(timeout_s=0.4 if {"delay", "rate"} & how.keys() else 20) as desk:
        assert said in await desk.declined(b"some words", "a.txt", **how)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/x",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://evil.example\\@cdn.discordapp.com/a.png",
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://user:password@evil.example/a.png",
        "file:///etc/passwd",
        "//cdn.discordapp.com/a.png",
        "/etc/passwd",
        "",
        "http://[::1",
    ],
)
async def test_nothing_is_fetched_from_other_hosts(url: str, monkeypatch: pytest.MonkeyPatch):
    """Scheme, host and port have to be Discord's, whatever else the address looks like."""

    def no_session(_: Downloads) -> None:
        raise AssertionError("a request was about to be made")

    monkeypatch.setattr(Downloads, "_open", no_session)
    with pytest.raises(FileProblemError, match="unreachable"):
        await Downloads(DISCORD_HOSTS).fetch(url)


async def test_what_says_it_is_too_large_is_not_fetched(desk: Desk):
    """Discord tells the size, so nothing needs to be downloaded to decline it; a lie ends at the same bound."""
    note = await desk.read(("big.txt", b"x", {"size": 50 * 2**20}))
    assert note.notes == (f"I didn't read `big.txt`: {TOO_LARGE}",)
    assert not desk.d.cdn.hits
    lying = await desk.read(("big.txt", b"x" * (FILE_BYTES + 1), {"size": 1}))
    assert "too large" in lying.notes[0]


async def test_of_a_hundred_files_ten_are_read(desk: Desk):
    """Other libraries can forge messages that Discord wouldn't send."""
    read = await desk.read(*[(f"{n}.txt", b"words") for n in range(100)])
    assert ([each.name for each in read.attachments], read.notes) == (
        [f"{n}.txt" for n in range(10)],
        ("I didn't read the last 90 files: I read 10 with a question.",),
    )


async def test_the_small_print_stays_small(desk: Desk):
    """The first few files that aren't read have a reason each, the others are counted."""
    read = await desk.read(*[(f"{n}.zip", b"PK\x05\x06") for n in range(9)], ("a.txt", b"words"))
    assert [each.name for each in read.attachments] == ["a.txt"]
    assert len(read.notes) == 6
    assert read.notes[-1] == "I didn't read 4 more files either."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\system32\\a.exe", "a.exe"),
        ("a`b*c_d.zip", "a'b*c_d.zip"),
        ("@everyone.zip", "@everyone.zip"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("line\nbreak\0.zip", "line break.zip"),
        ("", "file"),
        ("x" * 500, "x" * 59 + "…"),
    ],
)
async def test_a_name_is_shown_as_plain_text(desk: Desk, name: str, shown: str):
    """In a code span that it can't end: no folder, markup, mention or invisible character works in it."""
    [sent] = desk.sent(("a.zip", b"PK\x05\x06" + bytes(18)))
    hostile = SentFile(name=name, url=sent.url, size=sent.size)
    read = await desk.files.read([hostile], desk.model)
    assert read.notes[0].startswith(f"I didn't read `{shown}`: it's an archive.")


async def test_a_text_of_one_long_line_is_cut_like_any_other(desk: Desk):
    """25 MB without a line break cost no more than with."""
    [attachment] = (await desk.read(("a.txt", b"x" * FILE_BYTES))).attachments
    assert len(attachment.text) < 100_100


@pytest.mark.parametrize(
    "program",
    ["import time; time.sleep(60)", "import os; os._exit(3)", "print('not json', flush=True)", "print('[]')"],
)
async def test_a_worker_that_hangs_or_dies_costs_one_file(open_desk: Callable[..., Any], program: str):
    """The next question gets a new one, and the reader never fails."""
    parser = Parser(command=(sys.executable, "-c", program), job_s=0.5)
    async with open_desk(parser=parser) as desk:
        note = await desk.declined(b"words", "a.txt")
        assert "too long" in note or "damaged" in note
        parser._command, parser._job_s = Parser()._command, 20.0
        assert await desk.text(b"words") == "words"


def told(process: asyncio.subprocess.Process, what: str) -> bytes:
    return Path(f"/proc/{process.pid}/{what}").read_bytes()


def temporary() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("*headwater*"))


async def test_the_worker_has_little_memory_and_writes_nothing(desk: Desk):
    """Its limits hold whatever is parsed."""
    if sys.platform != "linux":
        pytest.skip("limits of processes are told in /proc on Linux alone")
    await desk.text(b"words")
    process = desk.parser._process
    limits = told(process, "limits").decode().splitlines()
    held = {line[:25].strip(): line[26:46].strip() for line in limits}
    assert (held["Max address space"], held["Max file size"]) == (str(2**30), "0")
    environment = told(process, "environ")
    assert b"TOKEN" not in environment
    assert b"KEY" not in environment


async def test_the_worker_ends_by_itself_and_leaves_nothing_behind():
    """A while after the last file its memory is back; there are no temporary files at any time."""
    before = temporary()
    parser = Parser(idle_s=0.05)
    await parser.parse(Format.TEXT, b"words")
    process = parser._process
    async with asyncio.timeout(5):
        await process.wait()
    assert parser._process is None
    assert temporary() == before
    await parser.aclose()


async def test_the_event_loop_goes_on_while_files_are_read(desk: Desk):
    """A bomb, a huge text and a large photo together stop nothing for long."""
    worst, running = 0.0, True

    async def watch() -> None:
        nonlocal worst
        while running:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            worst = max(worst, time.monotonic() - before - 0.005)

    watching = asyncio.create_task(watch())
    files = [("a.png", samples.pixel_bomb()), ("b.txt", b"x" * 20_000_000), ("c.jpg", samples.photo())]
    read = await desk.read(*files)
    running = False
    await watching
    assert ([each.name for each in read.attachments], len(read.notes)) == (["b.txt", "c.jpg"], 1)
    assert worst < 0.5  # 0.05 by `python -m bench.files`; machines that run tests are busy
