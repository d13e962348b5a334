"""JSON from outside: read once, with bounds on depth and numbers, and taken apart by type."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from bot.core.units import NANO

if TYPE_CHECKING:
    from collections.abc import Mapping

GREATEST_COST_USD = 10_000.0  # of one generation; what claims more is nonsense
INTEGER_DIGITS = 18  # more than any count, price or date has


def integer(digits: str) -> float:
    """A whole number of JSON. Python refuses some thousand digits; one absurd number mustn't cost a document."""
    return int(digits) if len(digits) <= INTEGER_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=integer)


def document(body: bytes) -> Mapping[str, Any]:
    """The JSON object in a body; an empty one for anything else, and for nesting deeper than Python's stack."""
    try:
        return mapping(_DECODER.decode(body.decode("utf-8", "replace").removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return {}


def mapping(value: object) -> Mapping[str, Any]:
    """What should be a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def number(value: object) -> float | None:
    """A finite number, also where it's given as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def cost_nano_usd(charged: object, upstream: object = None, *, is_byok: object = None) -> int | None:
    """What a generation cost, from the provider's figures in dollars; None where they say nothing or nonsense.

    Args:
        charged: what OpenRouter takes off its own credits.
        upstream: what the provider behind it bills to the owner's own key there (BYOK), besides.
        is_byok: where it's False, `upstream` only explains `charged`.
    """
    costs = [_nano_usd(charged), None if is_byok is False else _nano_usd(upstream)]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None


def _nano_usd(dollars: object) -> int | None:
    cost = number(dollars)
    return round(cost * NANO) if cost is not None and 0 <= cost <= GREATEST_COST_USD else None
