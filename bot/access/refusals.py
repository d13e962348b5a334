"""Why somebody may not ask: the server's lists, and the rate limit per person."""

from __future__ import annotations

import math
from enum import StrEnum

from bot.core.errors import HeadwaterError


class Rule(StrEnum):
    """The rule that refused a question."""

    SILENT = "silent"
    CHANNEL = "channel"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"


SENTENCES = {
    Rule.SILENT: "I don't answer here. An admin can change that in `/settings`.",
    Rule.CHANNEL: "I don't answer in this channel. Please ask in another one.",
    Rule.DENIED: "This server's admins don't let you ask me here. They can tell you why.",
    Rule.NOT_ALLOWED: "Only some people and roles may ask me here. An admin can tell you more.",
}


class NotAllowedError(HeadwaterError):
    """The lists of a server or channel don't let somebody ask."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self.rule = rule

    @property
    def sentence(self) -> str:
        return SENTENCES[self.rule]


class UserRateLimitError(HeadwaterError):
    """Somebody asks more often than the settings allow. `retry_after` is in seconds."""

    def __init__(self, *, per_minute: int, retry_after: float) -> None:
        super().__init__(per_minute, retry_after)
        self.per_minute = per_minute
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        often = "once a minute" if self.per_minute == 1 else f"{self.per_minute} times a minute"
        return f"You can ask me {often} here. Please ask again in {math.ceil(self.retry_after)} s."
