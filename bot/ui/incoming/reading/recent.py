"""The latest messages of channels, in memory alone: what was said before a question, without asking Discord."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from bot.conversation.extras.quoting import cut
from bot.conversation.ports import Heard
from bot.ui.incoming.reading.contents import contents_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import discord

MOST_MESSAGES = 50  # of a channel: the most that the setting takes
MOST_CHANNELS, MOST_IN_ALL = 2_000, 10_000  # channels, and messages of all of them
TEXT_LIMIT = 600  # characters of a message


class _Channel:
    """The messages of a channel since the session began; once it was `read`, the ones before as well."""

    def __init__(self, *, read: bool = False) -> None:
        self.read = read
        self.messages: dict[int, Heard] = {}
        self.floor = 0  # the newest message that had no room

    def put(self, heard: Iterable[Heard]) -> None:
        merged = self.messages | {each.message_id: each for each in heard}
        ids = sorted(merged)
        self.floor = max([self.floor, *ids[:-MOST_MESSAGES]])
        self.messages = {message_id: merged[message_id] for message_id in ids[-MOST_MESSAGES:]}

    def before(self, message_id: int | None, *, limit: int) -> list[Heard] | None:
        found = [each for each in self.messages.values() if message_id is None or each.message_id < message_id]
        is_all = self.read and (message_id is None or message_id > self.floor)
        return found[-limit:] if is_all or len(found) >= limit else None


class RecentMessages:
    """Other people's messages, as events bring them; forgotten when events were missed, and with the process."""

    def __init__(self) -> None:
        self._channels: OrderedDict[int, _Channel] = OrderedDict()
        self._count = 0

    def clear(self) -> None:
        """Events were missed: what is here may have holes."""
        self._channels.clear()
        self._count = 0

    def begins(self, channel_id: int) -> None:
        """A channel has no messages yet."""
        if channel_id not in self._channels:
            self._channels[channel_id] = _Channel(read=True)
            self._make_room()

    def add(self, channel_id: int, heard: Heard) -> None:
        self._put(channel_id, [heard])

    def replace(self, channel_id: int, heard: Heard) -> None:
        """A message was edited."""
        channel = self._channels.get(channel_id)
        if channel is not None and heard.message_id in channel.messages:
            channel.messages[heard.message_id] = heard

    def remove(self, channel_id: int, message_ids: Collection[int]) -> None:
        """Messages were deleted."""
        if channel := self._channels.get(channel_id):
            for message_id in message_ids:
                self._count -= channel.messages.pop(message_id, None) is not None

    def before(self, channel_id: int, message_id: int | None, *, limit: int) -> list[Heard] | None:
        """The newest messages of a channel, before one of them if named; None where some aren't known."""
        channel = self._channels.get(channel_id)
        return None if channel is None else channel.before(message_id, limit=limit)

    def fill(self, channel_id: int, message_id: int | None, page: Collection[Heard]) -> None:
        """The newest page of a channel was read, up to a message if that's named.

        It's kept where nothing can be missing between it and what events have brought.
        """
        channel = self._channels.get(channel_id)
        if message_id is None or channel is None or message_id in channel.messages:
            self._put(channel_id, page)
            self._channels[channel_id].read = True

    def _put(self, channel_id: int, heard: Collection[Heard]) -> None:
        channel = self._channels.setdefault(channel_id, _Channel())
        self._channels.move_to_end(channel_id)
        before = len(channel.messages)
        channel.put(heard)
        self._count += len(channel.messages) - before
        self._make_room()

    def _make_room(self) -> None:
        while len(self._channels) > MOST_CHANNELS or (self._count > MOST_IN_ALL and len(self._channels) > 1):
            _, oldest = self._channels.popitem(last=False)
            self._count -= len(oldest.messages)


def heard_of(message: discord.Message) -> Heard | None:
    """A message as context for a question; None for one without anything to read, and for Discord's own."""
    if message.is_system():
        return None
    contents = contents_of(message)
    files = [f"[{file.name}]" for file in contents.files]
    text = " ".join(filter(None, [cut(contents.text, TEXT_LIMIT), *files]))
    if not text:
        return None
    return Heard(
        message_id=message.id,
        author_id=message.author.id,
        author_name=message.author.display_name,
        at=int(message.created_at.timestamp()),
        text=text,
    )
