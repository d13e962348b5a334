"""What a server's own rules refuse: automatic moderation, slow mode, archived threads, edits of old messages."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.discord.state.permissions import can
from playground.discord.state.records import ApiError, Permission

if TYPE_CHECKING:
    from playground.discord.state.records import Channel, Message, User

Rate = tuple[int, float]  # so many requests in so many seconds
BLOCKED = "Message was blocked by automatic moderation"
SLOWED = "This action cannot be performed due to slowmode rate limit"
OLD = "Maximum number of edits to messages older than 1 hour reached. Try again later"


@dataclass(slots=True)
class Window:
    """Opens with the first request after the last window ended; its end does not move."""

    limit: int
    seconds: float
    used: int = 0
    ends: float = -math.inf

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.used, self.ends = 0, now + self.seconds
        self.used += 1
        return self.used <= self.limit


@dataclass(slots=True)
class Rules:
    """Discord publishes no figure for `old_edits`; bots see about one in seven seconds."""

    old_after: float = 3600.0  # seconds, from when on a message counts as old
    old_edits: Rate = (3, 20.0)  # of one channel
    _posted: dict[tuple[int, int], float] = field(default_factory=dict)
    _edits: dict[int, Window] = field(default_factory=dict)

    def check_text(self, author: User, channel: Channel, text: str) -> None:
        """Raise 200000 for a word that the server's automatic moderation blocks."""
        words = channel.guild.blocked_words if channel.guild else ()
        if any(word in text for word in words) and not can(author, channel, Permission.MANAGE_GUILD):
            raise ApiError(400, 200000, BLOCKED)

    def check_post(self, author: User, channel: Channel) -> None:
        """Raise 20016 for a message too soon after the author's last in slow mode."""
        now, key = time.monotonic(), (channel.id, author.id)
        exempt = can(author, channel, Permission.MANAGE_MESSAGES) or can(
            author, channel, Permission.MANAGE_CHANNELS
        )
        left = self._posted.get(key, -math.inf) + channel.slow_mode - now
        if left > 0 and not exempt:
            raise ApiError(429, 20016, SLOWED, retry_after=round(left, 3))
        self._posted[key] = now

    def check_edit(self, message: Message) -> None:
        """Raise 50083 in an archived thread, 30046 for one edit too many of old messages."""
        check_open(message.channel)
        now = time.monotonic()
        window = self._edits.setdefault(message.channel.id, Window(*self.old_edits))
        if time.time() - message.created > self.old_after and not window.take(now):
            raise ApiError(429, 30046, OLD, retry_after=round(window.ends - now, 3))


def check_open(channel: Channel) -> None:
    """Raise 50083 where a thread is archived: nothing in it can change until a message opens it again."""
    if channel.archived:
        raise ApiError(400, 50083, "Thread is archived")
