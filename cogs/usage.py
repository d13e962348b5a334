"""What was used and what it cost: `/usage`."""

from __future__ import annotations

import contextlib
import io
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.money.ledger import channel_of
from bot.money.usage import Group, Selection, Span, begin, step_of, to_csv
from bot.ui.reports.usage_chart import chart
from bot.ui.reports.usage_plot import Plotter
from bot.ui.targets.permissions import is_admin
from bot.ui.targets.places import interaction_place
from bot.ui.texts import replies as texts
from bot.ui.texts import usage as words
from bot.ui.views.pages import Pages, paginate_lines

Scope = Literal["me", "channel", "server"]
PeriodName = Literal["day", "week", "month"]
EXPORTED = 50_000  # entries; about 6 MB, which Discord takes as an attachment
BREAKDOWNS = {
    "me": (Group.MODEL, Group.CHANNEL),
    "channel": (Group.PERSON, Group.MODEL),
    "server": (Group.PERSON, Group.CHANNEL, Group.MODEL),
}
WHOSE = {"me": "What you used here", "channel": "What this channel used", "server": "What this server used"}


class Usage(commands.Cog):
    """Sums the ledger up: one's own for everybody, a channel's and a server's for admins."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.reports = bot.services.money.usage
        self.plotter = Plotter()

    @app_commands.command()
    @app_commands.describe(
        scope="Whose usage; a channel's and the server's are for admins",
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
        """Show what was asked and what it cost, to you alone"""
        if scope != "me" and not await is_admin(interaction):
            await tell(interaction, texts.NOT_ADMIN)
            return
        if scope == "server" and interaction.guild_id is None:
            await tell(interaction, texts.NOT_IN_DIRECT_MESSAGES)
            return
        await interaction.response.defer(ephemeral=True)
        selection = self._selection(interaction, scope, Span(period))
        if export:
            await self._export(interaction, selection)
            return
        sums = {group: await self.reports.sums(selection, group) for group in BREAKDOWNS[scope]}
        lines = words.report(WHOSE[scope], selection.since, sums)
        await Pages(paginate_lines(lines)).begin(interaction)
        await self._add_plot(interaction, WHOSE[scope], Span(period), selection)

    def _selection(self, interaction: discord.Interaction[ChatBot], scope: Scope, span: Span) -> Selection:
        place = interaction_place(interaction)
        return Selection(
            since=begin(span, int(self.bot.services.clock.time())),
            guild_id=place.guild_id,
            channel_id=channel_of(place) if scope == "channel" else None,
            user_id=interaction.user.id if scope == "me" else None,
        )

    async def _add_plot(
        self, interaction: discord.Interaction[ChatBot], whose: str, span: Span, selection: Selection
    ) -> None:
        """Put the plot under the table, which has not waited for it."""
        points = await self.reports.points(selection, step_s=step_of(span))
        if (drawing := chart(whose, span, selection.since, points)) is None:
            return
        if (png := await self.plotter.draw(drawing)) is None:
            return
        file = discord.File(io.BytesIO(png), filename="usage.png", description=words.described(drawing))
        with contextlib.suppress(discord.NotFound):  # the reader has dismissed the table
            await interaction.edit_original_response(attachments=[file])

    async def _export(self, interaction: discord.Interaction[ChatBot], selection: Selection) -> None:
        text = to_csv(await self.reports.records(selection, limit=EXPORTED))
        file = discord.File(io.BytesIO(text.encode()), filename="usage.csv")
        await interaction.followup.send(file=file, ephemeral=True)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Usage(bot))
