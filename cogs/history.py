"""What the bot remembers of a channel: `/history`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.conversation.history import BRANCHED_TURNS
from bot.core.records import Place
from bot.ui.reports.export import Form, export
from bot.ui.reports.file_slots import FileSlots
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import interaction_place
from bot.ui.texts import memory as texts
from bot.ui.views.failures import tell
from bot.ui.views.history import HistoryPages

if TYPE_CHECKING:
    from bot.client import ChatBot
    from bot.conversation.ports import ConversationStore

NAME_LIMIT = 100  # Discord: characters of a thread's name


class History(commands.GroupCog, group_name="history", group_description="What I remember of this channel"):
    """Shows, clears and copies the memory of the channel it is used in."""

    def __init__(self, bot: ChatBot) -> None:
        self.clock = bot.services.clock
        self.store: ConversationStore = bot.services.conversation.store
        self.permissions = Permissions(bot.services.access.people)
        self.file_slots = FileSlots()

    @only(Audience.READERS)
    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what I remember of this channel (only you see it)"""
        place = interaction_place(interaction)
        await HistoryPages(self.store, place, owner_id=interaction.user.id).begin(interaction)

    @only(Audience.MANAGERS)
    @app_commands.command()
    async def clear(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Start a new conversation in this channel (admins)"""
        now = int(self.clock.time())
        hidden = await self.store.clear(interaction_place(interaction), by=interaction.user.id, now=now)
        await interaction.response.send_message(texts.cleared(hidden, interaction.user.display_name))

    @only(Audience.MANAGERS)
    @app_commands.command()
    async def undo(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Bring back what the last clear hid (admins)"""
        turns = await self.store.restore(interaction_place(interaction))
        if turns:
            await interaction.response.send_message(texts.restored(turns, interaction.user.display_name))
        else:
            await tell(interaction, texts.RESTORED_NOTHING)

    @only(Audience.READERS)
    @app_commands.command(name="export")
    @app_commands.describe(form="Markdown to read, JSON for programs")
    async def export_(self, interaction: discord.Interaction[ChatBot], form: Form = "markdown") -> None:
        """Get what I remember of this channel as a file (only you see it)"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.file_slots.slot(interaction.user.id):
            await self._export(interaction, form)

    async def _export(self, interaction: discord.Interaction[ChatBot], form: Form) -> None:
        place = interaction_place(interaction)
        found = await export(self.store, place)
        if not found.turns:
            await tell(interaction, texts.NOTHING_TO_EXPORT)
            return
        # Millions of characters: writing them would hold up every stream of the process.
        content = await asyncio.to_thread(found.content, form)
        file = discord.File(content, filename=found.filename(form, place.channel_id))
        sentence = texts.exported(len(found.turns), whole=found.whole)
        await interaction.followup.send(sentence, file=file, ephemeral=True)

    @only(Audience.READERS)
    @app_commands.command()
    @app_commands.guild_only()  # Discord hides whole commands only, but `/help` heeds it
    @app_commands.describe(name="The new thread's name")
    async def branch(
        self, interaction: discord.Interaction[ChatBot], name: app_commands.Range[str, 1, NAME_LIMIT] = "Branch"
    ) -> None:
        """Continue in a new thread that remembers this conversation"""
        parent, private = _threads_of(interaction.channel), _is_private(interaction.channel)
        if parent is None:
            await tell(interaction, texts.NO_THREADS_HERE)
        elif not _may_open(interaction.permissions, private=private):
            await tell(interaction, texts.MAY_NOT_BRANCH_PRIVATELY if private else texts.MAY_NOT_BRANCH)
        elif not (
            _may_open(interaction.app_permissions, private=private)
            and interaction.app_permissions.send_messages_in_threads
        ):
            await tell(interaction, texts.I_MAY_NOT_BRANCH)
        else:
            await self._branch(interaction, parent, name, private=private)

    async def _branch(
        self, interaction: discord.Interaction[ChatBot], parent: discord.TextChannel, name: str, *, private: bool
    ) -> None:
        """Open the thread and copy the conversation. A private thread's goes on among the asker alone."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        open_kind = discord.ChannelType.news_thread if parent.is_news() else discord.ChannelType.public_thread
        kind = discord.ChannelType.private_thread if private else open_kind
        thread = await parent.create_thread(name=name, type=kind, invitable=False)
        target = Place(channel_id=thread.id, guild_id=interaction.guild_id, parent_id=parent.id)
        turns = await self.store.branch(interaction_place(interaction), target, limit=BRANCHED_TURNS)
        if private:
            await thread.add_user(interaction.user)
        await thread.send(texts.branch_begins(interaction.user.display_name, turns))
        await tell(interaction, texts.branched(thread.mention, turns))


def _threads_of(channel: Any) -> discord.TextChannel | None:  # noqa: ANN401 - Discord has many kinds of channels
    """The channel in which threads beside a conversation are opened; None where there are no threads."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    return parent if isinstance(parent, discord.TextChannel) else None


def _is_private(channel: Any) -> bool:  # noqa: ANN401 - the same
    return isinstance(channel, discord.Thread) and channel.is_private()


def _may_open(permissions: discord.Permissions, *, private: bool) -> bool:
    return permissions.create_private_threads if private else permissions.create_public_threads


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(History(bot))
