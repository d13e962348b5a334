"""The system prompt of a place, and what its placeholders stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.core.names import plain_name
from bot.settings.specs import SettingSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.ports import Clock
    from bot.core.records import Place

LIMIT_CHARS = 4000  # Discord: a modal's text input
PLACEHOLDERS = {
    "channel": "the channel's name",
    "server": "the server's name",
    "date": "today's date",
    "time": "the time, in UTC",
    "bot": "my name here",
}
_IN_BRACES = re.compile(r"{([^\W\d]\w{0,31})}")  # looks like a placeholder; code and JSON don't
_PLACEHOLDER = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


@dataclass(frozen=True, slots=True)
class PromptText:
    """A system prompt as people type it."""

    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"a text of at most {LIMIT_CHARS:,} characters"

    def parse(self, typed: str) -> str:
        text = typed.strip()
        if not 0 < len(text) <= LIMIT_CHARS:
            raise ValueError(len(text))
        return text

    def show(self, value: str) -> str:
        return value


PROMPT = SettingSpec(
    key="prompt",
    description="What the model is told before every conversation",
    kind=PromptText(),
    when_unset="the bot owner's setting",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The current names of a place and of the bot."""

    channel: str
    server: str
    bot: str


NO_NAMES = Names(channel="a channel", server="a server", bot="the assistant")


def unknown_placeholders(prompt: str) -> list[str]:
    """The words in braces that stand for nothing and stay as they are, each once."""
    return [word for word in dict.fromkeys(_IN_BRACES.findall(prompt)) if word not in PLACEHOLDERS]


class SystemPrompts:
    """Fills in `{channel}`, `{server}`, `{date}`, `{time}` and `{bot}`; other braces stay as they are."""

    def __init__(self, clock: Clock, names: Callable[[Place], Names] = lambda _: NO_NAMES) -> None:
        """`names` says what things are called when a prompt is filled in."""
        self._clock = clock
        self._names = names

    def fill(self, template: str, place: Place) -> str:
        """The prompt as the model gets it in a place, now."""
        if not _PLACEHOLDER.search(template):
            return template
        names, now = self._names(place), datetime.fromtimestamp(self._clock.time(), UTC)
        values = {
            "channel": plain_name(names.channel),
            "server": plain_name(names.server),
            "bot": plain_name(names.bot),
            "date": f"{now:%Y-%m-%d}",
            "time": f"{now:%H:%M} UTC",
        }
        return _PLACEHOLDER.sub(lambda match: values[match[1]], template)
