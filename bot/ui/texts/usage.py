"""What `/usage` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.units import dollars
from bot.money.usage import Group, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.money.usage import Sum
    from bot.ui.reports.usage_chart import Chart

WHOSE = {"me": "Your usage here", "channel": "This channel's usage", "server": "This server's usage"}
NOTHING = "Nobody asked anything in that time."
BAR = 10  # characters
MOST = 25  # lines of a breakdown; the rest is in the export
DESCRIPTION_CHARS = 1024  # Discord: the description of an attachment
MARKS = {Group.PERSON: "<@{}>", Group.CHANNEL: "<#{}>", Group.MODEL: "`{}`"}


def report(whose: str, since: int, breakdowns: Mapping[Group, Sequence[Sum]]) -> list[str]:
    """The sum of it, then each breakdown with a bar for every line's share."""
    head = f"**{whose}** since <t:{since}:f>"
    everything = total(next(iter(breakdowns.values())))
    if not everything.answers:
        return [head, NOTHING]
    lines = [head, _sum(everything)]
    for group, sums in breakdowns.items():
        lines.append(f"**By {group}**")
        lines += [_line(group, each, everything) for each in sums[:MOST]]
        if len(sums) > MOST:
            lines.append(f"-# and {len(sums) - MOST} more")
    return lines


def described(drawing: Chart) -> str:
    """The plot, for people who can't see it."""
    return f"{drawing.title}. {drawing.y}: {', '.join(name for name, _ in drawing.series)}"[:DESCRIPTION_CHARS]


def bar(share: float) -> str:
    """A share of a whole, as a row of blocks."""
    full = min(BAR, round(BAR * share))
    return f"`{'█' * full}{'░' * (BAR - full)}`"


def _sum(everything: Sum) -> str:
    failed = f" ({everything.failures} failed)" if everything.failures else ""
    guessed = everything.estimated_nano_usd
    estimated = f" (about {dollars(guessed)} of it estimated)" if guessed else ""
    first = (
        ""
        if everything.first_token_ms is None
        else f" · first word after {everything.first_token_ms / 1000:.1f} s"
    )
    return (
        f"{_answers(everything.answers)}{failed} · {everything.prompt_tokens:,} tokens read, "
        f"{everything.completion_tokens:,} written · {dollars(everything.nano_usd)}{estimated}{first}"
    )


def _line(group: Group, each: Sum, everything: Sum) -> str:
    by_money = everything.nano_usd > 0
    share = each.nano_usd / everything.nano_usd if by_money else each.answers / everything.answers
    return (
        f"{bar(share)} {MARKS[group].format(each.name)} {dollars(each.nano_usd)} · "
        f"{_answers(each.answers)} · {each.tokens:,} tokens"
    )


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"
