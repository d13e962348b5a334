"""What the bot remembers of a channel: `/history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.core.records import Place
from bot.ui.reports.export import Form, export
from bot.ui.targets.permissions import may_manage_conversation
from bot.ui.targets.places import interaction_place
from bot.ui.texts import memory as texts
from bot.ui.views.history import BRANCHED_TURNS, HistoryPages

if TYPE_CHECKING:
    from bot.conversation.ports import ConversationStore

NAME_LIMIT = 100  # Discord: characters of a thread's name


class Conversation(commands.GroupCog, group_name="history", group_description="What I remember of this channel"):
    """Shows, clears and copies the memory of the channel it is used in."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.store: ConversationStore = bot.services.conversation.store

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

    @app_commands.command()
    @app_commands.check(may_manage_conversation)
    async def undo(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Bring back what the last clear hid (admins)"""
        turns = await self.store.restore(interaction_place(interaction))
        if turns:
            await interaction.response.send_message(texts.restored(turns, interaction.user.display_name))
        else:
            await tell(interaction, texts.RESTORED_NOTHING)

    @app_commands.command(name="export")
    @app_commands.describe(form="Markdown to read, JSON for programs")
    async def export_(self, interaction: discord.Interaction[ChatBot], form: Form = "markdown") -> None:
        """Get what I remember of this channel as a file, for you alone"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = interaction_place(interaction)
        found = await export(self.store, place)
        if not found.turns:
            await tell(interaction, texts.NOTHING_TO_EXPORT)
            return
        sentence = texts.exported(len(found.turns), whole=found.whole)
        await interaction.followup.send(sentence, file=found.file(form, place.channel_id), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(name="The new thread's name")
    async def branch(
        self, interaction: discord.Interaction[ChatBot], name: app_commands.Range[str, 1, NAME_LIMIT] = "Branch"
    ) -> None:
        """Go on in a new thread that remembers this conversation"""
        parent = _threads_of(interaction.channel)
        if parent is None:
            await tell(interaction, texts.NO_THREADS_HERE)
        elif not interaction.permissions.create_public_threads:
            await tell(interaction, texts.MAY_NOT_BRANCH)
        elif not interaction.app_permissions.create_public_threads:
            await tell(interaction, texts.I_MAY_NOT_BRANCH)
        else:
            await self._branch(interaction, parent, name)

    async def _branch(
        self, interaction: discord.Interaction[ChatBot], parent: discord.TextChannel, name: str
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        thread = await parent.create_thread(name=name, type=discord.ChannelType.public_thread)
        target = Place(channel_id=thread.id, guild_id=interaction.guild_id, parent_id=parent.id)
        turns = await self.store.branch(interaction_place(interaction), target, limit=BRANCHED_TURNS)
        await thread.send(texts.branch_begins(interaction.user.display_name, turns))
        await tell(interaction, texts.branched(thread.mention, turns))


def _threads_of(channel: Any) -> discord.TextChannel | None:  # noqa: ANN401 - Discord has many kinds of channels
    """Where threads beside a conversation are opened; None where there are none."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    return parent if isinstance(parent, discord.TextChannel) else None


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Conversation(bot))
