"""What `/budget` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.units import dollars
from bot.money.ledger import Period
from bot.money.limits import WHOSE
from bot.settings.catalog import BUDGET_SETTINGS
from bot.ui.texts.settings import setting_line
from bot.ui.texts.usage import bar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.money.budgets import Standing
    from bot.settings.resolver import EffectiveSettings

HEAD = "**Budgets and limits here**"
SPENT_HEAD = "**Spent so far**"
NO_BUDGETS = "There's no budget here."


def overview(
    effective: EffectiveSettings, standings: Sequence[Standing], spent: Mapping[Period, int], *, channel_id: int
) -> list[str]:
    """What the server has spent, what of each budget, and every limit that can be set."""
    budgets = [_standing(standing) for standing in standings] or [NO_BUDGETS]
    return [
        SPENT_HEAD,
        f"This server: {dollars(spent[Period.DAY])} today, {dollars(spent[Period.MONTH])} this month (UTC)",
        *budgets,
        HEAD,
        *(setting_line(spec, effective, channel_id=channel_id) for spec in BUDGET_SETTINGS),
    ]


def _standing(standing: Standing) -> str:
    limit = standing.limit
    when = "today" if limit.period is Period.DAY else "this month"
    share = standing.nano_usd / limit.nano_usd if limit.nano_usd else 1.0
    return (
        f"{bar(share)} {WHOSE[limit.payer]} budget {when}: {dollars(standing.nano_usd)} of "
        f"{dollars(limit.nano_usd)} ({share:.0%}), resets <t:{standing.resets_at}:R>"
    )
