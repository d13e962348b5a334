"""The pages that an answer draws on: only what the provider reported, in the order of their first use."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.events import Source

_MARKER = re.compile(r"\[\^?(\d{1,3})\^?\]")


def in_order_of_use(sources: Sequence[Source], text: str) -> tuple[Source, ...]:
    """Sources as they are numbered under an answer.

    Where the text has markers such as `[2]`, they count as the provider does. Elsewhere the first one cited in the
    text comes first.
    """
    if any(int(number) <= len(sources) for number in _MARKER.findall(text)):
        return tuple(sources)
    return tuple(sorted(sources, key=lambda source: math.inf if source.start is None else source.start))
