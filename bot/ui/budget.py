"""What `/budget` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.house_rules import MONEY_KNOBS
from bot.core.knobs import dollars
from bot.core.ledger import Period
from bot.core.refusals import OWNERS
from bot.ui.settings import setting_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.budget import Standing
    from bot.core.preferences import Held

HEAD = "**Budgets and limits that hold here**"
SPENT_HEAD = "**Spent so far**"
NO_BUDGETS = "No budget holds here."
BAR = 10  # characters


def overview(held: Held, standings: Sequence[Standing], *, channel_id: int) -> list[str]:
    """What has been spent of each budget, and every limit there is to set."""
    spent = [_standing(standing) for standing in standings] or [NO_BUDGETS]
    return [
        SPENT_HEAD,
        *spent,
        HEAD,
        *(setting_line(knob, held, channel_id=channel_id) for knob in MONEY_KNOBS),
    ]


def _standing(standing: Standing) -> str:
    limit = standing.limit
    when = "today" if limit.period is Period.DAY else "this month"
    share = standing.nano_usd / limit.nano_usd if limit.nano_usd else 1.0
    full = min(BAR, round(BAR * share))
    return (
        f"`{'█' * full}{'░' * (BAR - full)}` {OWNERS[limit.payer]} budget {when}: {dollars(standing.nano_usd)} of "
        f"{dollars(limit.nano_usd)} ({share:.0%}), anew <t:{standing.resets_at}:R>"
    )
