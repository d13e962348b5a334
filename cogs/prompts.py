"""What the model is told before every conversation: `/prompt`."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import ChatBot, tell
from bot.settings.resolver import channel_scope, guild_scope
from bot.settings.system_prompt import LIMIT_CHARS, PROMPT
from bot.ui.targets.permissions import may_manage_conversation
from bot.ui.targets.places import interaction_place
from bot.ui.texts import memory as texts
from bot.ui.views.forms import PromptForm
from bot.ui.views.pages import Pages, paginate_lines
from bot.ui.views.setting_change import Scope  # noqa: TC001 - discord.py reads the annotations of commands


class PromptCommands(
    commands.GroupCog, group_name="prompt", group_description="What the model is told here", name="prompt"
):
    """Shows the prompt to all, and lets admins change it; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.bot = bot
        self.resolver = bot.services.settings.resolver

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show what the model is told here, and who set it"""
        found = await self.resolver.find(interaction_place(interaction), PROMPT.key)
        if found is None:
            await tell(interaction, texts.OWNERS_PROMPT)
            return
        lines = discord.utils.escape_markdown(found.setting.value).split("\n")
        head = texts.prompt_head(found.scope, found.setting.set_by, found.setting.set_at)
        await Pages(paginate_lines(lines, head=head)).begin(interaction)

    @app_commands.command(name="set")
    @app_commands.describe(
        text="What to tell it; leave out to write it in a form", scope="Where it shall hold: this channel at first"
    )
    @app_commands.check(may_manage_conversation)
    async def set_(
        self,
        interaction: discord.Interaction[ChatBot],
        text: app_commands.Range[str, 1, LIMIT_CHARS] | None = None,
        scope: Scope = "channel",
    ) -> None:
        """Tell the model something before every conversation here (admins)"""
        key = _scope_key(interaction, scope)
        if key is None:
            await tell(interaction, texts.NO_SERVER_PROMPT)
        elif text is not None:
            await self._keep(interaction, key, scope, text)
        else:

            async def on_text(submitted: discord.Interaction[Any], written: str) -> None:
                await self._keep(submitted, key, scope, written)

            current = await self.resolver.get(key, PROMPT.key)
            await interaction.response.send_modal(PromptForm(on_text, current=current.value if current else ""))

    @app_commands.command()
    @app_commands.describe(scope="Whose prompt to take back")
    @app_commands.check(may_manage_conversation)
    async def reset(self, interaction: discord.Interaction[ChatBot], scope: Scope = "channel") -> None:
        """Take the prompt back (admins)"""
        if key := _scope_key(interaction, scope):
            await self._set(interaction, key, None)
            await tell(interaction, texts.prompt_reset(scope))
        else:
            await tell(interaction, texts.NO_SERVER_PROMPT)

    async def _keep(self, interaction: discord.Interaction[Any], key: str, scope: Scope, text: str) -> None:
        try:
            value = PROMPT.kind.parse(text)
        except ValueError:
            await tell(interaction, texts.NO_PROMPT)
            return
        await self._set(interaction, key, value)
        await tell(interaction, texts.prompt_kept(scope))

    async def _set(self, interaction: discord.Interaction[Any], key: str, value: str | None) -> None:
        by, guild_id = interaction.user.id, interaction.guild_id
        await self.resolver.set(key, PROMPT.key, value, by=by, guild_id=guild_id)


def _scope_key(interaction: discord.Interaction[Any], scope: Scope) -> str | None:
    """The settings scope meant; None where there is no such place."""
    place = interaction_place(interaction)
    if scope == "channel":
        return channel_scope(place.channel_id)
    return None if place.guild_id is None else guild_scope(place.guild_id)


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(PromptCommands(bot))
