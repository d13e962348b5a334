"""The test Discord in one piece: start it, put people into it, let them act, look at what the bot did."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from playground.discord.api.channels import ChannelRoutes
from playground.discord.api.gateway import Gateway
from playground.discord.api.interactions import InteractionRoutes
from playground.discord.api.limits import RateLimits
from playground.discord.api.rest import API, UPLOAD_BYTES, Door
from playground.discord.people import People
from playground.discord.portal import Portal
from playground.discord.posts import Posts
from playground.discord.state import codes
from playground.discord.state.records import EVERYBODY, Member, Permission
from playground.discord.state.world import World
from playground.discord.trouble import Trouble
from playground.loopback import HOST, listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from playground.discord.state.records import (
        Change,
        Channel,
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

    What people do is in `People` and `Posts`, their files in `Cdn`, what goes wrong in `Trouble`, all else in
    `World`; the most used is here too.

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
        self.gateway = Gateway(self.world, self.token, latency=latency)
        self.door = Door(self.world, token=self.token, limits=limits or RateLimits(), latency=latency)
        self.app = web.Application(middlewares=[self.door.enter], client_max_size=UPLOAD_BYTES)
        ChannelRoutes(self.world, self.gateway).add_to(self.app)
        InteractionRoutes(self.world, lifetime).add_to(self.app)
        self.portal = Portal(self.world)
        self.portal.add_to(self.app)
        self.app.router.add_get("/gateway", self.gateway.connect)
        self.app.router.add_get("/cdn/{path:.*}", self.world.cdn.download)
        self.trouble = Trouble(self.world, self.door, self.gateway)
        self.fail, self.drop_gateway = self.trouble.fail, self.trouble.drop_gateway
        self.add_user, self.add_role = self.world.add_user, self.world.add_role
        self.add_channel, self.remove_channel = self.world.add_channel, self.world.remove_channel
        self.open_dm = self.world.open_dm
        self.cdn, self.posts = self.world.cdn, Posts(self.world)
        people = self.people = People(self.world, deadline)
        self.say, self.proxy, self.edit, self.delete = people.say, people.proxy, people.edit, people.delete
        self.offered, self.command, self.autocomplete = people.offered, people.command, people.autocomplete
        self.menu, self.press, self.select, self.submit = people.menu, people.press, people.select, people.submit
        self.origin = ""
        self._end: Callable[[], Awaitable[None]] | None = None

    # --- The server -----------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one. Routes can be added to `app` before."""
        taken, self._end = await listen(self.app, port, shutdown_timeout=0.2)
        host = f"{HOST}:{taken}"
        self.origin, self.gateway.url = f"http://{host}", f"ws://{host}/gateway"
        self.cdn.base = f"{self.origin}/cdn"

    async def close(self) -> None:
        self.gateway.drop(resume=False)
        if self._end:
            await self._end()

    @property
    def api_base(self) -> str:
        return self.origin + API

    @property
    def cdn_base(self) -> str:
        return self.cdn.base

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
        """Requests that were refused because the bot sent too many; not those that others or a fault used up."""
        return sum(request.scope in {"user", "global"} for request in self.requests)

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

    def add_guild(self, name: str, owner: User | None = None, *, bot_permissions: int = EVERYBODY) -> Guild:
        """Found a server that the bot is in."""
        return self.world.add_guild(name, owner or self.add_user(f"{name} owner"), bot_permissions=bot_permissions)

    def add_member(
        self, guild: Guild, user: User, *, admin: bool = False, roles: Sequence[Role] = (), nick: str | None = None
    ) -> Member:
        held = [*roles, *([self._admins(guild)] if admin else [])]
        guild.members[user.id] = Member(user, held, nick)
        return guild.members[user.id]

    def _admins(self, guild: Guild) -> Role:
        found = next((role for role in guild.roles.values() if role.name == "Admin"), None)
        return found or self.add_role(guild, "Admin", Permission.ADMINISTRATOR)

    def own_role(self, guild: Guild) -> Role:
        """The role that Discord made for the bot: it has its name, and stands beside it in every picker."""
        return next(role for role in guild.roles.values() if role.bot is self.bot)

    def overwrite(self, channel: Channel, target: Role | User, *, allow: int = 0, deny: int = 0) -> None:
        """Set a channel's permission overwrite; @everyone is the role with the server's id."""
        overwrites = {**channel.overwrites, target.id: (allow, deny)}
        self.world.update_channel(channel, overwrites=overwrites)

    def add_thread(
        self, channel: Channel, name: str, owner: User | None = None, *, private: bool = False
    ) -> Channel:
        guild = channel.guild
        kind = codes.PRIVATE_THREAD if private else codes.THREAD
        return self.world.add_thread(channel, name, owner or (guild.owner if guild else self.bot), kind=kind)

    def remove_guild(self, guild: Guild) -> None:
        """Take the bot out of a server."""
        del self.world.guilds[guild.id]
        for channel in guild.channels.values():
            del self.world.channels[channel.id]
        self.world.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild=guild, intent=codes.GUILDS)

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        self.world.update_channel(thread, archived=True, locked=locked)

    def slow_down(self, channel: Channel, seconds: int) -> None:
        """Put a channel into slow mode."""
        self.world.update_channel(channel, slow_mode=seconds)

    def age(self, message: Message, seconds: float) -> None:
        """Make a message older than it is."""
        message.created -= seconds
