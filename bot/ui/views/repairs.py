"""Buttons under a health check that fix what the bot itself can fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import discord

from bot.ui.views.base import BaseView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from bot.ui.views.base import Check


class Repair(NamedTuple):
    """One thing to do; `act` does it and returns the sentence that reports it."""

    label: str
    act: Callable[[], Awaitable[str]]


class Repairs(BaseView):
    """A button for each repair, for the person who asked and as often as they like."""

    def __init__(self, repairs: Iterable[Repair], *, owner_id: int, check: Check) -> None:
        super().__init__(owner_id=owner_id, check=check)
        for repair in repairs:
            self.add_item(_RepairButton(repair))

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Show the buttons under the answer to an interaction."""
        self.answers(interaction)
        await interaction.edit_original_response(view=self)


class _RepairButton(discord.ui.Button[Repairs]):
    def __init__(self, repair: Repair) -> None:
        super().__init__(label=repair.label)
        self._act = repair.act

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.edit_original_response(content=await self._act())
