"""Asking once more before something that cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.ui.texts import memory as texts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATIENCE_S = 5 * 60.0


class Confirm(discord.ui.View):
    """Two buttons under an ephemeral question; `act` does the thing and gives the sentence that tells of it."""

    def __init__(self, act: Callable[[], Awaitable[str]], *, label: str) -> None:
        super().__init__(timeout=PATIENCE_S)
        self._act = act
        self.confirm.label = label

    async def begin(self, interaction: discord.Interaction[Any], question: str) -> None:
        await interaction.response.send_message(question, view=self, ephemeral=True)

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def confirm(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Confirm]) -> None:
        """Do it, once: the buttons go first, for it may take a moment."""
        self.stop()
        await interaction.response.edit_message(content=texts.ERASING, view=None)
        await interaction.edit_original_response(content=await self._act())

    @discord.ui.button(label="Cancel")
    async def cancel(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Confirm]) -> None:
        self.stop()
        await interaction.response.edit_message(content=texts.NOTHING_ERASED, view=None)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, _item: discord.ui.Item[Any], /
    ) -> None:
        """A failure is told where commands tell theirs."""
        await interaction.client.command_failed(interaction, error)
