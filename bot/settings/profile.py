"""How the bot answers in a place: the system prompt and the parameters of a request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.settings import catalog as rules
from bot.settings.system_prompt import PROMPT

if TYPE_CHECKING:
    from bot.core.records import Question
    from bot.settings.resolver import SettingsResolver
    from bot.settings.system_prompt import SystemPrompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a request carries besides the conversation, and how its answer is shown.

    `temperature` None leaves it to the model.
    """

    system_prompt: str
    max_tokens: int
    temperature: float | None = None
    fallbacks: tuple[str, ...] = ()
    reasoning: bool = False  # show the model's thoughts until its answer begins
    window_note: bool = False  # say below an answer when older turns had no room
    footer: bool = False  # show model, tokens and cost under the answer


class Profiles:
    """The owner's profile, with what was set for a place in its stead."""

    def __init__(self, resolver: SettingsResolver, prompts: SystemPrompts, *, default: Profile) -> None:
        self._resolver = resolver
        self._prompts = prompts
        self._default = default

    async def of(self, question: Question) -> Profile:
        """The profile that holds where a question was asked; answers grow no longer than the owner allows."""
        effective = await self._resolver.effective(question.place)
        temperature, length = effective.number(rules.TEMPERATURE), effective.number(rules.ANSWER_LENGTH)
        longest = self._default.max_tokens
        return replace(
            self._default,
            system_prompt=self._prompts.fill(
                effective.text(PROMPT) or self._default.system_prompt, question.place
            ),
            temperature=self._default.temperature if temperature is None else temperature,
            max_tokens=longest if length is None else min(longest, int(length)),
            reasoning=effective.flag(rules.REASONING),
            window_note=effective.flag(rules.WINDOW_NOTE),
            footer=effective.flag(rules.FOOTER),
        )
