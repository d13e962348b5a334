"""Why a write that shows a reply failed."""

from __future__ import annotations

from bot.core.errors import HeadwaterError


class ScreenError(HeadwaterError):
    """A message could not be written; what reaches the scheduler from a `ReplyTarget`."""


class MessageGoneError(ScreenError):
    """Somebody deleted the message, or its channel (Discord 10008, 10003)."""


class NoAccessError(ScreenError):
    """The bot may not write there, or no longer (Discord 50001, 50013, 50007; HTTP 403, 404)."""

    @property
    def sentence(self) -> str:
        return (
            "I may not write in that channel. A server admin can give me the permissions View Channel and "
            "Send Messages there."
        )


class WriteRefusedError(ScreenError):
    """Discord refuses this very write, now and always (HTTP 4xx but 403, 404 and 429)."""


class WriteFailedError(ScreenError):
    """Discord could not take the write just now: a 5xx, a 429, a broken connection, a timeout.

    The write may or may not have been applied. `retry_after` is in seconds, None when unknown.
    """

    def __init__(self, *, retry_after: float | None = None) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after
