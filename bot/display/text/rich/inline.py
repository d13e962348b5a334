"""What a line has within it: formulas, links, pictures, footnotes, HTML; everything else passes as it is.

A construct that may still become one of these is held back until it's decided, within bounds: nothing that is on
show has to change.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.display.text.rich.constructs import bracket, entity, tag
from bot.display.text.rich.formulas import backslash, dollar
from bot.display.text.rich.found import UNDECIDED, Found

if TYPE_CHECKING:
    from collections.abc import Callable

ENDS_OPEN = frozenset("*_~|!(\"'\u201c\u2018")
STYLES = frozenset({"**", "*", "__", "~~"})
MOST_MARKS = 12  # in a row that wait for what follows them

BUSY = re.compile(r"[`\\$\[<&\n:*_~|!]")  # what isn't here passes without a look
_SPECIAL = re.compile(r"[`\\$\[<&\n]|!\[|:(?=//|/?\Z)")
# Marks, with a bracket or a quote that may follow them; an exclamation mark may begin a picture.
_MARKS = r"[*_~|]+[(\"'\u201c\u2018]?"
_MARKS_AT_END, _MARKS_BEFORE = re.compile(rf"(?:{_MARKS}!?|!)\Z"), re.compile(rf"{_MARKS}!?\Z")
_MARKS_BEFORE_PICTURE = re.compile(rf"{_MARKS}\Z")
_URL_END = re.compile(r"[\s<>]")
_TICKS = re.compile(r"`{1,8}")
_SCHEME = re.compile(r"https?\Z", re.IGNORECASE)
FENCE_TICKS, LONGEST_FENCE = 3, 8
LOOK_BACK = 8  # characters before one that tell what it means

Pieces = list[tuple[str, str]]  # (shown, said)


class Inline:
    """Reads one line after another. `raw` is set where the rest of a line is not to be touched."""

    def __init__(self) -> None:
        self.raw = False
        self.heading = False  # shown in bold: marks for that within it are left out
        self._code = ""  # the backticks of the code that is open
        self._in_url = False
        self._last = ""  # the characters before

    def copy(self) -> Inline:
        other = Inline()
        other.__dict__.update(self.__dict__)
        return other

    @property
    def is_idle(self) -> bool:
        """Whether text that has nothing special in it passes as it is."""
        return not (self._code or self._in_url)

    def passed(self, text: str) -> None:
        """Such text has passed."""
        self._last = text[-LOOK_BACK:] if len(text) >= LOOK_BACK else (self._last + text)[-LOOK_BACK:]

    def scan(self, text: str, *, final: bool) -> tuple[Pieces, str]:
        """What is decided of a text, up to and with its first line's end, and the rest of the text.

        `final` leaves nothing undecided.
        """
        pieces: Pieces = []
        at = 0
        while at < len(text):
            if self._in_url:
                end = _URL_END.search(text, at)
                self._put(pieces, text[at : end.start() if end else len(text)])
                pieces.append(("", ""))  # marks at an address's end are the address's
                self._in_url, at = end is None, end.start() if end else len(text)
            start, at = at, self._passing(text, at)
            if at > start:
                self._put(pieces, text[start:at])
            if at == len(text):
                break
            found = self._construct(text, at, final=final)
            if found is UNDECIDED and not final:
                return self._hold(pieces, text[at:])
            if found is UNDECIDED:
                found = self._construct(text + "\n", at, final=True)
                found = found if at < found.end <= len(text) else Found(at + 1, text[at])
            self._put(pieces, found.shown, text[at : found.end])
            at = found.end
            if text[at - 1] == "\n" and found.shown == "\n":
                self._end_line()
                return pieces, text[at:]
        return (pieces, "") if final else self._hold(pieces, "")

    def _put(self, pieces: Pieces, shown: str, said: str | None = None) -> None:
        said = shown if said is None else said
        touched = self.raw or self._code or self._in_url
        pieces.append((shown if touched else self._styled(shown), said))
        self.passed(shown)

    def _styled(self, text: str) -> str:
        """All of a heading is bold: marks for that within it would end it."""
        return text.replace("**", "") if self.heading else text

    def _hold(self, pieces: Pieces, rest: str) -> tuple[Pieces, str]:
        """Hold the rest, and marks before it: what they mean depends on what follows."""
        if not pieces or self.raw or self._code or self._in_url:
            return [piece for piece in pieces if piece[1]], rest
        shown, said = pieces[-1]
        if said[-1:] in ENDS_OPEN and shown == self._styled(said):
            before = _MARKS_BEFORE_PICTURE if rest.startswith("!") else _MARKS_BEFORE if rest else _MARKS_AT_END
            marks = before.search(said)
            start = marks.start() if marks else len(said)
            start += 0 < start < len(said) and said[start - 1] == "\\"  # what a backslash stands before is no mark
            if len(said) - start <= MOST_MARKS:
                pieces[-1] = (self._styled(said[:start]), said[:start])
                self._last = self._last[: len(self._last) - (len(said) - start)]
                rest = said[start:] + rest
            if not start:
                pieces.pop()
        while rest and pieces and pieces[-1][0] in STYLES and pieces[-1][0] != pieces[-1][1]:
            shown, said = pieces.pop()  # a tag that stands for marks
            self._last = self._last[: -len(shown)]
            rest = said + rest
        return [piece for piece in pieces if piece[1]], rest

    def _end_line(self) -> None:
        self.raw = self.heading = self._in_url = False
        self._code = self._last = ""

    def _passing(self, text: str, at: int) -> int:
        """The offset up to which a text passes as it is."""
        if self.raw:
            return _found(text.find("\n", at), text)
        if self._code:
            return min(_found(text.find("\n", at), text), _found(text.find("`", at), text))
        special = _SPECIAL.search(text, at)
        return special.start() if special else len(text)

    def _construct(self, text: str, at: int, *, final: bool) -> Found:
        character = text[at]
        if character == "\n":
            return Found(at + 1, "\n")
        if character == ":":
            return self._address(text, at)
        if character == "`":
            return self._ticks(text, at, final=final)
        if character == "$" and self._last[-1:].isalnum():
            return Found(at + 1, "$")  # US$, and the names of variables
        found = _CONSTRUCTS[character](text, at)
        if found.shown.startswith("```"):
            return self._block(found, text)
        return _broken(found, text) if found.shown == "\n" else found

    def _block(self, found: Found, text: str) -> Found:
        """A formula's code block takes lines of its own."""
        if found.end == len(text):
            return UNDECIDED  # what follows tells whether the line ends here
        above = "\n" if self._last.strip() else ""
        follows = text[found.end]
        return Found(found.end + (follows == " "), above + found.shown + ("" if follows == "\n" else "\n"))

    def _address(self, text: str, at: int) -> Found:
        if not _SCHEME.search(self._last):
            return Found(at + 1, ":")
        if text[at : at + 3] != "://":
            return UNDECIDED
        self._in_url = True
        return Found(at + 3, "://")

    def _ticks(self, text: str, at: int, *, final: bool) -> Found:
        ticks = _TICKS.match(text, at)
        run = ticks[0] if ticks else "`"
        end = at + len(run)
        if end == len(text) and not final and len(run) < LONGEST_FENCE:
            return UNDECIDED
        if self._code:
            if run == self._code:
                self._code = ""
        elif len(run) >= FENCE_TICKS:
            self.raw = True
        else:
            self._code = run
        return Found(end, run)


def _broken(found: Found, text: str) -> Found:
    """A line break: at a line's end it breaks nothing more, and a space after it would only indent the line."""
    if found.end == len(text):
        return UNDECIDED
    follows = text[found.end]
    return Found(found.end + (follows == " "), "" if follows == "\n" else "\n")


def _found(at: int, text: str) -> int:
    return len(text) if at < 0 else at


_CONSTRUCTS: dict[str, Callable[[str, int], Found]] = {
    "\\": backslash,
    "$": dollar,
    "[": bracket,
    "!": bracket,
    "<": tag,
    "&": entity,
}


def shown_inline(text: str) -> str:
    """A text that is complete, such as a table's cell, as it's shown."""
    if not BUSY.search(text):
        return text
    pieces, _ = Inline().scan(text, final=True)
    return "".join(shown for shown, _ in pieces)
