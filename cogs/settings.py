"""What holds where: `/settings`."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.settings.catalog import BY_KEY, SETTINGS
from bot.settings.specs import RESET
from bot.ui.targets.permissions import is_admin
from bot.ui.targets.places import interaction_place
from bot.ui.texts import settings as words
from bot.ui.views.pages import Pages, paginate_lines
from bot.ui.views.setting_change import Scope, change

LOGGED = 200  # changes that the log shows
VALUE_LIMIT = 2000  # characters typed; a hundred mentions fit
NAMES = [app_commands.Choice(name=spec.key, value=spec.key) for spec in SETTINGS]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCommands(
    commands.GroupCog, group_name="settings", group_description="How I behave here (admins)", name="settings"
):
    """Shows and changes settings, for admins alone: Discord hides the command, the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.resolver = bot.services.settings.resolver

    async def interaction_check(self, interaction: discord.Interaction[ChatBot], /) -> bool:  # type: ignore[override] # the bot's own type
        return await is_admin(interaction)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show every setting, and where it comes from"""
        place = interaction_place(interaction)
        lines = words.overview(await self.resolver.effective(place), channel_id=place.channel_id)
        await Pages(paginate_lines(lines, head=words.HEAD)).begin(interaction)

    @app_commands.command(name="set")
    @app_commands.describe(
        setting="Which setting; /settings show says what each is for",
        value=f"Its new value, or {RESET}",
        scope="Where it shall hold",
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
        spec = BY_KEY.get(setting)
        if spec is None:
            await tell(interaction, words.unknown_setting(setting))
        else:
            await change(interaction, spec, value, scope)

    @set_.autocomplete("value")
    async def _values(
        self, interaction: discord.Interaction[ChatBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        spec = BY_KEY.get(str(interaction.namespace.setting))
        values = (*spec.kind.choices, RESET) if spec else ()
        return [app_commands.Choice(name=value, value=value) for value in values if typed.lower() in value]

    @app_commands.command()
    async def log(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show who changed what, and when"""
        guild_id = interaction_place(interaction).guild_id
        assert guild_id is not None  # noqa: S101 - the command is there in servers only
        changes = await self.resolver.changes(guild_id, limit=LOGGED)
        await Pages(paginate_lines(words.log_lines(changes), head=words.LOG_HEAD)).begin(interaction)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(SettingsCommands(bot))
