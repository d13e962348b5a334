"""How the bot answers in a place: the system prompt and the parameters of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.core.messages import Question
    from bot.core.preferences import Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a request carries besides the conversation. `temperature` None leaves it to the model."""

    system_prompt: str
    max_tokens: int
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()


class Profiles:
    """The owner's profile, with what was set for a place in its stead."""

    def __init__(self, preferences: Preferences, *, default: Profile) -> None:
        self._preferences = preferences
        self._default = default

    async def of(self, question: Question) -> Profile:  # noqa: ARG002 - nothing can be set for a place yet
        return self._default
