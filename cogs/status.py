"""How the bot is doing: `/status` for anybody, `/doctor` for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import __version__
from bot.settings.catalog import ANSWER, THREADS
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import interaction_place
from bot.ui.texts import findings as finding_texts
from bot.ui.texts import status as texts
from bot.ui.views.failures import tell
from bot.ui.views.pages import show_lines
from bot.ui.views.repairs import Repair, Repairs

if TYPE_CHECKING:
    from bot.client import ChatBot
    from bot.settings.model_choice import Choice


class Status(commands.Cog):
    """Says how the bot is doing, and what is wrong with it."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.permissions = Permissions(bot.services.access.people)
        self.services = bot.services
        self.started_at = int(bot.services.clock.time())

    @app_commands.command()
    async def status(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show how I'm doing: model, provider, latency, version"""
        place = interaction_place(interaction)
        settings = self.services.settings
        sentence = texts.status(
            choice=settings.models.resolve(await settings.resolver.effective(place)),
            latency_s=self.bot.latency,
            client=self.services.model.status(),
            waiting=self.services.conversation.chat.waiting(place.channel_id),
            started_at=self.started_at,
            version=__version__,
        )
        await tell(interaction, sentence)

    @only(Audience.ADMINS)
    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    async def doctor(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Check what's wrong with me here, and how to fix it (admins)"""
        await interaction.response.defer(ephemeral=True)
        place = interaction_place(interaction)
        effective = await self.services.settings.resolver.effective(place)
        missing = texts.missing_permissions(
            interaction.app_permissions,
            in_thread=isinstance(interaction.channel, discord.Thread),
            opens_threads=effective.text(THREADS) != "off",
        )
        choice = self.services.settings.models.resolve(effective)
        skew = self.services.clock.time() - interaction.created_at.timestamp()  # which Discord dates
        findings = [
            finding_texts.permission_finding(missing if interaction.guild_id is not None else ()),
            self._intent(needed=effective.text(ANSWER) == "always"),
            await finding_texts.key_finding(self.services.model.credit),
            finding_texts.model_finding(
                choice.pin.value if choice.pin else choice.model, self.services.model.catalog
            ),
            await finding_texts.database_finding(self.services.examine_database),
            finding_texts.clock_finding(skew),
            finding_texts.Finding(what="version", detail=__version__),
        ]
        await show_lines(
            interaction, texts.finding_lines(findings), head=texts.DOCTOR_HEAD, check=self.permissions.is_admin
        )
        repairs = self._repairs(interaction, choice)
        await Repairs(repairs, owner_id=interaction.user.id, check=self.permissions.is_admin).begin(interaction)

    def _repairs(self, interaction: discord.Interaction[ChatBot], choice: Choice) -> list[Repair]:
        """What the bot can do itself about what may be wrong."""

        async def try_key() -> str:
            return "\n".join(texts.finding_lines([await finding_texts.key_finding(self.services.model.credit)]))

        async def register() -> str:
            return texts.registered(await self.bot.register_again())

        repairs = [Repair(texts.REGISTER, register), Repair(texts.TRY_KEY, try_key)]
        if choice.pin is None or choice.unavailable is None:
            return repairs
        scope = choice.pin.scope

        async def reset_model() -> str:
            models, place = self.services.settings.models, interaction_place(interaction)
            await models.reset(scope, by=interaction.user.id, guild_id=interaction.guild_id)
            now = models.resolve(await self.services.settings.resolver.effective(place))
            return texts.model_reset(now.model)

        return [*repairs, Repair(texts.RESET_MODEL, reset_model)]

    def _intent(self, *, needed: bool) -> finding_texts.Finding:
        granted = self.bot.intents.message_content  # Discord refuses a connection that asks for more
        return (
            texts.UNREAD
            if needed and not granted
            else finding_texts.intent_finding(wanted=granted, granted=granted)
        )


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Status(bot))
