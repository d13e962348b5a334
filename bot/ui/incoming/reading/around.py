"""Messages around a question: those it links to, the one its thread is about, and the latest of its channel."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import discord

from bot.conversation.extras.attached import MESSAGE
from bot.conversation.extras.quoting import cut
from bot.conversation.ports import Followed
from bot.conversation.prompt import speaker
from bot.core.names import plain_name
from bot.core.records import Attachment, AttachmentKind
from bot.ui.incoming.reading.contents import contents_of
from bot.ui.incoming.reading.recent import MOST_MESSAGES, heard_of
from bot.ui.targets.failures import DISCORD_FAILURES, reason
from bot.ui.texts import replies as texts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bot.conversation.ports import Heard
    from bot.core.ports import Clock
    from bot.core.records import Question
    from bot.ui.incoming.reading.recent import RecentMessages
    from bot.ui.targets.requests import DiscordRequests

T = TypeVar("T")
log = logging.getLogger(__name__)

QUOTE_LIMIT = 8_000  # characters of a linked message
PATIENCE_S = 5.0  # for a message that the question is about
ROOMS_A_SECOND = 5  # read at most; Discord takes 50 requests of all kinds
ROOM_PATIENCE_S = 1.0  # for what was said before: the question is answered without it then

Channel = discord.abc.GuildChannel | discord.Thread


class Reader(Protocol):
    """The bot, as far as it's needed to read."""

    requests: DiscordRequests
    recent: RecentMessages

    @property
    def intents(self) -> discord.Intents: ...

    @property
    def user(self) -> discord.ClientUser | None: ...

    def get_guild(self, id: int, /) -> discord.Guild | None: ...  # noqa: A002 - discord.py's


class UnreadableError(Exception):
    """A message can't be read; its text is the sentence that says so."""


class DiscordMessages:
    """The `MessageReader` of a running bot. Permissions are checked when something is read."""

    def __init__(self, bot: Callable[[], Reader], clock: Clock) -> None:
        """`bot` gives the bot, which is built later."""
        self._bot = bot
        self._clock = clock
        self._read_at: deque[float] = deque(maxlen=ROOMS_A_SECOND)  # when rooms were read last, monotonic

    async def follow(self, question: Question, *, starter: bool) -> Followed:
        found = Followed()
        if starter and question.extras.room_id is not None:
            found = await self._starter(question)
        for channel_id, message_id in question.extras.links:
            try:
                message = await self._linked(question, channel_id, message_id)
                found = _plus(found, message)
            except UnreadableError as error:
                found = replace(found, notes=(*found.notes, str(error)))
            except (*DISCORD_FAILURES, TimeoutError) as error:
                log.info("a linked message in channel %d wasn't read: %s", channel_id, reason(error))
                found = replace(found, notes=(*found.notes, texts.LINK_UNREADABLE))
        return found

    async def _starter(self, question: Question) -> Followed:
        """The message that a thread is about, which has the thread's id; many threads have none."""
        place, guild = question.place, self._guild(question)
        thread = guild.get_channel_or_thread(place.channel_id) if guild else None
        if not isinstance(thread, discord.Thread) or thread.parent is None:
            return Followed()
        where = thread if isinstance(thread.parent, discord.ForumChannel) else thread.parent
        try:
            message = await self._fetch(where, place.channel_id)
        except (UnreadableError, *DISCORD_FAILURES, TimeoutError):
            return Followed()
        return _plus(Followed(), message)

    async def _linked(self, question: Question, channel_id: int, message_id: int) -> discord.Message:
        guild = self._guild(question)
        channel = guild.get_channel_or_thread(channel_id) if guild else None
        if guild is None or channel is None:
            raise UnreadableError(texts.LINK_ELSEWHERE)
        asker = await self._read(partial(guild.fetch_member, question.author_id))
        allowed = channel.permissions_for(asker)
        if not (allowed.view_channel and allowed.read_message_history):
            raise UnreadableError(texts.LINK_NOT_YOURS)
        is_hidden = isinstance(channel, discord.Thread) and channel.is_private() and not allowed.manage_threads
        if is_hidden and channel_id != question.place.channel_id and not await self._is_in(channel, asker):
            raise UnreadableError(texts.LINK_NOT_YOURS)
        return await self._fetch(channel, message_id)

    async def _is_in(self, thread: Channel, asker: discord.Member) -> bool:
        assert isinstance(thread, discord.Thread)  # noqa: S101 - the caller looked
        try:
            await self._read(partial(thread.fetch_member, asker.id))
        except discord.NotFound:
            return False
        return True

    async def _fetch(self, channel: Channel, message_id: int) -> discord.Message:
        if not isinstance(channel, discord.abc.Messageable) or not _may_read(channel):
            raise UnreadableError(texts.LINK_UNREADABLE)
        return await self._read(partial(channel.fetch_message, message_id))

    async def _read(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await self._bot().requests.read(call, timeout_s=PATIENCE_S)

    async def room(self, question: Question, *, limit: int) -> Sequence[Heard]:
        bot, channel_id, before = self._bot(), question.extras.room_id or 0, question.message_id
        guild = self._guild(question)
        channel = guild.get_channel_or_thread(channel_id) if guild else None
        if not bot.intents.message_content or channel is None or not _may_read(channel):
            return ()
        if (known := bot.recent.before(channel_id, before, limit=limit)) is not None:
            return known
        assert isinstance(channel, discord.abc.Messageable)  # noqa: S101 - somebody asked there
        if not self._has_time():
            return ()
        try:
            return (await self._fill(channel, channel_id, before))[-limit:]
        except (*DISCORD_FAILURES, TimeoutError) as error:
            log.info("answering without the room in channel %d: %s", channel_id, reason(error))
            return ()

    async def _fill(self, channel: discord.abc.Messageable, channel_id: int, before: int | None) -> list[Heard]:
        """Read the newest page before a question, oldest first; events keep it up to date from then on."""
        bot = self._bot()

        async def read() -> list[discord.Message]:
            until = None if before is None else discord.Object(before)
            return [message async for message in channel.history(limit=MOST_MESSAGES, before=until)]

        page = await bot.requests.read(read, timeout_s=ROOM_PATIENCE_S)
        others = [heard_of(each) for each in reversed(page) if bot.user and each.author.id != bot.user.id]
        heard = [each for each in others if each is not None]
        bot.recent.fill(channel_id, before, heard)
        return heard

    def _has_time(self) -> bool:
        """Whether a room can be read: in a storm of questions that would take the place of their answers."""
        now = self._clock.monotonic()
        if len(self._read_at) == ROOMS_A_SECOND and now < self._read_at[0] + 1.0:
            return False
        self._read_at.append(now)
        return True

    def _guild(self, question: Question) -> discord.Guild | None:
        guild_id = question.place.guild_id
        return None if guild_id is None else self._bot().get_guild(guild_id)


def _may_read(channel: Channel) -> bool:
    allowed = channel.permissions_for(channel.guild.me)
    return allowed.view_channel and allowed.read_message_history


def _plus(found: Followed, message: discord.Message) -> Followed:
    """What was found, and one more message."""
    contents, where = contents_of(message), getattr(message.channel, "name", "")
    if not contents:
        return replace(found, notes=(*found.notes, texts.LINK_HIDDEN))
    attachment = Attachment(
        name=f"A message by {speaker(message.author.display_name)} in #{plain_name(where)}",
        kind=AttachmentKind.TEXT,
        text=cut(contents.text, QUOTE_LIMIT) or "(Only files.)",
        media_type=MESSAGE,
        author_id=message.author.id,
    )
    files = [(message.author.id, contents.files)] if contents.files else []
    return replace(found, attachments=(*found.attachments, attachment), files=(*found.files, *files))
