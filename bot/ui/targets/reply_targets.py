"""Where replies are shown: an ordinary channel, or the webhook of an interaction."""

from __future__ import annotations

import io
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import discord

from bot.display.errors import NoAccessError, WriteFailedError
from bot.display.pacing import OLD_EDIT
from bot.display.target import WriteKind
from bot.display.text.rich.links import quiet_links
from bot.ui.targets.buttons import buttons
from bot.ui.targets.failures import logged_failures
from bot.ui.targets.rate_limit_headers import bucket
from bot.ui.targets.refusals import NO_REPLIES, ExpiredError
from bot.ui.targets.requests import ReplyWrites

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from bot.core.ports import Clock
    from bot.display.target import Controls, ShownFile
    from bot.ui.targets.requests import DiscordRequests

log = logging.getLogger(__name__)

INTERACTION_S = 14 * 60.0  # an interaction's token is valid for 15 minutes; a minute is kept for last edits
REPEATED_S = 1.0  # discord.py repeats a webhook's request after a second at the earliest
DUPLICATES_AMONG = 20  # newest messages of a channel to search
NO_PINGS = discord.AllowedMentions.none()


def _uploads(files: Sequence[ShownFile]) -> list[discord.File]:
    """New ones for each request: one can be sent once."""
    return [
        discord.File(io.BytesIO(file.data), filename=file.name, description=file.description or None)
        for file in files
    ]


def _extras(controls: Controls, files: Sequence[ShownFile], *, previews: bool) -> dict[str, Any]:
    """What a new message has besides its content. Edits leave the flag that turns previews off as it is."""
    view = buttons(controls)
    extras: dict[str, Any] = {} if previews else {"suppress_embeds": True}
    return extras | ({} if view is None else {"view": view}) | ({"files": _uploads(files)} if files else {})


def _changes(controls: Controls | None, files: Sequence[ShownFile] | None) -> dict[str, Any]:
    """What an edit changes besides the content; None leaves a thing as it is."""
    return ({} if controls is None else {"view": buttons(controls)}) | (
        {} if files is None else {"attachments": _uploads(files)}
    )


class ChannelTarget:
    """Shows a reply as ordinary messages in a channel, the first one as an answer to the question's message."""

    counts_globally = True
    shows_thinking = False

    def __init__(
        self,
        channel: discord.PartialMessageable,
        *,
        requests: DiscordRequests,
        answer_to: int | None = None,
    ) -> None:
        self.writes = ReplyWrites(requests)
        self._typing = ReplyWrites(requests)  # which nothing else waits for
        self._channel = channel
        self._requests = requests
        self._reference = (
            None
            if answer_to is None
            else discord.MessageReference(message_id=answer_to, channel_id=channel.id, fail_if_not_exists=False)
        )

    @property
    def channel_id(self) -> int:
        return self._channel.id

    def bucket(self, kind: WriteKind, message_id: int | None = None) -> str:
        old = kind is WriteKind.EDIT and message_id is not None and self._requests.is_old(message_id)
        return bucket(OLD_EDIT if old else kind, self._channel.id)

    async def create(
        self,
        content: str,
        controls: Controls,
        *,
        nonce: int,
        files: Sequence[ShownFile] = (),
        previews: bool = False,
    ) -> int:
        async def send() -> int:
            extra = _extras(controls, files, previews=previews)
            if self._reference is not None:
                extra["reference"] = self._reference
            try:
                message = await self._channel.send(content, allowed_mentions=NO_PINGS, nonce=nonce, **extra)
            except discord.HTTPException as error:
                if error.code != NO_REPLIES:
                    raise
                extra = _extras(controls, files, previews=previews)  # a file can be read once
                message = await self._channel.send(content, allowed_mentions=NO_PINGS, nonce=nonce, **extra)
            self._reference = None  # only the first message answers
            return message.id

        return await self.writes.make("send a message", send, nonce=nonce)

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, files: Sequence[ShownFile] | None = None
    ) -> None:
        message = self._channel.get_partial_message(message_id)
        changes = _changes(controls, files)
        await self.writes.make(
            "edit a message",
            lambda: message.edit(content=content, allowed_mentions=NO_PINGS, **changes),
            until_taken=True,
        )

    async def duplicates(self, content: str, *, of: int, but: Collection[int]) -> list[int]:
        """Messages near the channel's end, other than `but`, that answer the interaction `of` in these words."""
        found = []
        async for message in self._channel.history(limit=DUPLICATES_AMONG):
            source = message.interaction_metadata
            if message.content == content and message.id not in but and source and source.id == of:
                found.append(message.id)
        return found

    async def delete(self, message_id: int) -> None:
        await self.writes.make("delete a message", self._channel.get_partial_message(message_id).delete)

    async def typing(self) -> None:
        async def type_() -> None:  # what discord.py returns can be awaited, but is no coroutine
            await self._channel.typing()

        await self._typing.make("show that it is typing", type_, until_taken=True)


class InteractionTarget:
    """Shows a reply through the webhook of an interaction that was deferred.

    The webhook has its own rate limit and lasts 15 minutes. After that a public reply goes on as ordinary
    messages, and a private one can't.
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
        self._quiet_id: int | None = None  # the message whose links themselves ask for no previews
        self._posted: set[int] = set()
        self._unsure = False  # a follow-up failed, and may still be in the channel

    @property
    def channel_id(self) -> int:
        return self._channel.channel_id

    @property
    def counts_globally(self) -> bool:
        return not self._lasts()

    def bucket(self, kind: WriteKind, message_id: int | None = None) -> str:
        return bucket(kind, self._interaction.token) if self._lasts() else self._channel.bucket(kind, message_id)

    async def create(
        self,
        content: str,
        controls: Controls,
        *,
        nonce: int,
        files: Sequence[ShownFile] = (),
        previews: bool = False,
    ) -> int:
        if not self._lasts():
            return await self._channel.create(content, controls, nonce=nonce, files=files, previews=previews)
        create = self._follow_up if self._answered else self._answer
        async with self._while_it_lasts():
            return await self._channel.writes.make(
                "answer a command", lambda: create(content, controls, files, previews=previews), nonce=nonce
            )

    async def _answer(
        self, content: str, controls: Controls, files: Sequence[ShownFile], *, previews: bool
    ) -> int:
        """Put the first message in the place of Discord's own that says the bot is thinking.

        discord.py can't set a flag in its place, so it's the links themselves that ask for no previews.
        """
        content = content if previews else quiet_links(content)
        changes = _changes(controls, files or None)
        original = await self._interaction.edit_original_response(
            content=content, allowed_mentions=NO_PINGS, **changes
        )
        self._answered = True
        self._posted.add(original.id)
        self._quiet_id = None if previews else original.id
        return original.id

    async def _follow_up(
        self, content: str, controls: Controls, files: Sequence[ShownFile], *, previews: bool
    ) -> int:
        """Post below the earlier messages.

        Webhooks have no nonce, and discord.py repeats a request whose answer was lost: when one took long enough
        for that, look in the channel for a second copy and delete it.
        """
        unsure, self._unsure, begun = self._unsure, True, self._clock.monotonic()
        message = await self._interaction.followup.send(
            content,
            ephemeral=self._private,
            wait=True,
            allowed_mentions=NO_PINGS,
            **_extras(controls, files, previews=previews),
        )
        self._unsure = False
        self._posted.add(message.id)
        if (unsure or self._clock.monotonic() - begun >= REPEATED_S) and not self._private:
            with logged_failures(log, "a message may be posted twice"):
                for duplicate in await self._channel.duplicates(
                    content, of=self._interaction.id, but=self._posted
                ):
                    await self._interaction.followup.delete_message(duplicate)
        return message.id

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, files: Sequence[ShownFile] | None = None
    ) -> None:
        content = quiet_links(content) if message_id == self._quiet_id else content
        if not self._lasts():
            return await self._channel.edit(message_id, content, controls, files=files)
        changes = _changes(controls, files)
        async with self._while_it_lasts():
            await self._channel.writes.make(
                "edit an answer to a command",
                lambda: self._interaction.followup.edit_message(
                    message_id, content=content, allowed_mentions=NO_PINGS, **changes
                ),
                until_taken=True,
            )
        return None

    async def delete(self, message_id: int) -> None:
        if not self._lasts():
            return await self._channel.delete(message_id)
        async with self._while_it_lasts():
            await self._channel.writes.make(
                "delete an answer to a command", lambda: self._interaction.followup.delete_message(message_id)
            )
        return None

    async def typing(self) -> None:
        """Nothing to do: Discord shows that the bot is thinking."""

    def _lasts(self) -> bool:
        return self._private or self._clock.monotonic() < self._ends_at

    @asynccontextmanager
    async def _while_it_lasts(self) -> AsyncIterator[None]:
        try:
            yield
        except ExpiredError:
            if self._private:
                raise NoAccessError from None
            self._ends_at = self._clock.monotonic()
            raise WriteFailedError(retry_after=0.0) from None
