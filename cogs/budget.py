"""What can be spent: `/budget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.settings.catalog import BUDGET_SETTINGS
from bot.settings.specs import RESET
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import Scope, interaction_place
from bot.ui.texts import budget as texts
from bot.ui.views.pages import show_lines
from bot.ui.views.setting_change import VALUE_LIMIT, SettingChange, offered_values

if TYPE_CHECKING:
    from bot.client import ChatBot

NAMES = [app_commands.Choice(name=spec.key, value=spec.key) for spec in BUDGET_SETTINGS]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Budget(commands.GroupCog, group_name="budget", group_description="What can be spent here (admins)"):
    """Shows and changes budgets. Discord hides the command from members; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.permissions = Permissions(bot.services.access.people)
        self.resolver = bot.services.settings.resolver
        self.budgets = bot.services.money.budgets
        self.change = SettingChange(self.resolver, BUDGET_SETTINGS, reads_messages=bot.intents.message_content)

    @only(Audience.ADMINS)
    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what can be spent here, and what has been"""
        place = interaction_place(interaction)
        effective = await self.resolver.effective(place)
        charge = self.budgets.charge(interaction.user.id, place, effective, is_exempt=False)
        standings = await self.budgets.standings(charge.limits)
        assert place.guild_id is not None  # noqa: S101 - the command exists in servers only
        spent = await self.budgets.spent_by_server(place.guild_id)
        lines = texts.overview(effective, standings, spent, channel_id=place.channel_id)
        await show_lines(interaction, lines, check=self.permissions.is_admin)

    @only(Audience.ADMINS)
    @app_commands.command(name="set")
    @app_commands.describe(
        limit="Which limit (/budget show explains each)",
        amount=f"US dollars, questions a minute for rate_limit, roles for exempt_roles, or {RESET}",
        scope="Where it applies",
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
        await self.change.make(interaction, limit, amount, scope)

    @set_.autocomplete("amount")
    async def _amounts(
        self, interaction: discord.Interaction[ChatBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        offered = offered_values(interaction, str(interaction.namespace.limit), typed[:VALUE_LIMIT])
        return [app_commands.Choice(name=name, value=value) for name, value in offered]


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Budget(bot))
