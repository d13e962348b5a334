"""Why somebody is not answered although nothing failed: the rules of those who run the bot."""

from __future__ import annotations

from enum import StrEnum

from bot.core.errors import HeadwaterError


class Rule(StrEnum):
    """The rule that a question met."""

    SILENT = "silent"
    CHANNEL = "channel"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"


SENTENCES = {
    Rule.SILENT: "I am set not to answer here.",
    Rule.CHANNEL: "I am set not to answer in this channel. Please ask in another one.",
    Rule.DENIED: "The admins of this server have asked me not to answer you here.",
    Rule.NOT_ALLOWED: "Only some roles may ask me here. An admin can tell you more.",
}


class NotAllowedError(HeadwaterError):
    """The lists of a server or channel keep somebody from asking."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self.rule = rule

    @property
    def sentence(self) -> str:
        return SENTENCES[self.rule]
