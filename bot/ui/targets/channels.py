"""What is in Discord's channels, as the inner rooms read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.conversation.ports import SeenMessage
from bot.ui.incoming.reading.questions import question_of
from bot.ui.targets.buttons import Press, parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from bot.ui.targets.reply_targets import ChannelTarget
    from bot.ui.targets.requests import DiscordRequests

READ_TIMEOUT_S = 20.0  # as long as a write is waited for


class DiscordChannels:
    """The `Channels` of a running bot."""

    def __init__(
        self, bot: discord.Client, *, requests: DiscordRequests, target: Callable[..., ChannelTarget]
    ) -> None:
        """`target` makes a target as `target` below does."""
        self._bot = bot
        self._requests = requests
        self._target = target

    def target(self, channel_id: int, *, answer_to: int | None = None) -> ChannelTarget:
        return self._target(channel_id, answer_to=answer_to)

    async def newest(self, channel_id: int, *, limit: int) -> Sequence[SeenMessage]:
        channel = self._bot.get_partial_messageable(channel_id)
        return await self._read(channel.history(limit=limit))

    async def after(self, channel_id: int, message_id: int, *, limit: int) -> Sequence[SeenMessage]:
        channel = self._bot.get_partial_messageable(channel_id)
        return await self._read(channel.history(limit=limit, after=discord.Object(message_id), oldest_first=True))

    async def _read(self, history: AsyncIterator[discord.Message]) -> list[SeenMessage]:
        assert self._bot.user is not None  # noqa: S101 - it is logged in: it was asked something
        me = self._bot.user

        async def read() -> list[SeenMessage]:
            return [seen(message, me) async for message in history]

        with self._requests.refusals.mapped("read a channel"):
            return await self._requests.read(read, timeout_s=READ_TIMEOUT_S)


def seen(message: discord.Message, me: discord.abc.User) -> SeenMessage:
    """A Discord message as the inner rooms know it."""
    own = message.author.id == me.id
    pressed = [press for press in map(parse, _custom_ids(message)) if press is not None] if own else []
    return SeenMessage(
        id=message.id,
        own=own,
        content=message.content if own else question_of(message, me).text,
        reply_to=message.reference.message_id if message.reference else None,
        button_of=pressed[0][1] if pressed else None,
        running=any(press is Press.STOP for press, _ in pressed),
        command_of=message.interaction_metadata.user.id if message.interaction_metadata else None,
        edited=message.edited_at is not None,
    )


def _custom_ids(message: discord.Message) -> Iterator[str]:
    for row in message.components:
        for item in row.children if isinstance(row, discord.ActionRow) else ():
            if item.custom_id:
                yield item.custom_id
