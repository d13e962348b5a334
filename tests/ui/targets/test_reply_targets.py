"""Writing through Discord's objects: what is posted twice, and what is refused as it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
import discord
import pytest

from bot.display.errors import WriteRefusedError
from bot.display.target import Controls
from bot.ui.targets.refusals import NO_REPLIES, UNKNOWN_MESSAGE
from bot.ui.targets.reply_targets import REPEATED_S, ChannelTarget, InteractionTarget
from bot.ui.targets.requests import DiscordRequests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ASKED, COMMAND = 3, 5  # the ids of the message and of the interaction that ask


def failure(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    response = SimpleNamespace(status=status, reason="", headers={})
    return kind(response, {"code": code, "message": ""})


@dataclass
class Channel:
    """A channel and a command's webhook in it; every post takes long enough for discord.py to have repeated it."""

    id: int = 9
    now: float = 0.0
    posted: dict[int, str] = field(default_factory=dict)
    references: list[int | None] = field(default_factory=list)
    doubles: bool = False  # each follow-up stands twice
    fault: Exception | None = None  # what reading the channel, or deleting from it, fails with
    quiet: list[object] = field(default_factory=list)  # whether each new message asks for no previews
    refusal: int | None = None  # the code that an answer to a message is refused with

    def monotonic(self) -> float:
        return self.now

    def _post(self, content: str) -> SimpleNamespace:
        message_id = 100 + len(self.posted)
        self.posted[message_id] = content
        return SimpleNamespace(id=message_id)

    async def send(
        self, content: str, *, reference: discord.MessageReference | None = None, **extras: object
    ) -> SimpleNamespace:
        self.quiet.append(extras.get("suppress_embeds", False))
        self.references.append(reference.message_id if reference else None)
        if reference and self.refusal:
            raise failure(discord.HTTPException, 400, self.refusal)
        return self._post(content)

    async def edit_original(self, *, content: str, **_: object) -> SimpleNamespace:
        return self._post(content)

    async def follow_up(self, content: str, **extras: object) -> SimpleNamespace:
        self.quiet.append(extras.get("suppress_embeds", False))
        self.now += REPEATED_S
        message = self._post(content)
        if self.doubles:
            self._post(content)
        return message

    async def delete_message(self, message_id: int) -> None:
        del self.posted[message_id]
        if self.fault:
            raise self.fault

    async def history(self, limit: int) -> AsyncIterator[SimpleNamespace]:
        if self.fault and not self.doubles:
            raise self.fault
        for message_id in sorted(self.posted, reverse=True)[:limit]:
            source = SimpleNamespace(id=COMMAND)
            yield SimpleNamespace(id=message_id, content=self.posted[message_id], interaction_metadata=source)


def channel_target(channel: Channel) -> ChannelTarget:
    return ChannelTarget(channel, requests=DiscordRequests(channel), answer_to=ASKED)


def interaction_target(channel: Channel) -> InteractionTarget:
    interaction = SimpleNamespace(
        id=COMMAND,
        token="token",
        edit_original_response=channel.edit_original,
        followup=SimpleNamespace(send=channel.follow_up, delete_message=channel.delete_message),
    )
    return InteractionTarget(interaction, private=False, clock=channel, channel=channel_target(channel))


async def post(target: ChannelTarget | InteractionTarget, *contents: str) -> None:
    for nonce, content in enumerate(contents):
        await target.create(content, Controls(), nonce=nonce)


async def test_a_duplicate_is_deleted():
    """A follow-up that discord.py posted twice ends up there once."""
    channel = Channel(doubles=True)
    await post(interaction_target(channel), "one", "two")
    assert list(channel.posted.values()) == ["one", "two"]


@pytest.mark.parametrize(
    "fault",
    [
        aiohttp.ClientConnectionError(),
        OSError(),
        failure(discord.Forbidden, 403, 50001),
        discord.RateLimited(60.0),
    ],
    ids=["connection", "network", "refused", "limited"],
)
async def test_a_search_for_duplicates_that_fails_is_no_failure_of_the_post(fault: Exception):
    """The message stands there, so it must not be posted again."""
    channel = Channel(fault=fault)
    await post(interaction_target(channel), "one", "two")
    assert list(channel.posted.values()) == ["one", "two"]


async def test_a_duplicate_that_somebody_else_deleted_is_no_loss():
    """The reply itself still stands, and goes on."""
    channel = Channel(doubles=True, fault=failure(discord.NotFound, 404, UNKNOWN_MESSAGE))
    await post(interaction_target(channel), "one", "two")
    assert list(channel.posted.values()) == ["one", "two"]


async def test_two_messages_of_a_reply_that_say_the_same_both_stay():
    """What the target posted itself is no duplicate."""
    channel = Channel()
    await post(interaction_target(channel), "one", "a loop of words", "a loop of words")
    assert list(channel.posted.values()) == ["one", "a loop of words", "a loop of words"]


async def test_where_older_messages_cannot_be_read_the_answer_stands_by_itself():
    """Discord refuses an answer to a message there, and takes the same text without it."""
    channel = Channel(refusal=NO_REPLIES)
    await post(channel_target(channel), "one", "two")
    assert list(channel.posted.values()) == ["one", "two"]
    assert channel.references == [ASKED, None, None]


async def test_any_other_refusal_is_told():
    """It is not tried again in another way."""
    channel = Channel(refusal=50035)
    with pytest.raises(WriteRefusedError):
        await post(channel_target(channel), "one")
    assert channel.references == [ASKED]


@pytest.mark.parametrize("previews", [False, True])
async def test_new_messages_have_previews_only_if_they_are_wanted(previews: bool):
    """By a flag that edits leave alone. discord.py can't set it on a command's first answer: its links do."""
    channel, command = Channel(), Channel()
    link = "https://x.org"
    await channel_target(channel).create(link, Controls(), nonce=1, previews=previews)
    target = interaction_target(command)
    await target.create(link, Controls(), nonce=1, previews=previews)
    await target.create(link, Controls(), nonce=2, previews=previews)
    assert channel.quiet == command.quiet == [not previews]
    assert list(channel.posted.values()) == [link]
    assert list(command.posted.values()) == [link if previews else f"<{link}>", link]
