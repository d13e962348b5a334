"""The process that draws, as the bot starts it."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOADED = """
import importlib, pathlib, sys
import bot.__main__, bot.llm.litellm_backend
for path in pathlib.Path("cogs").glob("[a-z]*.py"):
    importlib.import_module(f"cogs.{path.stem}")
print(*sorted({"matplotlib", "numpy", "PIL"} & sys.modules.keys()))
"""


def run(*arguments: str, stdin: str = "") -> bytes:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, *arguments], input=stdin.encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True
    )
    return done.stdout


def document(values: list[float], *, money: bool = True, layers: int = 6) -> str:
    chart = {"title": "What $this$ used", "x": "Day", "y": "Cost", "money": money}
    series = [(f"a/model_{number}^$ · $1", values) for number in range(layers)]
    return json.dumps({**chart, "labels": [str(day) for day in range(len(values))], "series": series})


@pytest.mark.parametrize(
    "text",
    [
        document([0.1, 0.0, 2.5] * 10),
        document([0.0000001], layers=1),
        document([12_345.0, 1.0], money=False),
        document([0.0] * 24),
    ],
)
def test_a_chart_becomes_a_picture(text: str):
    """A PNG of 900 by 450 pixels, whatever the amounts and the names."""
    png = run("-W", "error", "-m", "bot.ui.reports.plot", stdin=text)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (900, 450)
    assert len(png) < 100_000


def test_the_bot_itself_loads_nothing_that_draws():
    """Neither the bot, its commands nor its model client bring Pillow into its memory."""
    assert run("-c", LOADED).split() == []
