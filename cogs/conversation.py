"""What the bot remembers of a channel: `/history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.ui import texts
from bot.ui.history import HistoryPages
from bot.ui.permissions import may_manage_conversation
from bot.ui.places import interaction_place

if TYPE_CHECKING:
    from bot.client import ChatBot
    from bot.core.ports import ConversationStore


class Conversation(commands.GroupCog, group_name="history", group_description="What I remember of this channel"):
    """Shows and clears the memory of the channel it is used in."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.store: ConversationStore = bot.services.conversations

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what I remember of this channel, to you alone"""
        await HistoryPages(self.store, interaction_place(interaction)).begin(interaction)

    @app_commands.command()
    @app_commands.check(may_manage_conversation)
    async def clear(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Begin a new conversation here (admins)"""
        now = int(self.bot.services.clock.time())
        hidden = await self.store.clear(interaction_place(interaction), by=interaction.user.id, now=now)
        await interaction.response.send_message(texts.cleared(hidden, interaction.user.display_name))


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Conversation(bot))
