"""What was used and what it cost: `/usage`."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import TYPE_CHECKING, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.money.ledger import channel_of
from bot.money.usage import Group, Selection, Span, begin, step_of, to_csv
from bot.ui.errors import NoServerError
from bot.ui.reports.file_slots import FileSlots
from bot.ui.reports.usage_chart import chart
from bot.ui.reports.usage_plot import Plotter
from bot.ui.targets.permissions import Permissions
from bot.ui.targets.places import interaction_place
from bot.ui.texts import replies as texts
from bot.ui.texts import usage as usage_texts
from bot.ui.views.failures import tell
from bot.ui.views.pages import show_lines

if TYPE_CHECKING:
    from bot.client import ChatBot

Scope = Literal["me", "channel", "server"]
PeriodName = Literal["day", "week", "month"]
EXPORTED = 50_000  # entries; about 6 MB, which Discord takes as an attachment
BREAKDOWNS = {
    "me": (Group.MODEL, Group.CHANNEL),
    "channel": (Group.PERSON, Group.MODEL),
    "server": (Group.PERSON, Group.CHANNEL, Group.MODEL),
}


class Usage(commands.Cog):
    """Sums up the ledger: everybody's own for them, a channel's and a server's for admins."""

    def __init__(self, bot: ChatBot) -> None:
        self.clock = bot.services.clock
        self.permissions = Permissions(bot.services.access.people)
        self.reports = bot.services.money.usage
        self.plotter = Plotter()
        self.file_slots = FileSlots()

    @app_commands.command()
    @app_commands.describe(
        scope="Whose usage (channel and server: admins only)",
        period="Today, the last seven days, or this month",
        export="Get every entry as a CSV file",
    )
    async def usage(
        self,
        interaction: discord.Interaction[ChatBot],
        scope: Scope = "me",
        period: PeriodName = "month",
        export: bool = False,  # noqa: FBT001, FBT002 - the shape of a command's option
    ) -> None:
        """Show what was asked and what it cost (only you see it)"""
        if scope != "me" and not await self.permissions.is_admin(interaction):
            await tell(interaction, texts.NOT_ADMIN)
            return
        if scope == "server" and interaction.guild_id is None:
            raise NoServerError
        await interaction.response.defer(ephemeral=True)
        selection = self._selection(interaction, scope, Span(period))
        if export:
            async with self.file_slots.slot(interaction.user.id):
                await self._export(interaction, selection)
            return
        sums = {group: await self.reports.sums(selection, group) for group in BREAKDOWNS[scope]}
        lines = usage_texts.report(usage_texts.WHOSE[scope], selection.since, sums)
        check = None if scope == "me" else self.permissions.is_admin
        await show_lines(interaction, lines, check=check)
        await self._add_plot(interaction, usage_texts.WHOSE[scope], Span(period), selection)

    def _selection(self, interaction: discord.Interaction[ChatBot], scope: Scope, span: Span) -> Selection:
        place = interaction_place(interaction)
        return Selection(
            since=begin(span, int(self.clock.time())),
            guild_id=place.guild_id,
            channel_id=channel_of(place) if scope == "channel" else None,
            user_id=interaction.user.id if scope == "me" else None,
        )

    async def _add_plot(
        self, interaction: discord.Interaction[ChatBot], whose: str, span: Span, selection: Selection
    ) -> None:
        """Put the plot under the table, which doesn't wait for it."""
        points = await self.reports.points(selection, step_s=step_of(span))
        if (drawing := chart(whose, span, selection.since, points)) is None:
            return
        if (png := await self.plotter.draw(drawing)) is None:
            return
        file = discord.File(io.BytesIO(png), filename="usage.png", description=usage_texts.described(drawing))
        with contextlib.suppress(discord.NotFound):  # the reader has dismissed the table
            await interaction.edit_original_response(attachments=[file])

    async def _export(self, interaction: discord.Interaction[ChatBot], selection: Selection) -> None:
        records = await self.reports.records(selection, limit=EXPORTED)
        # Megabytes of text: writing them would hold up every stream of the process.
        content = await asyncio.to_thread(lambda: io.BytesIO(to_csv(records).encode()))
        file = discord.File(content, filename="usage.csv")
        await interaction.followup.send(file=file, ephemeral=True)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Usage(bot))
