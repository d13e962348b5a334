"""The text of Office documents, read straight from the XML in them.

A walk of its own in place of python-docx, openpyxl and python-pptx: those build whole trees (a docx of 67 kB can
hold 31 MB of XML), want lxml, and two of the three are hardly maintained. Here everything streams through expat,
nothing is larger than `UNPACKED_BYTES`, and a document type, where entities would be declared, ends it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.attachments.excerpt import Excerpt
from bot.attachments.limits import TEXT_CHARS
from bot.attachments.problems import FileProblemError
from bot.attachments.worker.package import Package
from bot.attachments.worker.results import Result, text_result
from bot.attachments.worker.sheets import read_xlsx
from bot.conversation.extras.unread import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

SLIDE = re.compile(r"ppt/slides/slide(\d+)\.xml")
ENDS = {"p": "\n", "h": "\n", "tr": "\n", "table-row": "\n", "tc": "\t", "table-cell": "\t"}
BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "line-break": "\n", "s": " "}
CELLS = {"tc", "table-cell"}


class Prose:
    """Notes the text between tags."""

    def __init__(self, collect: frozenset[str]) -> None:
        """`collect` are the tags whose text counts."""
        self.out: list[str] = []
        self._collect = collect
        self._inside = self._cells = 0

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        del given
        self._inside += tag in self._collect
        self._cells += tag in CELLS
        if tag in BREAKS:
            self.out.append(BREAKS[tag])

    def end(self, tag: str) -> None:
        self._inside -= tag in self._collect
        self._cells -= tag in CELLS
        if tag in ENDS:
            self.out.append(" " if self._cells and tag in {"p", "h"} else ENDS[tag])

    def text(self, data: str) -> None:
        if self._inside:
            self.out.append(data)

    @property
    def prose(self) -> str:
        return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", "".join(self.out))).strip()


def read_office(data: bytes) -> Result:
    package = Package(data)
    reader = next((reader for name, reader in READERS.items() if name in package.names), None)
    if reader is None:
        raise FileProblemError(Problem.ARCHIVE)
    text = reader(package)
    if not text.strip():
        raise FileProblemError(Problem.EMPTY)
    return text_result(Excerpt(text).within(TEXT_CHARS))


def read_docx(package: Package) -> str:
    visitor = Prose(frozenset({"t"}))
    for part in ("document", "footnotes", "endnotes"):
        package.walk(f"word/{part}.xml", visitor)
    return visitor.prose


def read_pptx(package: Package) -> str:
    numbers = sorted(int(found[1]) for name in package.names if (found := SLIDE.fullmatch(name)))
    slides = []
    for number in numbers:
        visitor = Prose(frozenset({"t"}))
        package.walk(f"ppt/slides/slide{number}.xml", visitor)
        slides.append(f"[Slide {number}]\n{visitor.prose}")
    return "\n\n".join(slides)


def read_open_document(package: Package) -> str:
    visitor = Prose(frozenset({"p", "h"}))
    package.walk("content.xml", visitor)
    return visitor.prose


# By the file that each kind has.
READERS = {
    "word/document.xml": read_docx,
    "xl/workbook.xml": read_xlsx,
    "ppt/presentation.xml": read_pptx,
    "content.xml": read_open_document,
}
