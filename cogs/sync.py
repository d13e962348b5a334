"""Keeping memory in step with what channels show: after a restart, and when messages change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from discord.ext import commands

from bot.ui.channels import DiscordChannels

if TYPE_CHECKING:
    from bot.client import ChatBot


class Sync(commands.Cog):
    """Listens to what happens to messages and places."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.channels = DiscordChannels(bot, target=bot.channel_target)
        self._repairing: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Find the replies of an earlier life before there are new ones."""
        self._unfinished = await self.bot.services.repair.unfinished()

    async def cog_unload(self) -> None:
        if self._repairing is not None:
            self._repairing.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Mend them when there is a connection; `ready` comes again after reconnects."""
        if self._unfinished and self._repairing is None:
            work = self.bot.services.repair.mend(self._unfinished, self.channels)
            self._repairing = asyncio.create_task(work, name="repair")


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Sync(bot))
