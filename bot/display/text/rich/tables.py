"""Markdown tables, which Discord doesn't draw: aligned in a code block, or a block of lines for each row.

A table's form is chosen once, when its head and its first rows are known, and rows that come later keep to
it: what is on show stays in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from bot.display.text.rich.widths import padded, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 55  # columns of a code block on a phone, before its lines are broken
NARROWEST = 6  # columns of a column whose words are wrapped
MOST_LINES = 2  # of a row whose words are wrapped; more are hard to tell from the next row's
MOST_COLUMNS = 40
PAIR = 2  # columns: a list of terms
_GAP, _RULE, _CROSS = " │ ", "─", "─┼─"

_SEPARATOR = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*\Z")
_CELL = re.compile(r"(?:\\.|(?P<code>`+)[^`\n]+?(?P=code)|[^|\\])*", re.DOTALL)
_LINK = re.compile(r"!?\[[^\]\n]*\]\([^)\n]+\)|https?://|<https?:")
_CODE = re.compile(r"(`{1,2})([^`].*?)\1")
_MARKS = re.compile(r"(?<!\\)(\*\*\*|\*\*|~~|\|\||(?<![^\W_])__|(?<![^\W_])_|\*)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_STYLED = re.compile(r"[`*_~|\\<]")
_ESCAPED = re.compile(r"\\([^\w\s])")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)


def is_separator(line: str) -> bool:
    """Whether a line parts a table's head from its rows."""
    return "-" in line and bool(_SEPARATOR.match(line)) and ("|" in line or ":" in line)


def may_become_separator(line: str) -> bool:
    """Whether it still may, when more of it comes."""
    return not line.strip(" \t|:-")


def cells_of(line: str) -> list[str]:
    """A row's cells; a bar behind a backslash or in code is text."""
    line, cells, at = line.strip(), [], 0
    while at <= len(line):
        match = _CELL.match(line, at)
        end = match.end() if match else at
        while end < len(line) and line[end] != "|":  # a lone backslash at the end
            end += 1
        cells.append(line[at:end].strip().replace("\\|", "|"))
        at = end + 1
    cells = cells[1:] if line.startswith("|") else cells
    return cells[:-1] if cells and not cells[-1] and line.endswith("|") else cells


def plain(cell: str) -> str:
    """A cell's words as they read in a code block, where marks would be shown as they are."""
    if not _STYLED.search(cell):
        return " ".join(cell.split())
    parts, at = [], 0
    for code in _CODE.finditer(cell):
        parts += [_unmarked(cell[at : code.start()]), code[2].strip() or code[2]]
        at = code.end()
    return " ".join("".join((*parts, _unmarked(cell[at:]))).split())


def _unmarked(text: str) -> str:
    text = _BREAK.sub(" ", text)
    for _ in range(3):  # marks within marks
        text, before = _MARKS.sub(r"\2", text), text
        if text == before:
            break
    return _ESCAPED.sub(r"\1", text)


@dataclass(frozen=True, slots=True)
class Table:
    """A table's form: its head as written, how its columns are aligned, and their widths.

    There are no widths where each row is a block of lines.
    """

    head: tuple[str, ...]
    aligns: tuple[str, ...]
    widths: tuple[int, ...]

    @classmethod
    def of(cls, head: Sequence[str], separator: str, rows: Sequence[Sequence[str]]) -> Table:
        """The form that suits these rows best."""
        aligns = [_align(cell) for cell in cells_of(separator)]
        aligns += "<" * (len(head) - len(aligns))
        return cls(tuple(head), tuple(aligns), _widths([head, *rows], len(head)))

    @property
    def is_aligned(self) -> bool:
        """Whether it's shown in a code block."""
        return bool(self.widths)

    def opening(self) -> list[str]:
        """The lines that show the head."""
        if self.is_aligned:
            rule = _CROSS.join(_RULE * columns for columns in self.widths)
            return ["```", *self._aligned(self.head), rule]
        return [f"**{' · '.join(filter(None, map(plain, self.head)))}**"] if len(self.head) == PAIR else []

    def row(self, cells: Sequence[str], *, is_first: bool) -> list[str]:
        """The lines that show a row."""
        if self.is_aligned:
            return self._aligned(cells)
        cells = [_BREAK.sub(" ", cell) for cell in cells]
        first, rest = (cells[0] if cells else ""), cells[1:]
        if len(self.head) == PAIR:
            text = " ".join(filter(None, rest))
            return [f"- {_bold(first)}: {text}" if first and text else f"- {first or text}"]
        name = plain(self.head[0])
        title = _bold(f"{name}: {first}" if name and first else first or name or "–")
        lines = [title] if is_first else ["", title]
        for index, cell in enumerate(rest, start=1):
            name = plain(self.head[index]) if index < len(self.head) else ""
            if cell:
                lines.append(f"- {name}: {cell}" if name else f"- {cell}")
        return lines

    def closing(self) -> list[str]:
        """The lines that end it."""
        return ["```"] if self.is_aligned else []

    def _aligned(self, cells: Sequence[str]) -> list[str]:
        texts = [plain(cell) for cell in cells[: len(self.widths)]]
        if len(cells) > len(self.widths):  # more cells than columns: no word is lost
            texts[-1] = " ".join(filter(None, (texts[-1], *map(plain, cells[len(self.widths) :]))))
        texts += [""] * (len(self.widths) - len(texts))
        columns = [wrapped(text, columns) for text, columns in zip(texts, self.widths, strict=True)]
        lines = []
        for line in zip_longest(*columns, fillvalue=""):
            parts = [padded(*each) for each in zip(line, self.widths, self.aligns, strict=False)]
            lines.append(_GAP.join(parts).rstrip())
        return lines


def _bold(text: str) -> str:
    return f"**{text}**" if "**" not in text else text


def _align(cell: str) -> str:
    left, right = cell.startswith(":"), cell.endswith(":")
    return "^" if left and right else ">" if right else "<"


def _widths(rows: Sequence[Sequence[str]], columns: int) -> tuple[int, ...]:
    """The columns' widths; empty where the table is too wide, or where a code block would lose links."""
    cells = [cell for row in rows for cell in row]
    if any(_LINK.search(cell) for cell in cells) or any("```" in plain(cell) for cell in cells):
        return ()
    texts = [[plain(cell) for cell in row] for row in rows]
    natural = [max(1, *(width(row[at]) for row in texts if at < len(row)), 1) for at in range(columns)]
    room = WIDEST - len(_GAP) * (columns - 1)
    widths = list(natural)
    while sum(widths) > room:
        widest = max(range(columns), key=widths.__getitem__)
        if widths[widest] <= NARROWEST:
            return ()
        widths[widest] -= 1
    longest_words = [
        max((width(word) for row in texts if at < len(row) for word in row[at].split()), default=1)
        for at in range(columns)
    ]
    fits = all(widths[at] >= min(natural[at], longest_words[at]) for at in range(columns))
    lines = max(len(wrapped(text, widths[at])) for row in texts for at, text in enumerate(row[:columns]))
    return tuple(widths) if widths == natural or (fits and lines <= MOST_LINES) else ()
