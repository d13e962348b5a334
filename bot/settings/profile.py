"""How the bot answers in a place: the model, the system prompt and the parameters of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.display.target import PLAIN, Look
from bot.settings.catalog import (
    ANSWER_LENGTH,
    FILES,
    FOOTER,
    PREVIEWS,
    REASONING,
    RICH_TEXT,
    ROOM,
    TEMPERATURE,
    WEB,
    WEB_CEILING,
    WEB_CEILING_NANO_USD,
    WINDOW_NOTE,
    ShownThinking,
)
from bot.settings.system_prompt import PROMPT

if TYPE_CHECKING:
    from bot.core.records import Place
    from bot.settings.model_choice import ModelChoice, ModelUnavailable
    from bot.settings.resolver import EffectiveSettings
    from bot.settings.system_prompt import SystemPrompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the owner set for every place. `temperature` None leaves it to the model."""

    system_prompt: str
    max_tokens: int
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a request carries besides the conversation, and how its answer is shown.

    `unavailable` is the chosen model that can't be used, and why, where people have not been told yet.
    """

    model: str
    system_prompt: str
    max_tokens: int
    temperature: float | None
    fallbacks: tuple[str, ...]
    unavailable: tuple[str, ModelUnavailable] | None
    reasoning: ShownThinking  # what is shown of the model's thoughts
    web_ceiling: int | None  # nano-dollars that a question's web searches may cost; None: no search
    window_note: bool  # say below an answer when earlier turns did not fit
    footer: bool  # show model, tokens and cost under the answer
    look: Look = PLAIN  # how the text is shown
    room: int = 0  # how many messages before a question are read
    files: bool = True  # read what comes with a question


class Profiles:
    """The owner's defaults, replaced by what was set for a place."""

    def __init__(self, models: ModelChoice, prompts: SystemPrompts, *, defaults: Defaults) -> None:
        self._models = models
        self._prompts = prompts
        self._defaults = defaults

    def resolve(self, effective: EffectiveSettings, place: Place) -> Profile:
        """The profile where these settings apply. Answers grow no longer than the owner allows."""
        defaults, choice = self._defaults, self._models.resolve(effective)
        ceiling = int(effective.text(WEB_CEILING) or WEB_CEILING_NANO_USD)
        temperature, length = effective.number(TEMPERATURE), effective.number(ANSWER_LENGTH)
        return Profile(
            model=choice.model,
            system_prompt=self._prompts.fill(effective.text(PROMPT) or defaults.system_prompt, place),
            max_tokens=defaults.max_tokens if length is None else min(defaults.max_tokens, int(length)),
            temperature=defaults.temperature if temperature is None else temperature,
            fallbacks=self._models.permitted(effective, defaults.fallbacks),
            unavailable=self._models.news(choice),
            reasoning=ShownThinking(effective.text(REASONING)),
            web_ceiling=ceiling if effective.flag(WEB) else None,
            window_note=effective.flag(WINDOW_NOTE),
            footer=effective.flag(FOOTER),
            look=Look(rich_text=effective.flag(RICH_TEXT), previews=effective.flag(PREVIEWS)),
            room=int(effective.number(ROOM) or 0),
            files=effective.flag(FILES),
        )
