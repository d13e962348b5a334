"""Why Discord didn't show what a reply wrote."""

from __future__ import annotations

from bot.core.errors import HeadwaterError


class ScreenError(HeadwaterError):
    """A message couldn't be written: what a `ReplyTarget` raises."""


class MessageGoneError(ScreenError):
    """Somebody deleted the message, or its channel (Discord 10008, 10003)."""


class NoAccessError(ScreenError):
    """The bot may not, or no longer, write there (Discord 50001, 50013, 50007; HTTP 403, 404)."""

    text = (
        "I can't write in that channel. "
        "A server admin can give me the permissions View Channel and Send Messages there."
    )


class WriteRefusedError(ScreenError):
    """Discord refuses this write for good (HTTP 4xx except 403, 404 and 429)."""


class WriteFailedError(ScreenError):
    """Discord couldn't accept the write just now: a 5xx, a 429, a broken connection, a timeout.

    The write may or may not have been applied. `retry_after` is in seconds, None when unknown.
    """

    def __init__(self, *, retry_after: float | None = None) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after
