"""The test Discord in one piece: start it, put people into it, let them act, look at what the bot did."""

from __future__ import annotations

import asyncio
import base64
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from playground.discord.api.channels import ChannelRoutes
from playground.discord.api.gateway import Gateway
from playground.discord.api.interactions import InteractionRoutes
from playground.discord.api.limits import RateLimits
from playground.discord.api.rest import API, UPLOAD_BYTES, Door, Fault
from playground.discord.client_actions import Entity, Typist, offered, submission
from playground.discord.state import codes
from playground.discord.state.payloads import interaction_json
from playground.discord.state.permissions import may_write
from playground.discord.state.records import EVERYBODY, ApiError, Interaction, Member, Permission, PlaygroundError
from playground.discord.state.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from playground.discord.state.records import (
        Change,
        Channel,
        Choice,
        File,
        Guild,
        Json,
        Message,
        Request,
        Role,
        User,
    )

T = TypeVar("T")


class Discord:
    """One application's Discord. Times are monotonic seconds; nothing here is safe for threads.

    What people do raises `PlaygroundError` where their client would not offer it.

    Args:
        latency: seconds of a REST round trip, half of it before a request is acted on, and of a heartbeat's.
        limits: the rate limits; the real ones' common figures by default.
        message_content: whether the privileged message-content intent is granted.
        deadline: seconds in which an interaction must be answered.
        lifetime: seconds that an interaction's token is good for.
    """

    def __init__(
        self,
        *,
        latency: float = 0.0,
        limits: RateLimits | None = None,
        message_content: bool = False,
        deadline: float = codes.DEADLINE,
        lifetime: float = codes.LIFETIME,
    ) -> None:
        self.world = World(message_content=message_content)
        # Discord's own form: the application's id, a time and a secret, in base64.
        name = base64.urlsafe_b64encode(str(self.world.me.id).encode()).decode().rstrip("=")
        self.token = f"{name}.{secrets.token_urlsafe(4)}.{secrets.token_urlsafe(28)}"
        self.deadline = deadline
        self.gateway = Gateway(self.world, self.token, latency=latency)
        self.door = Door(self.world, token=self.token, limits=limits or RateLimits(), latency=latency)
        self.app = web.Application(middlewares=[self.door.enter], client_max_size=UPLOAD_BYTES)
        ChannelRoutes(self.world, self.gateway).add_to(self.app)
        InteractionRoutes(self.world, lifetime).add_to(self.app)
        self.app.router.add_get("/gateway", self.gateway.connect)
        self.app.router.add_get("/cdn/attachments/{channel_id}/{id}/{name}", self._download)
        self.origin = ""
        self._runner: web.AppRunner | None = None

    # --- The server -----------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one. Routes can be added to `app` before."""
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        host = f"127.0.0.1:{self._runner.addresses[0][1]}"
        self.origin, self.gateway.url = f"http://{host}", f"ws://{host}/gateway"
        self.world.cdn = f"{self.origin}/cdn"

    async def close(self) -> None:
        self.gateway.drop(resume=False)
        if self._runner:
            await self._runner.cleanup()

    async def _download(self, request: web.Request) -> web.Response:
        file = self.world.files.get(int(request.match_info["id"]))
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.data, content_type=file.content_type)

    @property
    def api_base(self) -> str:
        return self.origin + API

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    @property
    def bot(self) -> User:
        return self.world.me

    @property
    def application_id(self) -> int:
        return self.world.me.id

    @property
    def online(self) -> bool:
        """Whether the bot is connected to the gateway."""
        return bool(self.gateway.live)

    @property
    def commands(self) -> list[Json]:
        """The global commands as registered."""
        return self.world.commands.get(None, [])

    @property
    def requests(self) -> list[Request]:
        """Every request of the bot, oldest first."""
        return self.door.requests

    @property
    def count_429(self) -> int:
        return sum(request.status == 429 for request in self.requests)

    def drop_gateway(self, *, resume: bool = True) -> None:
        """Break the bot's gateway connections; without `resume` it has to identify again."""
        self.gateway.drop(resume=resume)

    def fail(self, method: str, route: str, **how: Any) -> None:  # noqa: ANN401 - the fields of Fault
        """Let requests go wrong, as `Fault` says; the route is a pattern such as `/channels/*/messages`."""
        self.door.faults.append(Fault(method=method, route=route, **how))

    # --- Watching -------------------------------------------------------------------------------------------

    async def until(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:  # noqa: ASYNC109 - reads best so
        """Wait until `predicate` is true and return its value; it is checked after every change.

        Raises:
            TimeoutError: after `timeout` seconds.
        """
        changed = asyncio.Event()
        self.world.waiters.add(changed)
        try:
            async with asyncio.timeout(timeout):
                while not (found := predicate()):
                    changed.clear()
                    await changed.wait()
        finally:
            self.world.waiters.discard(changed)
        return found

    async def changes(self) -> AsyncIterator[Change]:
        """Everything that changes from the first iteration on. For a callback, see `World.listeners`."""
        queue: asyncio.Queue[Change] = asyncio.Queue()
        self.world.listeners.append(queue.put_nowait)
        try:
            while True:
                yield await queue.get()
        finally:
            self.world.listeners.remove(queue.put_nowait)

    def history(self, channel: Channel, author: User | None = None) -> list[Message]:
        """The messages that stand in a channel, oldest first."""
        found = sorted(channel.messages.values(), key=lambda message: message.id)
        return [message for message in found if author in {None, message.author}]

    # --- People and places ----------------------------------------------------------------------------------

    def add_user(self, name: str, *, bot: bool = False, webhook: bool = False) -> User:
        return self.world.add_user(name, bot=bot, webhook=webhook)

    def add_guild(self, name: str, owner: User | None = None, *, bot_permissions: int = EVERYBODY) -> Guild:
        """Found a server that the bot is in."""
        return self.world.add_guild(name, owner or self.add_user(f"{name} owner"), bot_permissions=bot_permissions)

    def add_role(self, guild: Guild, name: str, permissions: int = 0) -> Role:
        return self.world.add_role(guild, name, permissions)

    def add_member(
        self, guild: Guild, user: User, *, admin: bool = False, roles: Sequence[Role] = (), nick: str | None = None
    ) -> Member:
        held = [*roles, *([self._admins(guild)] if admin else [])]
        guild.members[user.id] = Member(user, held, nick)
        return guild.members[user.id]

    def _admins(self, guild: Guild) -> Role:
        found = next((role for role in guild.roles.values() if role.name == "Admin"), None)
        return found or self.add_role(guild, "Admin", Permission.ADMINISTRATOR)

    def add_channel(self, guild: Guild, name: str) -> Channel:
        return self.world.add_channel(guild, name)

    def overwrite(self, channel: Channel, target: Role | User, *, allow: int = 0, deny: int = 0) -> None:
        """Set a channel's permission overwrite; @everyone is the role with the server's id."""
        overwrites = {**channel.overwrites, target.id: (allow, deny)}
        self.world.update_channel(channel, overwrites=overwrites)

    def add_thread(self, channel: Channel, name: str, owner: User | None = None) -> Channel:
        guild = channel.guild
        return self.world.add_thread(channel, name, owner or (guild.owner if guild else self.bot))

    def open_dm(self, user: User) -> Channel:
        return self.world.open_dm(user)

    def remove_channel(self, channel: Channel) -> None:
        self.world.remove_channel(channel)

    def remove_guild(self, guild: Guild) -> None:
        """Take the bot out of a server."""
        del self.world.guilds[guild.id]
        for channel in guild.channels.values():
            del self.world.channels[channel.id]
        self.world.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild=guild, intent=codes.GUILDS)

    # --- What people do -------------------------------------------------------------------------------------

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
        body: Json = {"content": f"{self.bot.mention} {text}" if mention else text}
        if reply_to:
            body["message_reference"] = {"message_id": str(reply_to.id)}
            body["allowed_mentions"] = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        try:
            may_write(user, channel, files=bool(files), reply=bool(reply_to))
            return self.world.create(channel, user, body, files=files)
        except ApiError as error:
            raise PlaygroundError(f"{user.name} cannot say that in #{channel.name}: {error}") from error

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
        payload = interaction_json(interaction, self.bot)
        self.world.changed("interaction", interaction)
        self.world.dispatch("INTERACTION_CREATE", payload, guild=channel.guild)
        with suppress(TimeoutError):
            async with asyncio.timeout(self.deadline):
                await interaction.answered.wait()
        if not interaction.answered.is_set():
            interaction.failed = True
            self.world.changed("interaction", interaction)
        return interaction
