"""What is said about the files of a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.conversation.extras.unread import FILE_BYTES, FILES, KEPT_BYTES, SCAN_PAGES, Problem
from bot.ui.texts.names import shown_code, shown_text

if TYPE_CHECKING:
    from collections.abc import Sequence

MEGABYTE = 2**20
NAME_CHARS = 60
TRANSCRIPT_CHARS = 500  # shown; the model reads all of it
NAMED = 3  # pictures named in one sentence
REASONS = {
    Problem.TOO_LARGE: f"it's too large. I read files of up to {FILE_BYTES // MEGABYTE} MB, and recordings and "
    f"scans of up to {KEPT_BYTES // MEGABYTE} MB.",
    Problem.EMPTY: "there's nothing in it.",
    Problem.GONE: "Discord doesn't have it anymore. Send it again.",
    Problem.UNREACHABLE: "the download from Discord failed. Try again, or send it again.",
    Problem.SLOW: "it took too long. Try again, or send a smaller file.",
    Problem.ARCHIVE: "it's an archive. Send the files in it one by one.",
    Problem.PROGRAM: "it's a program. I read texts, pictures, PDFs and Office documents.",
    Problem.VIDEO: "it's a video. Send a picture of the moment you mean.",
    Problem.OLD_OFFICE: "it has Office's old format. Save it as docx, xlsx or pptx, and send that.",
    Problem.HEIC: "I can't open HEIC pictures. Send it as JPEG or PNG.",
    Problem.UNKNOWN: "I don't know this kind of file. I read texts, pictures, PDFs and Office documents.",
    Problem.DAMAGED: "it's damaged. Save it again, and send that.",
    Problem.LOCKED: "it's locked with a password. Send it without one.",
    Problem.TOO_MANY_PIXELS: "it has too many pixels. Send a smaller version.",
    Problem.UNPACKS_TOO_LARGE: "it unpacks to more than I can read. Send a smaller file.",
    Problem.SCAN: "it's a scan without text, and this model can't read scans. Send its pages as pictures.",
    Problem.LONG_SCAN: f"it's a scan of more than {SCAN_PAGES} pages. Send the pages you mean.",
    Problem.DEAF: "this model can't listen to recordings. An admin can choose one that can with `/model set`.",
    Problem.NOT_TRANSCRIBED: "it couldn't be transcribed. Try again later.",
}


class FileSentences:
    """The `FileTexts` of a running bot."""

    def declined(self, name: str, problem: Problem) -> str:
        return f"I didn't read {shown_code(name, limit=NAME_CHARS)}: {REASONS[problem]}"

    def more_declined(self, files: int) -> str:
        return f"I didn't read {'1 more file' if files == 1 else f'{files} more files'} either."

    def too_many(self, unread: int) -> str:
        files = "1 file" if unread == 1 else f"{unread} files"
        return f"I didn't read the last {files}: I read {FILES} with a question."

    def blind(self, model: str, pictures: Sequence[str], seeing: Sequence[str]) -> str:
        named = [shown_code(name, limit=NAME_CHARS) for name in pictures[:NAMED]]
        if len(pictures) > NAMED:
            named.append(f"{len(pictures) - NAMED} more")
        who = shown_text(model) or "This model"
        sentence = f"{who} can't look at pictures, so it didn't see {', '.join(named)}."
        if not seeing:
            return sentence
        others = " or ".join(shown_code(other, limit=100) for other in seeing)
        return f"{sentence} {others} could: an admin can choose with `/model set`."

    def transcript(self, name: str, text: str) -> str:
        heard = shown_text(text)
        if len(heard) > TRANSCRIPT_CHARS:
            heard = f"{heard[: TRANSCRIPT_CHARS - 1]}…"
        return f"I heard in {shown_code(name, limit=NAME_CHARS)}: {heard}"

    def shortened(self, characters: int) -> str:
        return f"{characters:,} characters in the middle left out"

    def first_frame(self) -> str:
        return "the first frame of an animation"

    def some_pages(self, read: int, pages: int) -> str:
        return f"{read:,} of {pages:,} pages"
