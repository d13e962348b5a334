"""What Discord says of a token's bot, and what it lets the bot change about itself."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import discord

from bot.core.proxies import proxy_for
from bot.setup.conversation import NotThatError, UnreachableError
from bot.ui.targets.failures import DISCORD_FAILURES, reason
from bot.ui.targets.permissions import INVITED_SCOPES, INVITED_WITH
from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_S = 20.0
LOOK_EVERY_S = 2.0  # Discord allows a request a second here
SERVERS = 200  # looked at; a bot that is set up is in few


class Portal:
    """One bot, asked over HTTP. Every coroutine raises `UnreachableError`."""

    def __init__(self, client: discord.Client) -> None:
        assert client.user is not None  # noqa: S101 - known since the login
        assert client.application is not None  # noqa: S101 - the same
        self._client = client
        self._application = client.application
        self.name = client.user.display_name
        self.picture = client.user.display_avatar.url

    @property
    def reads_content(self) -> bool:
        """Whether the message content intent is granted."""
        flags = self._application.flags
        return bool(flags.gateway_message_content or flags.gateway_message_content_limited)

    @property
    def invite_link(self) -> str:
        """The link that adds the bot to a server, with the permissions and scopes it needs and no others."""
        return discord.utils.oauth_url(self._application.id, permissions=INVITED_WITH, scopes=INVITED_SCOPES)

    async def allow_content(self) -> bool:
        """Turn the message content intent on; False where only a person can, in the portal."""
        flags = discord.ApplicationFlags()
        flags.value = self._application.flags.value
        flags.gateway_message_content_limited = True
        try:
            async with asyncio.timeout(ANSWER_S):
                self._application = await self._application.edit(flags=flags)
        except discord.HTTPException:
            return False
        except DISCORD_FAILURES as error:
            raise _unreachable(error) from None
        return self.reads_content

    async def look_again(self) -> None:
        """Ask once more what the portal grants."""
        try:
            async with asyncio.timeout(ANSWER_S):
                self._application = await self._client.application_info()
        except DISCORD_FAILURES as error:
            raise _unreachable(error) from None

    async def servers(self) -> dict[int, str]:
        """The servers that the bot is in, by id."""
        try:
            async with asyncio.timeout(ANSWER_S):
                return {guild.id: guild.name async for guild in self._client.fetch_guilds(limit=SERVERS)}
        except DISCORD_FAILURES as error:
            raise _unreachable(error) from None

    async def joined(self, *, before: set[int]) -> str:
        """Wait until the bot is in a server it wasn't in before; its name. Trouble on the way is waited out."""
        while True:
            try:
                new = [name for id_, name in (await self.servers()).items() if id_ not in before]
            except UnreachableError:
                new = []
            if new:
                return new[0]
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def opened(token: str) -> AsyncIterator[Portal]:
    """Log in, over HTTP alone.

    Raises:
        NotThatError: Discord doesn't know the token.
        UnreachableError: Discord couldn't be asked.
    """
    proxy = proxy_for(discord.http.Route.BASE)
    async with discord.Client(intents=discord.Intents.none(), proxy=proxy) as client:
        try:
            async with asyncio.timeout(ANSWER_S):
                await client.login(token)
        except discord.LoginFailure:
            raise NotThatError(texts.BOT_REJECTED) from None
        except DISCORD_FAILURES as error:
            raise _unreachable(error) from None
        yield Portal(client)


def _unreachable(error: BaseException) -> UnreachableError:
    return UnreachableError(texts.unreachable("Discord", reason(error)))
