"""The `FileReader` of a running bot: every file of a question is read, or said to be unread."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.attachments.excerpt import Excerpt, share
from bot.attachments.formats import HEAD_BYTES, Format, recognize
from bot.attachments.limits import (
    FILES_AT_ONCE,
    FILES_AT_ONCE_IN_ALL,
    READ_S,
    TEXT_CHARS,
    TEXT_CHARS_A_TOKEN,
)
from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import FILE_BYTES, FILES, KEPT_BYTES, SCAN_PAGES, Problem
from bot.conversation.ports import ReadFiles
from bot.core.names import plain_name
from bot.core.records import Attachment, AttachmentKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.attachments.download import Downloads
    from bot.attachments.inputs import Inputs
    from bot.attachments.listening import Listening
    from bot.attachments.parsing import Parser
    from bot.conversation.extras.unread import FileTexts
    from bot.core.events import Usage
    from bot.core.records import ModelInfo, SentFile

log = logging.getLogger(__name__)

REASONS = 5  # told of one question's files
DECLINED = {
    Format.VIDEO: Problem.VIDEO,
    Format.ARCHIVE: Problem.ARCHIVE,
    Format.PROGRAM: Problem.PROGRAM,
    Format.OLD_OFFICE: Problem.OLD_OFFICE,
    Format.HEIC: Problem.HEIC,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What became of one file."""

    name: str
    attachment: Attachment | None = None
    text: Excerpt = field(default_factory=lambda: Excerpt(""))  # of a text, before it is cut to its share
    note: str = ""
    usage: Usage | None = None
    unseen: bool = False  # a picture that the model can't look at


class DiscordFiles:
    """Downloads and parses; bounded in time, size and count for a question and for all of them together."""

    def __init__(
        self, downloads: Downloads, parser: Parser, *, inputs: Inputs, listening: Listening, texts: FileTexts
    ) -> None:
        self._downloads = downloads
        self._parser = parser
        self._inputs = inputs
        self._listening = listening
        self._texts = texts
        self._slots = asyncio.Semaphore(FILES_AT_ONCE_IN_ALL)

    def price(self, files: Sequence[SentFile], model: ModelInfo | None) -> int | None:
        return 0 if self._inputs.hears(model) else self._listening.price(files[:FILES])

    async def read(self, files: Sequence[SentFile], model: ModelInfo | None) -> ReadFiles:
        own_slots = asyncio.Semaphore(FILES_AT_ONCE)
        outcomes = await asyncio.gather(*(self._bounded(file, model, own_slots) for file in files[:FILES]))
        notes = self._notes(outcomes)
        if unseen := [outcome.name for outcome in outcomes if outcome.unseen]:
            name = model.name if model else ""
            notes.append(self._texts.blind(name, unseen, self._inputs.seeing(model)))
        if len(files) > FILES:
            notes.append(self._texts.too_many(len(files) - FILES))
        usage = None
        for outcome in outcomes:
            usage = outcome.usage.plus(usage) if outcome.usage else usage
        return ReadFiles(
            attachments=tuple(self._fitted(outcomes, model)),
            notes=tuple(notes),
            usage=usage,
            model=self._listening.model if usage else "",
        )

    def _notes(self, outcomes: Sequence[_Outcome]) -> list[str]:
        """A line for each file that has one: transcripts, and why files weren't read, the first few of those."""
        declined = [outcome.note for outcome in outcomes if outcome.note and outcome.attachment is None]
        notes = [outcome.note for outcome in outcomes if outcome.note and outcome.attachment]
        notes += declined[:REASONS]
        if len(declined) > REASONS:
            notes.append(self._texts.more_declined(len(declined) - REASONS))
        return notes

    def _fitted(self, outcomes: Sequence[_Outcome], model: ModelInfo | None) -> list[Attachment]:
        """The attachments, each text cut to its share of what one question may bring."""
        limit = TEXT_CHARS
        if model is not None:
            limit = min(limit, int(model.context_length * TEXT_CHARS_A_TOKEN))
        shares = share([len(outcome.text.text) for outcome in outcomes], limit)
        fitted = []
        for outcome, characters in zip(outcomes, shares, strict=True):
            attachment, text = outcome.attachment, outcome.text.within(characters)
            if attachment is None:
                continue
            if attachment.kind is AttachmentKind.TEXT and text.text:
                missing = [attachment.note, self._texts.shortened(text.left_out) if text.left_out else ""]
                attachment = replace(attachment, text=text.marked(), note="; ".join(filter(None, missing)))
            fitted.append(attachment)
        return fitted

    # One file

    async def _bounded(self, file: SentFile, model: ModelInfo | None, own_slots: asyncio.Semaphore) -> _Outcome:
        name = name_of(file)
        try:
            async with asyncio.timeout(READ_S), own_slots, self._slots:
                return await self._read(name, file, model)
        except FileProblemError as error:
            return self._declined(name, error.problem)
        except TimeoutError:
            return self._declined(name, Problem.SLOW)
        except Exception:  # whatever is wrong with one file, the question is answered
            log.exception("a file could not be read")
            return self._declined(name, Problem.DAMAGED)

    def _declined(self, name: str, problem: Problem) -> _Outcome:
        log.info("a file was declined: %s", problem.value)
        return _Outcome(name=name, note=self._texts.declined(name, problem))

    async def _read(self, name: str, file: SentFile, model: ModelInfo | None) -> _Outcome:
        if file.size > FILE_BYTES:
            raise FileProblemError(Problem.TOO_LARGE)
        data = await self._downloads.fetch(file.url)
        if not data:
            raise FileProblemError(Problem.EMPTY)
        recognized = recognize(bytes(data[:HEAD_BYTES]))
        if problem := DECLINED.get(recognized.format):
            raise FileProblemError(problem)
        match recognized.format:
            case Format.PICTURE:
                return await self._picture(name, data, model)
            case Format.AUDIO:
                return await self._recording(name, file, kept(data), recognized.media_type, model)
            case Format.PDF:
                return await self._pdf(name, data, model)
            case _:
                parsed = await self._parser.parse(recognized.format, data)
                return self._text(name, parsed.payload, parsed.facts)

    async def _picture(self, name: str, data: bytearray, model: ModelInfo | None) -> _Outcome:
        if not self._inputs.sees(model):
            return _Outcome(name=name, unseen=True)
        parsed = await self._parser.parse(Format.PICTURE, data)
        facts = parsed.facts
        picture = Attachment(
            name=name,
            kind=AttachmentKind.PICTURE,
            data=parsed.payload,
            media_type=facts["media_type"],
            width=facts["width"],
            height=facts["height"],
            note=self._texts.first_frame() if facts["animated"] else "",
        )
        return _Outcome(name=name, attachment=picture)

    async def _recording(
        self, name: str, file: SentFile, data: bytes, media_type: str, model: ModelInfo | None
    ) -> _Outcome:
        recording = Attachment(
            name=name, kind=AttachmentKind.AUDIO, data=data, media_type=media_type, seconds=file.seconds
        )
        if self._inputs.hears(model):
            return _Outcome(name=name, attachment=recording)
        transcript = await self._listening.transcribe(file, recording)
        if not transcript.text.strip():  # it's paid for all the same
            return replace(self._declined(name, Problem.EMPTY), usage=transcript.usage)
        heard = replace(recording, data=b"", text=transcript.text)
        note = self._texts.transcript(name, transcript.text)
        return _Outcome(name=name, attachment=heard, note=note, usage=transcript.usage)

    async def _pdf(self, name: str, data: bytearray, model: ModelInfo | None) -> _Outcome:
        parsed = await self._parser.parse(Format.PDF, data)
        pages = parsed.facts["pages"]
        if not parsed.facts.get("scan"):
            return self._text(name, parsed.payload, parsed.facts)
        if not self._inputs.reads_scans(model):
            raise FileProblemError(Problem.SCAN)
        if pages > SCAN_PAGES:
            raise FileProblemError(Problem.LONG_SCAN)
        scan = Attachment(
            name=name,
            kind=AttachmentKind.DOCUMENT,
            data=kept(data),
            media_type="application/pdf",
            pages=pages,
        )
        return _Outcome(name=name, attachment=scan)

    def _text(self, name: str, payload: bytes, facts: dict[str, int]) -> _Outcome:
        text = Excerpt(payload.decode("utf-8", "replace"), facts["at"], facts["left_out"])
        pages, read = facts.get("pages"), facts.get("read", 0)
        note = self._texts.some_pages(read, pages) if pages and read < pages else ""
        attachment = Attachment(name=name, kind=AttachmentKind.TEXT, text=text.text, pages=pages, note=note)
        return _Outcome(name=name, attachment=attachment, text=text)


def name_of(file: SentFile) -> str:
    """A file's name on one line, without the folders that some clients put in front."""
    return plain_name(file.name.replace("\\", "/").rpartition("/")[2]) or "file"


def kept(data: bytearray) -> bytes:
    """The bytes of a file that goes to the model as it is.

    Raises:
        FileProblemError: it's too large for that.
    """
    if len(data) > KEPT_BYTES:
        raise FileProblemError(Problem.TOO_LARGE)
    return bytes(data)
