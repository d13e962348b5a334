"""What the plot of `/usage` shows, as a small document for the process that draws it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.units import DAY_S, NANO, dollars
from bot.money.ledger import Period, resets_at
from bot.money.usage import Span, step_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.money.usage import Point

MOST = 5  # models with a layer of their own, for as many colors as are told apart at a glance
NAME_CHARS = 28  # what half of the picture's width has room for, beside the sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Stacked bars: a name and its values, one for each label, for each layer. `money`: values are US dollars."""

    title: str
    x: str
    y: str
    money: bool
    labels: Sequence[str]
    series: Sequence[tuple[str, Sequence[float]]]


def chart(whose: str, span: Span, since: int, points: Sequence[Point]) -> Chart | None:
    """The cost by hour or day and model, or the answers if they were free; None without any."""
    if not points:
        return None
    money = any(point.nano_usd for point in points)
    steps = _steps(span, since)
    layers = _layers(points, money=money)
    by = "hour" if span is Span.DAY else "day"
    return Chart(
        title=f"{whose}, by {by} and model: {_period(span, since)}",
        x=_axis(span, since),
        y="Cost (US dollars)" if money else "Answers",
        money=money,
        labels=[_label(span, step) for step in steps],
        series=[
            (f"{name} · {_amount(sums.total(), money=money)}", [_value(sums[step], money=money) for step in steps])
            for name, sums in layers
        ],
    )


def _layers(points: Sequence[Point], *, money: bool) -> list[tuple[str, Counter[int]]]:
    """The largest models, each with its sums by step; the rest as one."""
    sums: dict[str, Counter[int]] = {}
    for point in points:
        sums.setdefault(point.model, Counter())[point.at] += point.nano_usd if money else point.answers
    ranked = sorted(sums.items(), key=lambda each: (-each[1].total(), each[0]))
    top = [(_name(model), own) for model, own in ranked[:MOST]]
    rest = ranked[MOST:]
    if not rest:
        return top
    others: Counter[int] = sum((own for _, own in rest), Counter())
    return [*top, ("1 other model" if len(rest) == 1 else f"{len(rest)} other models", others)]


def _steps(span: Span, since: int) -> range:
    """When each bar begins: all of the day or the month, or the week up to now."""
    step = step_of(span)
    end = {
        Span.DAY: since + DAY_S,
        Span.WEEK: since + 7 * DAY_S + 1,
        Span.MONTH: resets_at(Period.MONTH, since),
    }[span]
    return range(since - since % step, end, step)


def _period(span: Span, since: int) -> str:
    begin = datetime.fromtimestamp(since, UTC)
    if span is Span.DAY:
        return f"{begin.day} {begin:%B %Y}"
    if span is Span.MONTH:
        return f"{begin:%B %Y}"
    end = begin + timedelta(days=7)
    return f"{begin.day} {begin:%b} to {end.day} {end:%b %Y}"


def _axis(span: Span, since: int) -> str:
    begin = datetime.fromtimestamp(since, UTC)
    return {
        Span.DAY: "Hour (UTC)",
        Span.WEEK: f"Day (UTC; the first from {begin:%H:%M} on)",
        Span.MONTH: f"Day of {begin:%B} (UTC)",
    }[span]


def _label(span: Span, step: int) -> str:
    at = datetime.fromtimestamp(step, UTC)
    return {Span.DAY: f"{at.hour}", Span.WEEK: f"{at:%a} {at.day}", Span.MONTH: f"{at.day}"}[span]


def _value(amount: int, *, money: bool) -> float:
    return amount / NANO if money else amount


def _amount(amount: int, *, money: bool) -> str:
    if money:
        return dollars(amount)
    return f"{amount:,}"


def _name(model: str) -> str:
    """A model's name for the legend, without characters a font may lack; a long one loses its vendor."""
    plain = "".join(letter for letter in model if " " <= letter <= "~").lstrip("_")
    if len(plain) > NAME_CHARS:
        plain = plain.rpartition("/")[2]
    return plain if len(plain) <= NAME_CHARS else plain[: NAME_CHARS - 1] + "…"
