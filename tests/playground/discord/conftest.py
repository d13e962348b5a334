"""The test Discord, and the real discord.py talking to it over loopback."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import discord
import pytest
import yarl
from discord import app_commands

from playground.discord import Discord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playground.discord import Channel, Guild, User


class Client(discord.Client):
    """A bot of a few lines: it notes events and answers what a test gives it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            intents=options.pop("intents", discord.Intents.default()),
            allowed_mentions=options.pop("allowed_mentions", discord.AllowedMentions.none()),
            guild_ready_timeout=0.05,
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.messages: list[discord.Message] = []
        self.events: list[tuple[str, Any]] = []

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.events.append((event, args[0] if args else None))
        super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once; the library would wait five seconds before a second time."""

    def seen(self, event: str) -> list[Any]:
        return [subject for name, subject in self.events if name == event]

    async def on_message(self, message: discord.Message) -> None:
        self.messages.append(message)


class Place:
    """A started Discord with a server, a channel, an admin and a member, and bots to connect."""

    def __init__(self, d: Discord, stack: AsyncExitStack) -> None:
        self.d = d
        self.stack = stack
        self.admin: User = d.add_user("Ada")
        self.member: User = d.add_user("Mo")
        self.guild: Guild = d.add_guild("Workshop", owner=d.add_user("Olga"))
        d.add_member(self.guild, self.admin, admin=True)
        d.add_member(self.guild, self.member)
        self.channel: Channel = d.add_channel(self.guild, "general")

    async def connect(self, **options: Any) -> Client:
        client = Client(**options)
        await client.login(self.d.token)
        running = asyncio.create_task(client.connect())
        self.stack.push_async_callback(self._end, client, running)
        await asyncio.wait_for(client.wait_until_ready(), 5)
        return client

    @staticmethod
    async def _end(client: Client, running: asyncio.Task[None]) -> None:
        await client.close()
        await asyncio.wait_for(running, 5)

    def text_channel(self, client: Client) -> discord.TextChannel:
        found = client.get_channel(self.channel.id)
        assert isinstance(found, discord.TextChannel)
        return found


@pytest.fixture
def open_place(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Start a Discord with the given settings, discord.py pointed at it."""

    @asynccontextmanager
    async def opened(**settings: Any) -> AsyncIterator[Place]:
        async with AsyncExitStack() as stack:
            d = Discord(**settings)
            await d.start()
            stack.push_async_callback(d.close)
            monkeypatch.setattr(discord.http.Route, "BASE", d.api_base)
            monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(d.gateway_url))
            yield Place(d, stack)

    return opened


@pytest.fixture
async def place(open_place: Callable[..., Any]) -> AsyncIterator[Place]:
    async with open_place() as it:
        yield it


@pytest.fixture
def soon() -> Callable[[Callable[[], Any]], Awaitable[Any]]:
    """Wait for what the client learns a moment after Discord knew it."""

    async def wait(predicate: Callable[[], Any]) -> Any:
        async with asyncio.timeout(5):
            while not (found := predicate()):  # noqa: ASYNC110 - the client tells nobody
                await asyncio.sleep(0.005)
        return found

    return wait
