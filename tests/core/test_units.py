"""The units of money and time, and how people read amounts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.core import units
from bot.core.units import about, dollars

SOURCE = Path(units.__file__).parents[1]


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (0, "$0.00"),
        (12_345_678_901, "$12.35"),
        (450_000_000, "$0.45"),
        (500_000_000, "$0.50"),
        (45_000_000, "$0.045"),
        (1_230_000, "$0.0012"),
        (106_000, "$0.00011"),
        (45_000, "$0.000045"),
        (100, "$0.0000001"),
    ],
)
def test_small_amounts_have_enough_digits(nano: int, shown: str):
    """A cost of a hundredth of a cent isn't shown as nothing."""
    assert dollars(nano) == shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (12.4, "12 s"), (119, "119 s"), (120, "2 minutes"), (3600, "60 minutes"), (40_000, "11 hours")],
)
def test_a_wait_is_told_in_units_to_plan_with(seconds: float, text: str):
    """Nobody reckons in thousands of seconds."""
    assert about(seconds) == text


def defines_a_unit(node: ast.AST) -> bool:
    """Whether a name of a unit is given a number: `DAY_S = 24 * 60 * 60`."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    numbers = [
        part for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, int | float)
    ]
    return isinstance(node, ast.Assign) and bool(
        numbers and names & {"NANO", "DAY", "DAY_S", "HOUR_S", "MINUTE_S"}
    )


def test_units_are_defined_in_one_place():
    """Everybody else imports them, so that a day is as long everywhere."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(map(defines_a_unit, ast.walk(ast.parse(path.read_text()))))
    }
    assert found == {"core/units.py"}
