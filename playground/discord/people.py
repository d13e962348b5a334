"""What people do in their clients. All of it raises `PlaygroundError` where a client would not offer it."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from playground.discord.client_actions import Entity, Typist, offered, submission
from playground.discord.state import codes
from playground.discord.state.payloads import interaction_json
from playground.discord.state.permissions import may_write
from playground.discord.state.records import ApiError, Interaction, PlaygroundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playground.discord.state.records import Channel, Choice, File, Json, Message, User
    from playground.discord.state.world import World


class People:
    """Everybody but the bot, which has `deadline` seconds to answer an interaction."""

    def __init__(self, world: World, deadline: float) -> None:
        self.world = world
        self.deadline = deadline

    def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        mention: bool = False,
        reply_to: Message | None = None,
        ping: bool = True,
        files: Sequence[File] = (),
    ) -> Message:
        """Post a message; `mention` puts the bot's mention before it, `ping` is a reply's switch."""
        body: Json = {"content": f"{self.world.me.mention} {text}" if mention else text}
        if reply_to:
            body["message_reference"] = {"message_id": str(reply_to.id)}
            body["allowed_mentions"] = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        try:
            may_write(user, channel, files=bool(files), reply=bool(reply_to))
            return self.world.create(channel, user, body, files=files)
        except ApiError as error:
            raise PlaygroundError(f"{user.name} cannot say that in #{channel.name}: {error}") from error

    def proxy(self, user: User, channel: Channel, text: str, *, name: str, mention: bool = False) -> Message:
        """Post through a proxy bot, as role players do: their message gives way to a webhook's of another name."""
        self.delete(self.say(user, channel, text, mention=mention))
        return self.say(self.world.add_user(name, webhook=True), channel, text, mention=mention)

    def edit(self, message: Message, text: str) -> None:
        try:
            self.world.edit(message, {"content": text})
        except ApiError as error:
            raise PlaygroundError(str(error)) from error

    def delete(self, *messages: Message) -> None:
        """Delete messages of one channel; several make a bulk delete."""
        self.world.delete(*messages)

    def offered(self, user: User, channel: Channel) -> list[Json]:
        """The commands that a person sees in a channel."""
        return offered(self.world, user, channel)

    async def command(self, user: User, channel: Channel, path: str, /, **options: object) -> Interaction:
        """Use a slash command, `path` being typed as `model set`; returns when it is answered or has failed."""
        data = Typist(self.world, user, channel).slash(path, options)
        return await self._interact(codes.COMMAND, user, channel, data, name=path)

    async def autocomplete(
        self, user: User, channel: Channel, path: str, option: str, typed: str, /, **options: object
    ) -> list[Choice]:
        """What an option's autocomplete offers for what was typed so far; empty where it failed."""
        data = Typist(self.world, user, channel).slash(path, {**options, option: typed}, focus=option)
        return (await self._interact(codes.AUTOCOMPLETE, user, channel, data, name=path)).choices

    async def menu(self, user: User, message: Message, name: str) -> Interaction:
        """Use a message menu ("Apps" in the client)."""
        data = Typist(self.world, user, message.channel).menu(name, message)
        return await self._interact(codes.COMMAND, user, message.channel, data, name=name)

    async def press(self, user: User, message: Message, label: str) -> Interaction:
        data = Typist(self.world, user, message.channel).press(message, label)
        return await self._interact(codes.COMPONENT, user, message.channel, data, message)

    async def select(
        self, user: User, message: Message, *values: str | Entity, label: str | None = None
    ) -> Interaction:
        data = Typist(self.world, user, message.channel).select(message, values, label)
        return await self._interact(codes.COMPONENT, user, message.channel, data, message)

    async def submit(self, interaction: Interaction, answers: dict[str, str]) -> Interaction:
        """Fill in and send the modal that an interaction was answered with."""
        if interaction.modal is None:
            raise PlaygroundError("no modal was shown")
        data, user = submission(interaction.modal, answers), interaction.user
        return await self._interact(codes.MODAL, user, interaction.channel, data, interaction.message)

    async def _interact(
        self, kind: int, user: User, channel: Channel, data: Json, message: Message | None = None, name: str = ""
    ) -> Interaction:
        token = secrets.token_urlsafe(48)
        interaction = Interaction(self.world.snowflake(), token, kind, user, channel, data, name, message)
        self.world.interactions[token] = interaction
        payload = interaction_json(interaction, self.world.me)
        self.world.changed("interaction", interaction)
        self.world.dispatch("INTERACTION_CREATE", payload, guild=channel.guild)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.deadline):
                await interaction.answered.wait()
        if not interaction.answered.is_set():
            interaction.failed = True
            self.world.changed("interaction", interaction)
        return interaction
