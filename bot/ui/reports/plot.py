"""Draws one chart: a JSON document on stdin, a PNG on stdout. `bot.ui.reports.usage_plot` starts it.

A process of its own, because matplotlib costs some 60 MB that the bot would never give back.
"""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from matplotlib.axes import Axes

SIZE_INCHES, DPI = (9, 4.5), 100  # 900 x 450 pixels
# A card of its own color, so that it reads the same on Discord's dark and light; contrast with text is over 9:1.
CARD, TEXT, QUIET, RULE = "#23262d", "#f2f3f5", "#c4c9d4", "#3d424d"
# Okabe and Ito's colors, which the color-blind tell apart too, in the order that keeps neighbors distinct.
COLORS = ("#56b4e9", "#e69f00", "#2fbf8f", "#f0e442", "#e08fc0", "#a3a9b5")
STYLE: dict[Any, object] = {
    "font.size": 12.5,  # Discord shows a picture 550 pixels wide in the chat, whatever its size
    "text.color": TEXT,
    "text.parse_math": False,  # a dollar sign is money here
    "axes.labelcolor": QUIET,
    "axes.facecolor": CARD,
    "figure.facecolor": CARD,
    "figure.constrained_layout.w_pad": 0.12,  # inches
    "figure.constrained_layout.h_pad": 0.1,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
}
MOST_TICKS = 16


def main() -> None:
    draw(json.load(sys.stdin), sys.stdout.buffer)


def draw(chart: Mapping[str, Any], out: BinaryIO) -> None:
    """Stacked bars: `series` has pairs of a name and its values, one for each of `labels`.

    Beside these `title`, `x` and `y` (what the axes show) and `money` (whether values are US dollars, or counts).
    """
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
        axes = figure.add_subplot()
        bars = stack(axes, chart["series"])
        describe(axes, chart)
        figure.legend(
            bars,
            [name for name, _ in chart["series"]],
            loc="outside lower left",
            ncols=2,
            frameon=False,
            labelcolor=TEXT,
            fontsize=12,
            handlelength=1.2,
            columnspacing=1.5,
        )
        figure.savefig(out, format="png")


def stack(axes: Axes, series: list[tuple[str, list[float]]]) -> list[Any]:
    """One layer of bars for each name, each on top of the last."""
    floor = [0.0] * len(series[0][1])
    bars: list[Any] = []
    for (_, values), color in zip(series, COLORS, strict=False):
        # The edge separates the layers for people who see no colors, too.
        bars.append(
            axes.bar(range(len(values)), values, 0.8, bottom=floor, color=color, edgecolor=CARD, linewidth=0.6)
        )
        floor = [below + value for below, value in zip(floor, values, strict=True)]
    axes.set_ylim(0, (max(floor) or 1) * 1.08)
    return bars


def describe(axes: Axes, chart: Mapping[str, Any]) -> None:
    """Title, axes and ticks."""
    labels = chart["labels"]
    axes.set_title(chart["title"], loc="left", fontsize=14.5, fontweight="bold", pad=12)
    axes.set_xlabel(chart["x"])
    axes.set_ylabel(chart["y"])
    every = math.ceil(len(labels) / MOST_TICKS)
    axes.set_xticks(range(0, len(labels), every), labels[::every])
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=not chart["money"]))
    axes.yaxis.set_major_formatter(FuncFormatter(dollars(axes.get_ylim()[1]) if chart["money"] else count))
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def dollars(top: float) -> Callable[[float, int | None], str]:
    """Writes amounts with enough digits to tell the ticks below `top` apart, at least cents."""
    digits = max(2, 1 - math.floor(math.log10(top)))
    return lambda value, _: f"${value:,.{digits}f}"


def count(value: float, _: int | None) -> str:
    return f"{value:,.0f}"


if __name__ == "__main__":
    main()
