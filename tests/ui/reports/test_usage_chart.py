"""What the plot of usage shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.money.usage import DAY_S, Point, Span
from bot.ui.reports.usage_chart import MOST, NAME_CHARS, Chart, chart

MIDNIGHT = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
FIRST = MIDNIGHT - 21 * DAY_S
CENT = 10_000_000


def drawn(span: Span, since: int, *points: Point) -> Chart:
    found = chart("What you used here", span, since, points)
    assert found
    return found


def point(at: int = MIDNIGHT, model: str = "a/model", *, answers: int = 1, cents: int = 1) -> Point:
    return Point(at=at, model=model, answers=answers, nano_usd=cents * CENT)


def test_a_month_has_a_bar_for_each_of_its_days():
    """Those to come too, so that two pictures of a month can be compared."""
    shown = drawn(Span.MONTH, FIRST, point(FIRST), point(cents=12))
    assert shown.title == "What you used here, by day and model: November 2026"
    assert shown.labels == [str(day) for day in range(1, 31)]
    assert (shown.x, shown.y) == ("Day of November (UTC)", "Cost (US dollars)")
    ((name, values),) = shown.series
    assert name == "a/model · $0.13"
    assert [values[0], values[21], sum(values)] == [0.01, 0.12, 0.13]


def test_a_day_goes_by_the_hour():
    """In UTC, all 24 of them."""
    shown = drawn(Span.DAY, MIDNIGHT, point(MIDNIGHT + 23 * 3600))
    assert shown.title.endswith("by hour and model: 22 November 2026")
    assert shown.labels == [str(hour) for hour in range(24)]
    assert shown.series[0][1][23] == 0.01


def test_a_week_begins_within_a_day():
    """Seven days back from now touch eight days, and the axis says where the first begins."""
    since = MIDNIGHT - 7 * DAY_S + 12 * 3600
    shown = drawn(Span.WEEK, since, point(MIDNIGHT - 7 * DAY_S), point())
    assert shown.labels == ["Sun 15", "Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22"]
    assert shown.x == "Day (UTC; the first from 12:00 on)"
    assert shown.title.endswith("15 Nov to 22 Nov 2026")
    assert shown.series[0][1] == [0.01, 0, 0, 0, 0, 0, 0, 0.01]


@pytest.mark.parametrize(("more", "last"), [(1, "1 other model · $0.01"), (3, "3 other models · $0.06")])
def test_the_dearest_models_have_colours_and_the_rest_share_one(more: int, last: str):
    """Ranked by what they cost, and nothing is lost in the rest."""
    points = [point(model=f"a/{number}", cents=number) for number in range(1, MOST + more + 1)]
    shown = drawn(Span.DAY, MIDNIGHT, *points)
    assert len(shown.series) == MOST + 1
    assert shown.series[0][0].startswith(f"a/{MOST + more} ")
    assert shown.series[-1][0] == last


def test_where_nothing_cost_anything_answers_are_counted():
    """Free models have a plot too."""
    shown = drawn(Span.DAY, MIDNIGHT, point(answers=1200, cents=0))
    assert (shown.y, shown.money) == ("Answers", False)
    assert shown.series[0][0] == "a/model · 1,200"
    assert shown.series[0][1][0] == 1200


def test_nothing_used_is_no_plot():
    """An empty picture says less than the sentence."""
    assert chart("What you used here", Span.DAY, MIDNIGHT, []) is None


def test_names_are_made_to_fit():
    """Long ones lose the vendor, then their end; what a font may lack and underscores in front, which hide, go."""
    shown = drawn(Span.DAY, MIDNIGHT, point(model="meta-llama/llama-3.3-70b-instruct:free"))
    assert shown.series[0][0] == "llama-3.3-70b-instruct:free · $0.01"
    shown = drawn(Span.DAY, MIDNIGHT, point(model="_海" + "x" * 60))
    assert shown.series[0][0] == "x" * (NAME_CHARS - 1) + "… · $0.01"
