"""Draws one chart: a JSON document on stdin, a PNG on stdout. `bot.ui.reports.usage_plot` starts it.

A process of its own, so that drawing holds up no answer and its memory is given back.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

SIZE = (900, 450)  # pixels
# A card of its own color, so that it reads the same on Discord's dark and light; contrast with text is over 9:1.
CARD, TEXT, QUIET, RULE = "#23262d", "#f2f3f5", "#c4c9d4", "#3d424d"
# Okabe and Ito's colors, which the color-blind tell apart too, in the order that keeps neighbors distinct.
COLORS = ("#56b4e9", "#e69f00", "#2fbf8f", "#f0e442", "#e08fc0", "#a3a9b5")
MARGIN, LEGEND_ROW, LEGEND_MARK, COLUMNS = 24, 24, 14, 2
TITLE_PX, TEXT_PX = 20, 17  # Discord shows a picture 550 pixels wide in the chat, whatever its size
MOST_TICKS = 16
BAR = 0.8  # of the distance between two bars
EDGED = 4  # pixels of height, from which a layer is set off from the next
STEPS = (1, 2, 2.5, 5, 10)  # round distances between ticks


def main() -> None:
    draw(json.load(sys.stdin), sys.stdout.buffer)


def draw(chart: Mapping[str, Any], out: BinaryIO) -> None:
    """Stacked bars: `series` has pairs of a name and its values, one for each of `labels`.

    Beside these `title`, `x` and `y` (what the axes show) and `money` (whether values are US dollars, or counts).
    """
    picture = Image.new("RGB", SIZE, CARD)
    pen, series = Pen(picture), chart["series"]
    top = (
        max((math.fsum(layers) for layers in zip(*(values for _, values in series), strict=True)), default=0) or 1
    )
    ticks = ticks_of(top, whole=not chart["money"])
    scale = Scale(ticks, len(chart["labels"]), written=dollars(top) if chart["money"] else count)
    frame = Frame.around(pen, scale, legend_rows=math.ceil(len(series) / COLUMNS))
    describe(pen, frame, scale, chart)
    stack(pen, frame, scale, [values for _, values in series])
    legend(pen, frame, [name for name, _ in series])
    picture.save(out, format="png", optimize=True)


class Pen:
    """Writes and draws in one picture."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        self.image = ImageDraw.Draw(picture)
        self._fonts = {px: ImageFont.load_default(px) for px in (TITLE_PX, TEXT_PX)}

    def width(self, text: str) -> float:
        return self.image.textlength(text, self._fonts[TEXT_PX])

    def write(self, at: tuple[float, float], text: str, color: str, *, anchor: str, bold: bool = False) -> None:
        """Write a line; `anchor` is Pillow's: which point of the text is `at`."""
        font = self._fonts[TITLE_PX if bold else TEXT_PX]
        self.image.text(at, text, color, font, anchor=anchor, stroke_width=0.4 if bold else 0, stroke_fill=color)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the axes measure: ticks of values, so many bars, and how values are written."""

    ticks: Sequence[float]
    bars: int
    written: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the bars stand, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, pen: Pen, scale: Scale, *, legend_rows: int) -> Frame:
        """Between title, ticks and legend."""
        left = MARGIN + TEXT_PX + 14 + max(pen.width(scale.written(tick)) for tick in scale.ticks)
        bottom = SIZE[1] - MARGIN - legend_rows * LEGEND_ROW - 2 * (TEXT_PX + 8)
        return cls(left, MARGIN + TITLE_PX + 20, SIZE[0] - MARGIN, bottom)

    def x(self, bar: float, scale: Scale) -> float:
        """The middle of a bar."""
        return self.left + (bar + 0.5) * (self.right - self.left) / scale.bars

    def y(self, value: float, scale: Scale) -> float:
        return self.bottom - value / (scale.ticks[-1] or 1) * (self.bottom - self.top)


def stack(pen: Pen, frame: Frame, scale: Scale, layers: Sequence[Sequence[float]]) -> None:
    """One layer of bars for each series, each on top of the last."""
    half = BAR / 2
    for bar, values in enumerate(zip(*layers, strict=True)):
        left, right = round(frame.x(bar - half, scale)), round(frame.x(bar + half, scale))
        floor = 0.0
        for value, color in zip(values, COLORS, strict=False):
            low, high = frame.y(floor, scale), frame.y(floor + value, scale)
            floor += value
            if low - high >= 1:  # the gap separates the layers for people who see no colors, too
                gap = 1 if low - high >= EDGED else 0
                pen.image.rectangle((left, high + gap, max(left, right - 1), low - 1), color)


def describe(pen: Pen, frame: Frame, scale: Scale, chart: Mapping[str, Any]) -> None:
    """Title, axes and ticks."""
    pen.write((MARGIN, MARGIN), chart["title"], TEXT, anchor="lt", bold=True)
    for tick in scale.ticks:
        y = round(frame.y(tick, scale))
        pen.image.line((frame.left, y, frame.right, y), RULE)
        pen.write((frame.left - 10, y), scale.written(tick), QUIET, anchor="rm")
    every = math.ceil(scale.bars / MOST_TICKS)
    for bar in range(0, scale.bars, every):
        pen.write((frame.x(bar, scale), frame.bottom + 8), chart["labels"][bar], QUIET, anchor="mt")
    pen.write(((frame.left + frame.right) / 2, frame.bottom + TEXT_PX + 14), chart["x"], QUIET, anchor="mt")
    beside(pen, frame, chart["y"])


def beside(pen: Pen, frame: Frame, text: str) -> None:
    """What the values are, up along their axis."""
    line = Image.new("RGB", (math.ceil(pen.width(text)), TEXT_PX + 6), CARD)
    Pen(line).write((0, 0), text, QUIET, anchor="lt")
    turned = line.rotate(90, expand=True)
    middle = (frame.top + frame.bottom) / 2
    pen.picture.paste(turned, (MARGIN, round(middle - turned.height / 2)))


def legend(pen: Pen, frame: Frame, names: Sequence[str]) -> None:
    """Each name beside its color, in two columns."""
    top = frame.bottom + 2 * (TEXT_PX + 8)
    for number, (name, color) in enumerate(zip(names, COLORS, strict=False)):
        x = MARGIN + number % COLUMNS * (SIZE[0] - 2 * MARGIN) / COLUMNS
        y = top + (number // COLUMNS + 0.5) * LEGEND_ROW
        mark = LEGEND_MARK / 2
        pen.image.rectangle((x, y - mark, x + LEGEND_MARK, y + mark), color)
        pen.write((x + LEGEND_MARK + 10, y), name, TEXT, anchor="lm")


def ticks_of(top: float, *, whole: bool) -> list[float]:
    """Four to six round values from 0 to one that is at least `top`."""
    rough = top / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in STEPS if each * power >= rough * 0.999)
    if whole:
        step = max(1.0, math.ceil(step))
    return [number * step for number in range(math.ceil(top / step - 1e-9) + 1)]


def dollars(top: float) -> Callable[[float], str]:
    """Writes amounts with enough digits to tell the ticks below `top` apart, at least cents."""
    digits = max(2, 1 - math.floor(math.log10(top)))
    return lambda value: f"${value:,.{digits}f}"


def count(value: float) -> str:
    return f"{value:,.0f}"


if __name__ == "__main__":
    main()
