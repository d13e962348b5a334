"""The forms that tables take."""

from __future__ import annotations

import pytest

from bot.display.text.rich.tables import WIDEST, Table, cells_of, is_separator, plain
from bot.display.text.rich.widths import padded, width, wrapped


def drawn(text: str) -> str:
    head, separator, *rows = text.strip().splitlines()
    cells = [cells_of(row) for row in rows]
    table = Table.of(cells_of(head), separator, cells)
    lines = [
        *table.opening(),
        *(line for row in cells for line in table.row(row, is_first=row is cells[0])),
        *table.closing(),
    ]
    return "\n".join(lines)


def test_columns_are_aligned_by_what_a_reader_sees():
    """Wide letters and emoji take two columns, marks none; the colons of the separator tell each column's side."""
    table = """
| Model | Price | Note |
|:---|---:|:---:|
| **Claude** | $3 | fast |
| 模型 | $12.50 | 👩‍💻 |
| `a\\|b` | 1 | cafe\u0301 |
"""
    assert drawn(table) == (
        "```\n"
        "Model  │  Price │ Note\n"
        "───────┼────────┼─────\n"
        "Claude │     $3 │ fast\n"
        "模型   │ $12.50 │  👩‍💻\n"
        "a|b    │      1 │ cafe\u0301\n"
        "```"
    )


def test_a_table_too_wide_for_a_phone_becomes_a_block_for_each_row():
    """With the names of the columns, and with the links and marks that a code block can't show."""
    table = f"""
| Feature | Python | Rust |
|---|---|---|
| Memory | {"garbage collected " * 4}| **checked** by the [compiler](https://x.org) |
| Speed | slow | fast |
"""
    assert drawn(table) == (
        f"**Feature: Memory**\n- Python: {('garbage collected ' * 4).strip()}\n"
        "- Rust: **checked** by the [compiler](https://x.org)\n\n"
        "**Feature: Speed**\n- Python: slow\n- Rust: fast"
    )


def test_a_wide_table_of_two_columns_becomes_a_list():
    """Of terms and what they mean, below the columns' names."""
    table = f"""
| Term | Meaning |
|---|---|
| Token | {"a piece of a word " * 8}|
"""
    assert drawn(table) == f"**Term · Meaning**\n- **Token**: {('a piece of a word ' * 8).strip()}"


def test_a_table_that_is_only_a_bit_too_wide_is_wrapped():
    """Within its columns, so that no line is longer than a phone shows."""
    table = """
| Feature | Python does this | Rust does that |
|---|---|---|
| Memory | Garbage collected | Ownership and borrowing |
| Speed | Slow | Fast, close to C, often |
"""
    lines = drawn(table).splitlines()
    assert lines[0] == lines[-1] == "```"
    assert all(width(line) <= WIDEST for line in lines)


def test_rows_of_another_length_lose_no_word():
    """Cells too few are empty, cells too many join the last."""
    table = """
| a | b |
|---|---|
| 1 |
| 1 | 2 | 3 |
"""
    assert drawn(table).splitlines()[3:-1] == ["1 │", "1 │ 2", "  │ 3"]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("| a | b |", ["a", "b"]),
        ("a | b", ["a", "b"]),
        (r"| a \| b | `x|y` |", ["a | b", "`x|y`"]),
        ("| | b |", ["", "b"]),
        ("| a\\", ["a\\"]),
    ],
)
def test_cells_are_told_apart(line: str, cells: list[str]):
    """By bars that are neither escaped nor in code."""
    assert cells_of(line) == cells


def test_separators_are_told_from_text():
    """Dashes, colons and bars alone."""
    assert all(map(is_separator, ["|---|---|", "| :-- | --: |", "---|---", "|-|"]))
    assert not any(map(is_separator, ["| a | b |", "---", "|  |  |", ""]))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("**bold** and *slanted*", "bold and slanted"),
        ("***both***, ~~out~~, ||hidden||", "both, out, hidden"),
        ("snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4"),
        ("`**code**` x<br>y", "**code** x y"),
        (r"\*not\* bold", "*not* bold"),
    ],
)
def test_marks_in_cells_are_taken_off(cell: str, words: str):
    """Where a code block would show them; code keeps its own."""
    assert plain(cell) == words


def test_widths_are_those_on_the_screen():
    """Of emoji that are joined, flags, marks above letters, and wide letters."""
    assert [width(text) for text in ("abc", "日本", "e\u0301", "👨‍👩‍👧", "🇳🇱", "❤️", "\u200b")] == [
        3,
        4,
        1,
        2,
        2,
        2,
        0,
    ]
    assert padded("日", 4, ">") == "  日"
    assert wrapped("one two 日本語", 5) == ["one", "two", "日本", "語"]
