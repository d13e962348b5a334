"""What may be spent: `/budget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.settings.catalog import BUDGET_SETTINGS, BY_KEY
from bot.settings.specs import RESET
from bot.ui.targets.permissions import is_admin
from bot.ui.targets.places import interaction_place
from bot.ui.texts import budget as words
from bot.ui.views.pages import Pages, paginate_lines
from bot.ui.views.setting_change import Scope, change

if TYPE_CHECKING:
    from bot.client import ChatBot

NAMES = [app_commands.Choice(name=spec.key, value=spec.key) for spec in BUDGET_SETTINGS]
VALUE_LIMIT = 2000  # characters typed; a hundred mentions fit


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Budget(commands.GroupCog, group_name="budget", group_description="What may be spent here (admins)"):
    """Shows and changes budgets, for admins alone: Discord hides the command, the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.resolver = bot.services.settings.resolver
        self.budgets = bot.services.money.budgets

    async def interaction_check(self, interaction: discord.Interaction[ChatBot], /) -> bool:  # type: ignore[override] # the bot's own type
        return await is_admin(interaction)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what may be spent here, and what has been"""
        place = interaction_place(interaction)
        effective = await self.resolver.effective(place)
        limits = self.budgets.limits(interaction.user.id, place, effective, unlimited=False)
        lines = words.overview(effective, await self.budgets.standings(limits), channel_id=place.channel_id)
        await Pages(paginate_lines(lines)).begin(interaction)

    @app_commands.command(name="set")
    @app_commands.describe(
        limit="Which limit; /budget show says what each is for",
        amount=f"US dollars for a budget, questions a minute for the pace, or {RESET}",
        scope="Where it shall hold",
    )
    @app_commands.choices(limit=NAMES)
    async def set_(
        self,
        interaction: discord.Interaction[ChatBot],
        limit: str,
        amount: app_commands.Range[str, 1, VALUE_LIMIT],
        scope: Scope | None = None,
    ) -> None:
        """Change a budget or a limit"""
        await change(interaction, BY_KEY[limit], amount, scope)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Budget(bot))
