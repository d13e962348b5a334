"""The tables that the migrations make, in an order in which their rows can be stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

from bot.storage.engine.schema import migrations, statements

MARKER = "copying"  # the key in `cache` of a database that isn't all there yet; its value names the source
NAMES = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
LARGE_ROWS, SMALL_ROWS = 5, 500  # a batch, with and without bytes in the rows
PRIME = 1_000_000_007  # sums of ids would be too large; their remainders tell as much


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns with their declared types, its key, and whether it numbers its rows itself."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    is_numbered: bool

    @property
    def rows_at_once(self) -> int:
        return LARGE_ROWS if "BYTEA" in self.columns.values() else SMALL_ROWS

    @property
    def rows(self) -> str:
        """Its rows, but for the marker."""
        return (
            f"{self.name} WHERE {self.key[0]} <> '{MARKER}'"
            if self.name == "cache"
            else f"{self.name} WHERE 1 = 1"
        )

    def sums(self) -> str:
        """A statement whose one row is the same for the same contents, on both engines."""
        terms = [_sum(column, kind) for column, kind in self.columns.items()]
        return f"SELECT COUNT(*), {', '.join(terms)} FROM {self.rows}"  # noqa: S608 - names of ours


def _sum(column: str, kind: str) -> str:
    if kind in {"BIGINT", "INTEGER"}:
        return f"COALESCE(SUM({column} % {PRIME}), 0)"
    return f"COUNT({column})" if kind.startswith("DOUBLE") else f"COALESCE(SUM(LENGTH({column})), 0)"


def tables() -> list[Table]:
    """Each after those it refers to."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in migrations():
            for statement in statements(script):
                connection.execute(statement)
        found = [_table(connection, name, sql) for name, sql in connection.execute(NAMES).fetchall()]
        needs = {table.name: _needs(connection, table.name) for table in found}
    ordered: list[Table] = []
    while found:
        ready = [table for table in found if needs[table.name] <= {each.name for each in ordered}]
        ordered += ready
        found = [table for table in found if table not in ready]
    return ordered


def _table(connection: sqlite3.Connection, name: str, sql: str) -> Table:
    rows = connection.execute(f"PRAGMA table_info({name})").fetchall()
    key = sorted((place, column) for _, column, _, _, _, place in rows if place)
    columns = {column: kind for _, column, kind, _, _, _ in rows}
    return Table(name, columns, tuple(column for _, column in key), "AUTOINCREMENT" in sql)


def _needs(connection: sqlite3.Connection, name: str) -> set[str]:
    return {row[2] for row in connection.execute(f"PRAGMA foreign_key_list({name})").fetchall()} - {name}
