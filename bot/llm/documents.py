"""JSON from outside: read once, with bounds on depth and numbers, and taken apart by type."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INTEGER_DIGITS = 18  # more than any count, price or date has


def _integer(digits: str) -> float:
    # Python refuses to read some thousand digits; one absurd number must not cost the whole document.
    return int(digits) if len(digits) <= INTEGER_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer)


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
