"""Asking once more before something that can't be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.ui.texts import privacy as texts
from bot.ui.views.base import BaseView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.ui.views.base import Check


class Confirm(BaseView):
    """Two buttons under an ephemeral question; `act` does the thing and returns the sentence that reports it."""

    def __init__(
        self, act: Callable[[], Awaitable[str]], *, label: str, owner_id: int, check: Check | None = None
    ) -> None:
        super().__init__(owner_id=owner_id, check=check)
        self._act = act
        self.confirm.label = label

    async def begin(self, interaction: discord.Interaction[Any], question: str) -> None:
        self.answers(interaction)
        await interaction.response.send_message(question, view=self, ephemeral=True)

    @discord.ui.button(style=discord.ButtonStyle.danger)
    async def confirm(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Confirm]) -> None:
        """Do it, once: the buttons go first, because it may take a moment."""
        self.stop()
        await interaction.response.edit_message(content=texts.ERASING, view=None)
        await interaction.edit_original_response(content=await self._act())

    @discord.ui.button(label="Cancel")
    async def cancel(self, interaction: discord.Interaction[Any], _button: discord.ui.Button[Confirm]) -> None:
        self.stop()
        await interaction.response.edit_message(content=texts.NOTHING_ERASED, view=None)
