"""A zip of XML files, unpacked and walked within bounds."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Protocol
from xml.parsers import expat

from bot.attachments.limits import UNPACKED_BYTES
from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRIES = 10_000  # files in a document
PIECE = 2**16


class Visitor(Protocol):
    """Is shown the tags and the text of a file; the names come without their namespaces."""

    def start(self, tag: str, given: Mapping[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def text(self, data: str) -> None: ...


class Package:
    """A document's files. All that is unpacked of them together has one bound."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise FileProblemError(Problem.DAMAGED) from error
        if len(self._zip.infolist()) > ENTRIES:
            raise FileProblemError(Problem.ARCHIVE)
        self.names = set(self._zip.namelist())
        self._left = UNPACKED_BYTES

    def walk(self, name: str, visitor: Visitor) -> None:
        """Show a visitor the XML of a file; nothing where there is no such file.

        Raises:
            FileProblemError: it's damaged, locked, or unpacks too large.
        """
        if name not in self.names:
            return
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = lambda tag, given: visitor.start(_local(tag), _locals(given))
        parser.EndElementHandler = lambda tag: visitor.end(_local(tag))
        parser.CharacterDataHandler = visitor.text
        parser.StartDoctypeDeclHandler = _refuse
        parser.buffer_text = True
        try:
            self._feed(name, parser)
        except RuntimeError as error:  # zipfile's word for a password
            raise FileProblemError(Problem.LOCKED) from error
        except (expat.ExpatError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise FileProblemError(Problem.DAMAGED) from error

    def _feed(self, name: str, parser: expat.XMLParserType) -> None:
        with self._zip.open(name) as file:
            while piece := file.read(PIECE):
                self._left -= len(piece)
                if self._left < 0:
                    raise FileProblemError(Problem.UNPACKS_TOO_LARGE)
                parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - expat's own signature


def _local(tag: str) -> str:
    return tag.rpartition(" ")[2]


def _locals(given: Mapping[str, str]) -> dict[str, str]:
    return {_local(name): value for name, value in given.items()}


def _refuse(*_: object) -> None:
    raise FileProblemError(Problem.DAMAGED)
