"""Which model answers: `/model`."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.core.models import nearest, normalise_model, search
from bot.core.preferences import channel_scope, guild_scope
from bot.ui import texts
from bot.ui.permissions import admins_only
from bot.ui.places import interaction_place

Scope = Literal["channel", "server"]
LISTED = 20  # models in one answer; with prices they fit a message of 2,000 characters
LABEL_LIMIT = 100  # Discord: characters of a choice's name


class Models(commands.GroupCog, group_name="model", group_description="The model that answers here"):
    """Shows and switches the model. Switching is for admins; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.models = bot.services.models
        self.catalog = bot.services.catalog

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show which model answers here, and why"""
        choice = await self.models.resolve(interaction_place(interaction))
        info = self.catalog.get(choice.model)
        await tell(interaction, texts.model_in_use(choice.model, info, choice.scope))

    @app_commands.command(name="set")
    @app_commands.describe(model="The model's id; type to search", scope="Where it shall answer")
    @admins_only()
    async def set_(self, interaction: discord.Interaction[ChatBot], model: str, scope: Scope = "channel") -> None:
        """Choose the model that answers here (admins)"""
        try:
            chosen = normalise_model(model, self.bot.services.provider)
        except ValueError as error:
            await tell(interaction, str(error))
            return
        if self.catalog.get(chosen) is None:
            known = [info.id for info in self.catalog.models()]
            sentence = texts.unknown_model(chosen, nearest(chosen, known)) if known else texts.NO_CATALOG
            await tell(interaction, sentence)
            return
        if key := await self._scope_key(interaction, scope):
            await self.models.choose(key, chosen, by=interaction.user.id, guild_id=interaction.guild_id)
            name = interaction.user.display_name
            await interaction.response.send_message(texts.model_chosen(chosen, scope, name))

    @app_commands.command()
    @app_commands.describe(scope="Whose choice to take back")
    @admins_only()
    async def reset(self, interaction: discord.Interaction[ChatBot], scope: Scope = "channel") -> None:
        """Take the choice of model back (admins)"""
        if key := await self._scope_key(interaction, scope):
            await self.models.choose(key, None, by=interaction.user.id, guild_id=interaction.guild_id)
            choice = await self.models.resolve(interaction_place(interaction))
            name = interaction.user.display_name
            await interaction.response.send_message(texts.model_reset(choice.model, scope, name))

    @app_commands.command(name="list")
    @app_commands.rename(wanted="search")
    @app_commands.describe(wanted="Words of the id or the name")
    async def list_(self, interaction: discord.Interaction[ChatBot], wanted: str = "") -> None:
        """List models, with context and price"""
        models = self.catalog.models()
        found = search(models, wanted, limit=LISTED)
        lines = [texts.model_line(info) for info in found] or [
            texts.NO_MODELS_FOUND if models else texts.NO_CATALOG
        ]
        await tell(interaction, "\n".join(lines))

    @set_.autocomplete("model")
    async def _complete(
        self, interaction: discord.Interaction[ChatBot], typed: str
    ) -> list[app_commands.Choice[str]]:
        current = await self.models.resolve(interaction_place(interaction))
        found = search(self.catalog.models(), typed, current=current.model)
        return [
            app_commands.Choice(
                name=f"{info.id} · {texts.context(info.context_length)}"[:LABEL_LIMIT], value=info.id
            )
            for info in found
        ]

    async def _scope_key(self, interaction: discord.Interaction[ChatBot], scope: Scope) -> str | None:
        """The settings scope meant; where there is none, says so and returns None."""
        place = interaction_place(interaction)
        if scope == "channel":
            return channel_scope(place.channel_id)
        if place.guild_id is None:
            await tell(interaction, texts.NOT_IN_DIRECT_MESSAGES)
            return None
        return guild_scope(place.guild_id)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(Models(bot))
