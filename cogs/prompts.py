"""The system prompt: `/prompt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.settings.system_prompt import LIMIT_CHARS, PROMPT, unknown_placeholders
from bot.ui.targets.permissions import Audience, Permissions, only
from bot.ui.targets.places import Scope, interaction_place, scope_key
from bot.ui.texts import settings as texts
from bot.ui.views.failures import tell
from bot.ui.views.forms import PromptForm
from bot.ui.views.pages import show_lines

if TYPE_CHECKING:
    from bot.client import ChatBot


class PromptCommands(
    commands.GroupCog, group_name="prompt", group_description="The system prompt here", name="prompt"
):
    """Shows the prompt, the owner's to admins alone, and lets admins change it; the handler checks."""

    def __init__(self, bot: ChatBot) -> None:
        self.permissions = Permissions(bot.services.access.people)
        self.resolver = bot.services.settings.resolver
        self.default = bot.services.settings.default_prompt

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[ChatBot]) -> None:
        """Show the system prompt here, and who set it"""
        found = (await self.resolver.effective(interaction_place(interaction))).find(PROMPT.key)
        if found is not None:
            head = texts.prompt_head(found.scope, found.set_by, found.set_at)
            await show_lines(interaction, _lines(found.value), head=head)
        elif await self.permissions.is_admin(interaction):
            check = self.permissions.is_admin
            await show_lines(interaction, _lines(self.default), head=texts.DEFAULT_PROMPT_HEAD, check=check)
        else:
            await tell(interaction, texts.OWNERS_PROMPT)

    @only(Audience.MANAGERS)
    @app_commands.command(name="set")
    @app_commands.describe(
        text="The prompt; leave it out to write in a form", scope="Where it applies (default: this channel)"
    )
    async def set_(
        self,
        interaction: discord.Interaction[ChatBot],
        text: app_commands.Range[str, 1, LIMIT_CHARS] | None = None,
        scope: Scope = "channel",
    ) -> None:
        """Set the system prompt here (admins)"""
        key = scope_key(interaction, scope)
        if text is not None:
            await self._save(interaction, key, scope, text)
        else:

            async def on_text(submitted: discord.Interaction[Any], written: str) -> None:
                await self._save(submitted, key, scope, written)

            current = await self.resolver.get(key, PROMPT.key)
            form = PromptForm(
                on_text,
                current=current.value if current else "",
                owner_id=interaction.user.id,
                check=self.permissions.may_manage_conversation,
            )
            await interaction.response.send_modal(form)

    @only(Audience.MANAGERS)
    @app_commands.command()
    @app_commands.describe(scope="Which prompt to reset (default: this channel's)")
    async def reset(self, interaction: discord.Interaction[ChatBot], scope: Scope = "channel") -> None:
        """Reset the system prompt (admins)"""
        key, by = scope_key(interaction, scope), interaction.user.id
        done = await self.resolver.reset(key, PROMPT.key, by=by, guild_id=interaction.guild_id)
        await tell(interaction, texts.prompt_reset(scope) if done else texts.prompt_not_set(scope))

    async def _save(self, interaction: discord.Interaction[Any], key: str, scope: Scope, text: str) -> None:
        try:
            value = PROMPT.kind.parse(text)
        except ValueError:
            await tell(interaction, texts.NO_PROMPT)
            return
        by, guild_id = interaction.user.id, interaction.guild_id
        await self.resolver.set(key, PROMPT.key, value, by=by, guild_id=guild_id)
        await tell(interaction, texts.prompt_saved(scope, unknown_placeholders(value)))


def _lines(prompt: str) -> list[str]:
    return discord.utils.escape_markdown(prompt).split("\n")


async def setup(bot: ChatBot) -> None:
    await bot.add_cog(PromptCommands(bot))
