"""How a reply ended, and the small print that tells people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.asides.search import SearchNote
    from bot.core.errors import HeadwaterError, StorageError
    from bot.core.events import Besides, Source, Waiting
    from bot.core.records import ReplyState
    from bot.display.target import DisplayTexts
    from bot.money.ledger import Entry
    from bot.money.limits import Limit
    from bot.settings.model_choice import ModelUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The figures under an answer. `estimated`: the provider reported no cost."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_nano_usd: int | None
    estimated: bool = False


def footer_of(entry: Entry) -> Footer:
    """The footer of an answer, from its ledger entry."""
    cost = entry.cost
    return Footer(
        model=entry.model,
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
        cost_nano_usd=None if cost.estimated and not cost.nano_usd else cost.nano_usd,
        estimated=cost.estimated,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a reply ended, in enough detail to tell people.

    `error` is set for failures. `by` names the person who stopped it, `answered_by` the fallback model that
    answered instead of the chosen one. `footer` is set if the settings ask for it, `warnings` are the budgets that
    this answer nearly used up. `unavailable` is the chosen model that can't be used, and why, until people have
    read it once. `not_saved` says why memory doesn't have the answer. `history_truncated` says that earlier turns
    didn't fit into the prompt, if the settings ask for it. `sources` are what the provider says the answer draws
    on, `remarks` name what it also brought and can't be shown, and what there is to say about web search.
    """

    state: ReplyState
    error: HeadwaterError | None = None
    by: str = ""
    answered_by: str = ""
    footer: Footer | None = None
    warnings: tuple[Limit, ...] = ()
    unavailable: tuple[str, ModelUnavailable] | None = None
    not_saved: StorageError | None = None
    history_truncated: bool = False
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    remarks: tuple[Besides | SearchNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The question waits for `ahead` others of its conversation."""

    ahead: int


class ReplyTexts(Protocol):
    """What people read around a reply; the sentences are in `bot.ui.texts`."""

    display: DisplayTexts
    reading: str  # while files are read
    files_off: str  # where files came with a question and the settings leave them out

    def too_large(self, names: Sequence[str]) -> str:
        """Files that were left out because all of a question's are too large together."""
        ...

    def ending(self, ending: Ending) -> str:
        """The small print under a reply that ended; empty if there is nothing to say."""
        ...

    def waiting(self, waiting: Waiting | Queued) -> str:
        """What a reply without text waits for."""
        ...

    def searching(self, seconds: float) -> str:
        """What a reply without text shows while the model searches the web."""
        ...

    def further_sources(self, sources: Sequence[Source]) -> str:
        """What a button shows where more sources were reported than fit under an answer; else empty."""
        ...

    def thinking(self, seconds: float, thoughts: str = "") -> str:
        """What a reply without text shows while the model thinks, with its newest thoughts where there are any."""
        ...
