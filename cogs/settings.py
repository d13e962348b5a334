"""What is set where: `/settings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.settings.catalog import SETTINGS
from bot.settings.specs import RESET
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import Scope, interaction_place
from bot.ui.texts import settings as texts
from bot.ui.views.pages import show_lines
from bot.ui.views.setting_change import VALUE_LIMIT, SettingChange, offered_values

if TYPE_CHECKING:
    from bot.client import ChatBot

LOGGED = 200  # changes that the log shows
NAMES = [app_commands.Choice(name=spec.key, value=spec.key) for spec in SETTINGS]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCommands(
    commands.GroupCog, group_name="settings", group_description="How I behave here (admins)", name="settings"
):
    """Shows and changes settings. Discord hides the command from members; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.permissions = Permissions(bot.services.access.people)
        self.resolver = bot.services.settings.resolver
        self.change = SettingChange(self.resolver, SETTINGS, reads_messages=bot.intents.message_content)

    @only(Audience.ADMINS)
    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show every setting, and where it comes from"""
        place = interaction_place(interaction)
        lines = texts.overview(await self.resolver.effective(place), channel_id=place.channel_id)
        await show_lines(interaction, lines, head=texts.HEAD, check=self.permissions.is_admin)

    @only(Audience.ADMINS)
    @app_commands.command(name="set")
    @app_commands.describe(
        setting="Which setting (/settings show explains each)",
        value=f"Its new value, or {RESET}; roles, people and channels by mention, name or id",
        scope="Where it applies",
    )
    @app_commands.choices(setting=NAMES)
    async def set_(
        self,
        interaction: discord.Interaction[ChatBot],
        setting: str,
        value: app_commands.Range[str, 1, VALUE_LIMIT],
        scope: Scope | None = None,
    ) -> None:
        """Change a setting"""
        await self.change.make(interaction, setting, value, scope)

    @set_.autocomplete("value")
    async def _values(
        self, interaction: discord.Interaction[ChatBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        offered = offered_values(interaction, str(interaction.namespace.setting), typed[:VALUE_LIMIT])
        return [app_commands.Choice(name=name, value=value) for name, value in offered]

    @only(Audience.ADMINS)
    @app_commands.command()
    async def log(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show who changed what, and when"""
        guild_id = interaction_place(interaction).guild_id
        assert guild_id is not None  # noqa: S101 - the command exists in servers only
        changes = await self.resolver.changes(guild_id, limit=LOGGED)
        await show_lines(
            interaction, texts.log_lines(changes), head=texts.LOG_HEAD, check=self.permissions.is_admin
        )


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(SettingsCommands(bot))
