"""What each model doesn't take of a request: known of its family, or learned when it refused."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.errors import UnsupportedPartError

log = logging.getLogger(__name__)

MODELS = 1000  # remembered; then the one learned of first is forgotten
# Families whose chat format has no system message, by the part of the id behind the author.
_NO_SYSTEM = re.compile(r"gemma|o1-(?:mini|preview)|mi[sx]tral-\d+x?\d*b-instruct", re.IGNORECASE)
# Families that go on with an assistant's message by themselves, as documented. All others are asked to in words,
# which every model understands. A Claude that thinks refuses it, too.
_PREFILL = re.compile(r"~?anthropic/claude-(?:3|2|instant)(?!.*:thinking)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quirks:
    """Parts of a request that one model doesn't take, and the longest answer that it may be asked for."""

    without: frozenset[str] = frozenset()
    most_tokens: int | None = None

    def takes(self, part: str) -> bool:
        return part not in self.without


class LearnedQuirks:
    """The quirks of all models, which refusals teach; until the bot stops."""

    def __init__(self) -> None:
        self._learned: dict[str, Quirks] = {}

    def of(self, model: str) -> Quirks:
        return self._learned.get(model) or _known(model)

    def learn(self, model: str, refusal: UnsupportedPartError, *, max_tokens: int) -> bool:
        """Take a refusal into account; gives whether the request would be another one now.

        `max_tokens` is the longest answer that was asked for.
        """
        quirks = self.of(model)
        if refusal.limit is not None:
            if refusal.limit >= min(max_tokens, quirks.most_tokens or max_tokens):
                return False
            changed = replace(quirks, most_tokens=refusal.limit)
        elif not quirks.takes(refusal.part):
            return False
        else:
            changed = replace(quirks, without=quirks.without | {refusal.part})
        if len(self._learned) >= MODELS:
            del self._learned[next(iter(self._learned))]
        self._learned[model] = changed
        log.warning("%s: %s; from now on it's asked accordingly", model, refusal.detail)
        return True


def _known(model: str) -> Quirks:
    without = set()
    if _NO_SYSTEM.match(model.rpartition("/")[2]):
        without.add("system")
    if not _PREFILL.match(model):
        without.add("prefill")
    return Quirks(frozenset(without))
