"""The text of a PDF. PDFium is built without scripts, so none in it runs."""

from __future__ import annotations

import pypdfium2  # type: ignore[import-untyped] # it has no types
from pypdfium2.raw import FPDF_ERR_PASSWORD  # type: ignore[import-untyped] # the same

from bot.attachments.excerpt import Excerpt
from bot.attachments.limits import PDF_PAGES, SCAN_CHARS, TEXT_CHARS
from bot.attachments.problems import FileProblemError
from bot.attachments.worker.results import Result, text_result
from bot.conversation.extras.unread import Problem

DAMAGED = "(This page is damaged.)"


def read_pdf(data: bytes) -> Result:
    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == FPDF_ERR_PASSWORD
        raise FileProblemError(Problem.LOCKED if locked else Problem.DAMAGED) from error
    pages = len(pdf)
    if not pages:
        raise FileProblemError(Problem.EMPTY)
    begin, end = read_pages(pdf)
    if DAMAGED in begin and set(begin + end) == {DAMAGED}:
        raise FileProblemError(Problem.DAMAGED)
    letters = sum(len(text.strip()) for text in (*begin, *end))
    if letters < SCAN_CHARS * (len(begin) + len(end)):
        return Result(facts={"pages": pages, "scan": True})
    return text_result(joined(begin, end, pages).within(TEXT_CHARS), pages=pages, read=len(begin) + len(end))


def read_pages(pdf: pypdfium2.PdfDocument) -> tuple[list[str], list[str]]:
    """The first pages and the last ones: all of them, or as many as a question has room for."""
    begin: list[str] = []
    end: list[str] = []
    size, pages = [0, 0], len(pdf)
    while len(begin) + len(end) < min(pages, PDF_PAGES) and sum(size) < TEXT_CHARS:
        if 2 * size[0] <= 3 * size[1] or pages <= 1:
            begin.append(page_text(pdf, len(begin)))
            size[0] += len(begin[-1]) + 1
        else:
            end.append(page_text(pdf, pages - 1 - len(end)))
            size[1] += len(end[-1]) + 1
    return begin, end[::-1]


def page_text(pdf: pypdfium2.PdfDocument, index: int) -> str:
    """One page; what stands for one that is damaged."""
    try:
        page = pdf[index]
        text: str = page.get_textpage().get_text_bounded(errors="replace")
        page.close()
    except pypdfium2.PdfiumError:
        return DAMAGED
    return text.replace("\r\n", "\n").replace("\0", "")


def joined(begin: list[str], end: list[str], pages: int) -> Excerpt:
    """The pages with their numbers, and how many are missing between them."""
    first = [f"[Page {number}]\n{text.strip()}" for number, text in enumerate(begin, 1)]
    last = [f"[Page {number}]\n{text.strip()}" for number, text in enumerate(end, pages - len(end) + 1)]
    missing = pages - len(begin) - len(end)
    gap = [f"[… {missing:,} pages left out …]"] if missing else []
    return Excerpt("\n\n".join([*first, *gap, *last]))
