"""What a growing text reads like in Discord: each piece is decided once, and what is shown never changes after.

Code passes untouched. Where it isn't clear yet what a piece will be, such as half a link or the head of a table,
it's held back, within bounds.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from bot.display.text.markdown import Fences, fences_after
from bot.display.text.rich.inline import BUSY, Inline, shown_inline
from bot.display.text.rich.tables import MOST_COLUMNS, Table, cells_of, is_separator, may_become_separator

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE = 8  # rows that a table's form is chosen by; more are shown as they come
LONGEST_ROW = 4000  # characters of a line that may be a table's
LONGEST_LEAD = 60  # characters of white space and marks at a line's start
RULE = "─" * 12

_LEAD_AHEAD = re.compile(r"[ \t>#*+\-_=\d.)\[\]xX`~]*\Z")
_LEAD = re.compile(
    r"(?P<quote>(?:[ \t]{0,3}>[ ]?)*)(?P<indent>[ \t]*)"
    r"(?P<item>(?:[-*+]|\d{1,9}[.)])[ \t]+)?(?P<task>\[[ xX]\][ \t]+)?"
)
_QUOTED = re.compile(r"(?:[ \t]{0,3}>[ ]?)+")
_HEADING = re.compile(r"(#{4,6})[ \t]+(?=\S)")
_RULER = re.compile(r"[ \t]*(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})\n?\Z")
_FENCE = re.compile(r"`{3,}|~{3,}")


class Rendering:
    """Renders a text that comes bit by bit; it knows of each shown piece what was said."""

    def __init__(self) -> None:
        self._rest = ""  # not decided yet
        self._inline = Inline()
        self._fences: Fences = ()  # open where the line begins
        self._line: list[str] = []  # what was said of the line that is being shown; empty at a line's start
        self._in_line = False
        self._ends_in = ""  # what closes the line
        self._quote = ""  # what each line of its quote begins with
        self._table: _OpenTable | None = None
        self._shown: list[str] = []
        self._runs: deque[tuple[int, str]] = deque()  # (characters shown, what was said) of each piece

    def copy(self) -> Rendering:
        """Another one at the same point."""
        other = Rendering()
        other.__dict__.update(self.__dict__)
        other._inline = self._inline.copy()
        other._line, other._shown, other._runs = [*self._line], [], deque(self._runs)
        other._table = self._table.copy() if self._table else None
        return other

    @property
    def rows_held(self) -> int | None:
        """How many rows of a table are known, but not shown yet; None where no table waits to be shown."""
        return self._table.held if self._table and self._table.waits else None

    def feed(self, delta: str) -> str:
        """Take more of the text; return what more of it can be shown."""
        if not self._rest and self._passes(delta):
            self._say(delta, delta)
        else:
            self._advance(self._rest + delta, final=False)
        return self._taken()

    def end(self) -> str:
        """The text ends: return what was held back of it."""
        self._advance(self._rest, final=True)
        if self._table:
            self._close_table()
        if self._ends_in and self._in_line:
            self._say(self._ends_in, "")
        return self._taken()

    def take(self, length: int) -> str:
        """What was said of the next so many characters shown; it's not told again."""
        said: list[str] = []
        while self._runs and length > 0:
            shown, text = self._runs.popleft()
            if shown > length:
                # Of a piece that is shown in another form, nothing counts as shown before all of it is.
                is_exact = shown == len(text)
                said.append(text[:length] if is_exact else "")
                self._runs.appendleft((shown - length, text[length:] if is_exact else text))
                break
            said.append(text)
            length -= shown
        return "".join(said)

    def said(self) -> str:
        """What was said of all that is shown and not taken."""
        return "".join(text for _, text in self._runs)

    # Inside

    def _passes(self, delta: str) -> bool:
        if not self._in_line:
            return False
        return "\n" not in delta if self._inline.raw else self._inline.is_idle and not BUSY.search(delta)

    def _taken(self) -> str:
        shown = "".join(self._shown)
        self._shown.clear()
        return shown

    def _say(self, shown: str, said: str) -> None:
        """Show something for what was said."""
        self._shown.append(shown)
        self._runs.append((len(shown), said))
        self._line.append(said)
        if shown is said:
            self._inline.passed(shown)

    def _advance(self, text: str, *, final: bool) -> None:
        before = None
        while text and before != (before := (len(text), self._in_line, self._table is None)):
            text = self._go_on(text, final=final) if self._in_line else self._begin(text, final=final)
        self._rest = text

    # Within a line

    def _go_on(self, text: str, *, final: bool) -> str:
        pieces, rest = self._inline.scan(text, final=final)
        for shown, said in pieces:
            if said == "\n" and shown == "\n":
                self._end_line()
            else:
                self._put(shown.replace("\n", f"\n{self._quote}") if self._quote else shown, said)
        return rest

    def _put(self, shown: str, said: str) -> None:
        self._shown.append(shown)
        self._runs.append((len(shown), said))
        self._line.append(said)

    def _end_line(self) -> None:
        self._put(self._ends_in + "\n", "\n")
        line = "".join(self._line)
        if self._fences or "```" in line or "~~~" in line:
            self._fences = fences_after("\n" + line, self._fences)
        self._line.clear()
        self._in_line = False
        self._ends_in = self._quote = ""

    # At a line's start

    def _begin(self, text: str, *, final: bool) -> str:
        """Decide what a line is; return the text after its lead, or all of it while that isn't clear."""
        end = text.find("\n")
        line = text if end < 0 else text[: end + 1]
        is_open = end < 0 and not final and len(line) < LONGEST_LEAD
        if self._fences and not (self._fences[-1].quote and not line.lstrip().startswith(">")):
            return text if is_open and not line.strip(" \t>") else self._code_line(text, line)
        if self._table is not None:
            return self._table_line(text, line, final=final)
        if text[0].isalpha() or text[0] == "\n":
            return self._enter(text, "")
        if is_open and _LEAD_AHEAD.match(line):
            return text
        lead = _LEAD.match(line)
        after = line[lead.end() :] if lead else line
        is_table = after.startswith("|") and not after.startswith("||")
        return self._table_head(text, line, final=final) if is_table else self._plain_line(text, line)

    def _code_line(self, text: str, line: str) -> str:
        quote = _quote_of(line) if self._fences and self._fences[-1].quote else ""
        return self._enter(text, quote, shown=_quoted(quote, flat=True), raw=True)

    def _plain_line(self, text: str, line: str) -> str:
        quote = _quote_of(line)
        rest = line[len(quote) :]
        self._quote = _quoted(quote, flat=True)
        if _RULER.match(rest):
            return self._enter(text, line.rstrip("\n"), shown=_quoted(quote) + RULE)
        if _FENCE.match(rest.lstrip()):
            return self._enter(text, quote, shown=_quoted(quote, flat=True), raw=True)
        heading = _HEADING.match(rest)
        if heading:
            self._ends_in = "**"
            self._inline.heading = True
            return self._enter(text, quote + heading[0], shown=_quoted(quote) + "**")
        lead = _LEAD.match(line)
        said = lead[0] if lead else ""
        return self._enter(text, said, shown=_lead_of(lead, quote) if lead else "")

    def _enter(self, text: str, said: str, *, shown: str | None = None, raw: bool = False) -> str:
        """Show a line's lead, and go on within the line."""
        self._in_line = True
        if raw:
            self._inline.raw = True
        if said:
            self._put(said if shown is None else shown, said)
        return text[len(said) :]

    # Tables

    def _table_head(self, text: str, line: str, *, final: bool) -> str:
        """Wait for the line below: only that tells a table's head from a line with bars."""
        following = text[len(line) :]
        if not line.endswith("\n") or "\n" not in following:
            waits = len(line) <= LONGEST_ROW and (not following or may_become_separator(_unquoted(following)))
            if waits and not final:
                return text
        separator = following.partition("\n")[0]
        head = _cells(line)
        if not is_separator(_unquoted(separator)) or not 1 <= len(head) <= MOST_COLUMNS:
            return self._plain_line(text, line)
        said = line + separator + following[len(separator) :][:1]
        self._table = _OpenTable(quote=_quote_of(line), head=head, separator=_unquoted(separator), said=said)
        return text[len(said) :]

    def _table_line(self, text: str, line: str, *, final: bool) -> str:
        table = self._table
        assert table is not None  # noqa: S101 - asked for while one is open
        body = _unquoted(line).lstrip() if table.quote else line.lstrip()
        if table.quote and line.strip() and not line.lstrip().startswith(">"):
            body = ""
        is_row = body.startswith("|")
        if not line.endswith("\n") and not final and len(line) <= LONGEST_ROW and (not body.strip() or is_row):
            return text
        if not is_row:
            self._close_table()
            return text
        self._show(table.add(_cells(line), line))
        return text[len(line) :]

    def _close_table(self) -> None:
        if self._table is not None:
            self._show(self._table.close())
        self._table = None
        self._line.clear()

    def _show(self, pieces: Sequence[tuple[str, str]]) -> None:
        for shown, said in pieces:
            self._put(shown, said)


class _OpenTable:
    """A table while its rows come."""

    def __init__(self, *, quote: str, head: list[str], separator: str, said: str) -> None:
        self.quote = quote
        self._head, self._separator = head, separator
        self._rows: list[tuple[list[str], str]] = [([], said)]
        self._table: Table | None = None

    def copy(self) -> _OpenTable:
        other = _OpenTable(quote=self.quote, head=self._head, separator=self._separator, said="")
        other._rows, other._table = [*self._rows], self._table
        return other

    @property
    def waits(self) -> bool:
        return self._table is None

    @property
    def held(self) -> int:
        return len(self._rows) - 1

    def add(self, cells: list[str], said: str) -> list[tuple[str, str]]:
        """Another row; what can be shown now, with what was said."""
        if self._table is not None:
            return [(self._lines(self._table.row(cells, is_first=False)), said)]
        self._rows.append((cells, said))
        return self._open() if self.held >= SAMPLE else []

    def close(self) -> list[tuple[str, str]]:
        """The end; what can be shown now, with what was said."""
        pieces = [] if self._table is not None else self._open()
        closing = self._table.closing() if self._table else []
        return [*pieces, (self._lines(closing), "")] if closing else pieces

    def _open(self) -> list[tuple[str, str]]:
        rows = [cells for cells, _ in self._rows[1:]]
        self._table = table = Table.of(self._head, self._separator, rows)
        pieces = [(self._lines(table.opening()), self._rows[0][1])]
        for number, (cells, said) in enumerate(self._rows[1:]):
            pieces.append((self._lines(table.row(cells, is_first=number == 0)), said))
        self._rows.clear()
        return pieces

    def _lines(self, lines: Sequence[str]) -> str:
        quote = _quoted(self.quote, flat=True)
        return "".join(f"{quote}{line}\n" for line in lines)


def _cells(line: str) -> list[str]:
    return [shown_inline(cell) for cell in cells_of(_unquoted(line))]


def _quote_of(line: str) -> str:
    quote = _QUOTED.match(line)
    return quote[0] if quote and not line.lstrip().startswith(">>>") else ""


def _unquoted(line: str) -> str:
    return line[len(_quote_of(line)) :]


def _quoted(quote: str, *, flat: bool = False) -> str:
    """Discord has one level of quotes: bars stand for the others, but not before code."""
    depth = quote.count(">")
    return "" if not depth else "> " + ("" if flat else "│ " * (depth - 1))


def _lead_of(lead: re.Match[str], quote: str) -> str:
    item, task = lead["item"] or "", lead["task"]
    if item.startswith("+"):
        item = "-" + item[1:]
    if task and item:
        task = "☑ " if task[1] in "xX" else "☐ "
    shown_quote = _quoted(quote) if quote else lead["quote"]
    return shown_quote + lead["indent"] + item + (task or "")
