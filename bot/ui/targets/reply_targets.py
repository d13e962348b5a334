"""Where replies are shown: an ordinary channel, or the webhook of an interaction."""

from __future__ import annotations

import asyncio
import io
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiohttp
import discord

from bot.display.errors import MessageGoneError, NoAccessError, ScreenError, WriteFailedError, WriteRefusedError
from bot.ui.targets.buttons import buttons
from bot.ui.targets.rate_limit_headers import bucket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Coroutine

    from bot.core.ports import Clock
    from bot.display.target import Controls, WriteKind
    from bot.ui.targets.rate_limit_headers import RateLimitTrace

log = logging.getLogger(__name__)

WRITE_TIMEOUT_S = 20.0  # discord.py waits inside a call for the end of a rate-limit window, 5 s as a rule
INTERACTION_S = 14 * 60.0  # an interaction's token is valid for 15 minutes; a minute is kept for last edits
REPEATED_S = 1.0  # discord.py repeats a webhook's request after a second at the earliest
DUPLICATES_AMONG = 20  # newest messages of a channel that are searched
NO_PINGS = discord.AllowedMentions.none()

# Discord's error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
NO_REPLIES = 160002  # a reply needs Read Message History
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_WEBHOOK_TOKEN = 10015, 10062, 50027
_TOO_MANY_REQUESTS = 429


class _ExpiredError(ScreenError):
    """The interaction's token is over."""


def screen_error(error: discord.HTTPException) -> ScreenError:
    """What a failed request means for a reply."""
    if error.code in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
        return MessageGoneError()
    if error.code in (UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_WEBHOOK_TOKEN):
        return _ExpiredError()
    if isinstance(error, discord.Forbidden | discord.NotFound):
        return NoAccessError()
    if isinstance(error, discord.DiscordServerError) or error.status == _TOO_MANY_REQUESTS:
        return WriteFailedError()
    return WriteRefusedError()


@asynccontextmanager
async def _mapped() -> AsyncIterator[None]:
    """Turn whatever a request to Discord can fail with into a `ScreenError`, hanging included."""
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            yield
    except discord.HTTPException as error:
        raise screen_error(error) from error
    except discord.RateLimited as error:
        raise WriteFailedError(retry_after=error.retry_after) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise WriteFailedError from error


def _file(text: str) -> discord.File:
    return discord.File(io.BytesIO(text.encode(errors="replace")), filename="answer.md")


def _extras(controls: Controls, attachment: str) -> dict[str, Any]:
    """What a new message has besides its content."""
    view = buttons(controls)
    return ({} if view is None else {"view": view}) | ({"file": _file(attachment)} if attachment else {})


def _changes(controls: Controls | None, attachment: str | None) -> dict[str, Any]:
    """What an edit changes besides the content; None leaves a thing as it is."""
    files = None if attachment is None else [_file(attachment)] if attachment else []
    return ({} if controls is None else {"view": buttons(controls)}) | (
        {} if files is None else {"attachments": files}
    )


class ChannelTarget:
    """Shows a reply as ordinary messages in a channel, the first one as an answer to the question's message."""

    counts_globally = True
    shows_thinking = False

    def __init__(
        self,
        channel: discord.PartialMessageable,
        *,
        trace: RateLimitTrace,
        answer_to: int | None = None,
    ) -> None:
        self._channel = channel
        self._trace = trace
        self._reference = (
            None
            if answer_to is None
            else discord.MessageReference(message_id=answer_to, channel_id=channel.id, fail_if_not_exists=False)
        )

    @property
    def channel_id(self) -> int:
        return self._channel.id

    def bucket(self, kind: WriteKind) -> str:
        return bucket(kind, self._channel.id)

    async def create(self, content: str, controls: Controls, *, nonce: int, attachment: str = "") -> int:
        extra = _extras(controls, attachment)
        if self._reference is not None:
            extra["reference"] = self._reference
        async with _mapped():
            try:
                message = await self._channel.send(content, allowed_mentions=NO_PINGS, nonce=nonce, **extra)
            except discord.HTTPException as error:
                if error.code != NO_REPLIES:
                    raise
                extra = _extras(controls, attachment)  # a file can be read once
                message = await self._channel.send(content, allowed_mentions=NO_PINGS, nonce=nonce, **extra)
        self._reference = None  # only the first message answers
        return message.id

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, attachment: str | None = None
    ) -> None:
        message = self._channel.get_partial_message(message_id)
        changes = _changes(controls, attachment)
        async with _mapped():
            await self.until_answered(message.edit(content=content, allowed_mentions=NO_PINGS, **changes))

    async def until_answered(self, call: Coroutine[Any, Any, Any]) -> None:
        """Make a request, without the sleep that discord.py may put behind it."""
        await self._trace.until_answered(call)

    async def duplicates(self, content: str, *, of: int, but: Collection[int]) -> list[int]:
        """Messages near the channel's end, none of `but`, that answer the interaction `of` in these words."""
        found = []
        try:
            async for message in self._channel.history(limit=DUPLICATES_AMONG):
                source = message.interaction_metadata
                if message.content == content and message.id not in but and source and source.id == of:
                    found.append(message.id)
        except discord.HTTPException as error:
            log.warning("a message may stand twice, and its channel cannot be read: %s", error)
        return found

    async def delete(self, message_id: int) -> None:
        async with _mapped():
            await self._channel.get_partial_message(message_id).delete()

    async def typing(self) -> None:
        async with _mapped():
            await self._channel.typing()


class InteractionTarget:
    """Shows a reply through the webhook of an interaction that was deferred.

    The webhook has a rate limit of its own and lasts a quarter of an hour; after that a public reply goes on as
    ordinary messages, a private one cannot.
    """

    shows_thinking = True

    def __init__(
        self, interaction: discord.Interaction[Any], *, private: bool, clock: Clock, channel: ChannelTarget
    ) -> None:
        self._interaction = interaction
        self._private = private
        self._clock = clock
        self._channel = channel
        self._ends_at = clock.monotonic() + INTERACTION_S
        self._answered = False
        self._posted: set[int] = set()
        self._doubtful = False  # a follow-up failed, and may stand in the channel all the same

    @property
    def channel_id(self) -> int:
        return self._channel.channel_id

    @property
    def counts_globally(self) -> bool:
        return not self._lasts()

    def bucket(self, kind: WriteKind) -> str:
        return bucket(kind, self._interaction.token) if self._lasts() else self._channel.bucket(kind)

    async def create(self, content: str, controls: Controls, *, nonce: int, attachment: str = "") -> int:
        if not self._lasts():
            return await self._channel.create(content, controls, nonce=nonce, attachment=attachment)
        async with self._while_it_lasts():
            if not self._answered:
                changes = _changes(controls, attachment or None)
                original = await self._interaction.edit_original_response(
                    content=content, allowed_mentions=NO_PINGS, **changes
                )
                self._answered = True
                self._posted.add(original.id)
                return original.id
            return await self._follow_up(content, controls, attachment)

    async def _follow_up(self, content: str, controls: Controls, attachment: str) -> int:
        """Post below the earlier messages.

        A webhook knows no nonce, and discord.py repeats a request whose answer was lost: what took as long as a
        repetition is looked for in the channel, and deleted where it stands twice.
        """
        doubtful, self._doubtful, begun = self._doubtful, True, self._clock.monotonic()
        message = await self._interaction.followup.send(
            content,
            ephemeral=self._private,
            wait=True,
            allowed_mentions=NO_PINGS,
            **_extras(controls, attachment),
        )
        self._doubtful = False
        self._posted.add(message.id)
        if (doubtful or self._clock.monotonic() - begun >= REPEATED_S) and not self._private:
            with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                for duplicate in await self._channel.duplicates(
                    content, of=self._interaction.id, but=self._posted
                ):
                    await self._interaction.followup.delete_message(duplicate)
        return message.id

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, attachment: str | None = None
    ) -> None:
        if not self._lasts():
            return await self._channel.edit(message_id, content, controls, attachment=attachment)
        changes = _changes(controls, attachment)
        async with self._while_it_lasts():
            await self._channel.until_answered(
                self._interaction.followup.edit_message(
                    message_id, content=content, allowed_mentions=NO_PINGS, **changes
                )
            )
        return None

    async def delete(self, message_id: int) -> None:
        if not self._lasts():
            return await self._channel.delete(message_id)
        async with self._while_it_lasts():
            await self._interaction.followup.delete_message(message_id)
        return None

    async def typing(self) -> None:
        """Discord shows that the bot is thinking by itself."""

    def _lasts(self) -> bool:
        return self._private or self._clock.monotonic() < self._ends_at

    @asynccontextmanager
    async def _while_it_lasts(self) -> AsyncIterator[None]:
        try:
            async with _mapped():
                yield
        except _ExpiredError:
            if self._private:
                raise NoAccessError from None
            self._ends_at = self._clock.monotonic()
            raise WriteFailedError(retry_after=0.0) from None
