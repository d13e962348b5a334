"""The cells of an xlsx as lines of tab-separated values."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.attachments.worker.package import Package

COLUMNS = 200  # of a sheet
DATE_FORMATS = {*range(14, 23), *range(45, 48)}  # ECMA-376, 18.8.30: the numbers of the built-in ones
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
EPOCHS = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - a sheet knows no time zone
LAST_DAY = 2_958_466  # 31 December 9999


class Strings:
    """The texts that cells refer to by number; without readings of East Asian ones."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._skips = self._inside = 0

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        del given
        if tag == "si":
            self.texts.append("")
        self._skips += tag == "rPh"
        self._inside += tag == "t"

    def end(self, tag: str) -> None:
        self._skips -= tag == "rPh"
        self._inside -= tag == "t"

    def text(self, data: str) -> None:
        if self._inside and not self._skips and self.texts:
            self.texts[-1] += data


class Workbook:
    """The sheets' names in order, the files they are in, and which epoch its dates have."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.targets: dict[str, str] = {}
        self.from_1904 = False

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "sheet":
            self.sheets.append((given.get("name", ""), given.get("id", "")))
        elif tag == "Relationship":
            self.targets[given.get("Id", "")] = given.get("Target", "")
        elif tag == "workbookPr":
            self.from_1904 = given.get("date1904") in {"1", "true"}

    def end(self, tag: str) -> None: ...

    def text(self, data: str) -> None: ...


class Styles:
    """Which of the styles that cells refer to by number show a date."""

    def __init__(self) -> None:
        self.dates: list[bool] = []
        self._own: set[str] = set()
        self._in_cells = False

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        number = given.get("numFmtId", "")
        if tag == "numFmt" and re.search("[dmyhs]", QUOTED.sub("", given.get("formatCode", "")).lower()):
            self._own.add(number)
        elif tag == "cellXfs":
            self._in_cells = True
        elif tag == "xf" and self._in_cells:
            self.dates.append(number in self._own or (number.isdecimal() and int(number) in DATE_FORMATS))

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self._in_cells = False

    def text(self, data: str) -> None: ...


class Sheet:
    """One sheet's rows."""

    def __init__(self, strings: list[str], dates: list[bool], *, from_1904: bool) -> None:
        self.rows: list[str] = []
        self._strings, self._dates, self._epoch = strings, dates, EPOCHS[from_1904]
        self._row: list[str] = []
        self._cell: Mapping[str, str] = {}
        self._value, self._inside = "", False

    def start(self, tag: str, given: Mapping[str, str]) -> None:
        if tag == "row":
            self._row = []
        elif tag == "c":
            self._cell, self._value = given, ""
        elif tag in {"v", "t"}:
            self._inside = True

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._inside = False
        elif tag == "c":
            self._place(self._shown())
        elif tag == "row" and any(self._row):
            self.rows.append("\t".join(self._row))

    def text(self, data: str) -> None:
        if self._inside:
            self._value += data

    def _place(self, value: str) -> None:
        """Put a value into its column; empty cells aren't in the file."""
        column = 0
        for letter in re.sub("[^A-Z]", "", self._cell.get("r", ""))[:3]:
            column = column * 26 + ord(letter) - ord("A") + 1
        column = column or len(self._row) + 1
        if column <= COLUMNS:
            self._row += [""] * (column - 1 - len(self._row))
            self._row.append(" ".join(value.split()))

    def _shown(self) -> str:
        """A cell's value as people see it, but for the digits of numbers."""
        kind, value = self._cell.get("t", "n"), self._value
        if kind == "s":
            return self._strings[int(value)] if value.isdecimal() and int(value) < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        style = self._cell.get("s", "")
        if kind == "n" and value and style.isdecimal() and self._is_date(int(style)):
            return self._date(value)
        return value

    def _is_date(self, style: int) -> bool:
        return style < len(self._dates) and self._dates[style]

    def _date(self, value: str) -> str:
        try:
            days = float(value)
        except ValueError:
            return value
        if not 0 <= days < LAST_DAY:
            return value
        at = self._epoch + timedelta(seconds=round(days * 86_400))
        if days < 1:
            return f"{at:%H:%M:%S}"
        return f"{at:%Y-%m-%d}" if days == int(days) else f"{at:%Y-%m-%d %H:%M:%S}"


def read_xlsx(package: Package) -> str:
    book, strings, styles = Workbook(), Strings(), Styles()
    for name, visitor in (
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", book),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
    ):
        package.walk(name, visitor)
    parts = []
    for name, key in book.sheets:
        sheet = Sheet(strings.texts, styles.dates, from_1904=book.from_1904)
        target = book.targets.get(key, "")
        package.walk(target.removeprefix("/") if target.startswith("/") else f"xl/{target}", sheet)
        parts.append("\n".join([f"[Sheet {name}]", *sheet.rows]))
    return "\n\n".join(parts)
