"""How a reply ended, and the small print that tells people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.errors import HeadwaterError, StorageError
    from bot.money.limits import Limit
    from bot.settings.model_choice import ModelUnavailable


from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.core.events import Waiting
    from bot.core.records import ReplyState
    from bot.display.target import DisplayTexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What stands under an answer where the settings want it. `estimated`: the provider reported no cost."""

    model: str
    prompt_tokens: int
    completion_tokens: int
    cost_nano_usd: int | None
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a reply ended, in enough detail to tell people.

    `error` is set for failures, `by` names the person who stopped it, `answered_by` the fallback model where the
    first choice could not answer. `footer` is for complete answers where it is wanted, `warnings` are the budgets
    that this answer nearly used up. `unavailable` is the chosen model that can't be used, and why, where people
    have not been told yet. `not_saved` says why memory lacks the answer, `history_truncated` that earlier turns
    did not fit into the prompt, where people want to be told.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The question waits for `ahead` others of its conversation."""

    ahead: int


class ReplyTexts(Protocol):
    """What people read around a reply; the sentences live with the user interface."""

    display: DisplayTexts

    def ending(self, ending: Ending) -> str:
        """The small print under an ended reply; empty for one that simply ended."""
        ...

    def waiting(self, waiting: Waiting | Queued) -> str:
        """What a reply without text waits for."""
        ...

    def thinking(self, thoughts: str) -> str:
        """What a reply without text shows of the model's newest thoughts."""
        ...
