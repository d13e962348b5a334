"""A text in any encoding."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from bot.attachments.excerpt import Excerpt
from bot.attachments.limits import TEXT_CHARS
from bot.attachments.problems import FileProblemError
from bot.attachments.worker.results import Result, text_result
from bot.conversation.extras.unread import Problem

BOMS = (  # the longer ones first: UTF-16's is the beginning of UTF-32's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SAMPLE = 2**16  # bytes that an encoding is guessed by, characters that tell text from data
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
MOST_CONTROLS = 0.01  # of a text's characters
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colors of a terminal, in logs


def read_text(data: bytes) -> Result:
    text = plain(decoded(data))
    if not text.strip():
        raise FileProblemError(Problem.EMPTY)
    return text_result(Excerpt(text).within(TEXT_CHARS))


def decoded(data: bytes) -> str:
    """By its byte order mark, as UTF-16 without a mark, as UTF-8, or as what its bytes look most like."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if wide := utf16_without_mark(data[:SAMPLE]):
        return data.decode(wide, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        begin = max(0, error.start - SAMPLE // 2)
        return misfit(data, data[begin : begin + SAMPLE])


def misfit(data: bytes, sample: bytes) -> str:
    """What isn't UTF-8 throughout, by a part of it that isn't."""
    text = sample.decode("utf-8", "replace")
    # A few broken characters in a text that has many whole ones, such as where a log was cut.
    beyond_ascii = sum(char > "\x7f" for char in text)
    if text.count("\ufffd") * 10 <= beyond_ascii:
        return data.decode("utf-8", "replace")
    best = from_bytes(sample).best()
    if best is None:
        raise FileProblemError(Problem.UNKNOWN)
    return data.decode(best.encoding, "replace")


def utf16_without_mark(sample: bytes) -> str | None:
    """Most letters of the most used scripts leave one byte of two empty."""
    half = len(sample) // 2
    if half and sample[1::2].count(0) > 0.4 * half > 10 * sample[::2].count(0):
        return "utf-16-le"
    if half and sample[::2].count(0) > 0.4 * half > 10 * sample[1::2].count(0):
        return "utf-16-be"
    return None


def plain(text: str) -> str:
    """Without terminal colors and with one kind of line break.

    Raises:
        FileProblemError: it isn't a text.
    """
    sample = ESCAPES.sub("", text[:SAMPLE])
    if len(CONTROLS.findall(sample)) > MOST_CONTROLS * len(sample):
        raise FileProblemError(Problem.UNKNOWN)
    text = ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return CONTROLS.sub("", text)
