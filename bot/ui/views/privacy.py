"""What is kept about people, in plain words, and the choice not to be remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.ui.texts import privacy as texts
from bot.ui.views.base import BaseView

if TYPE_CHECKING:
    from bot.conversation.upkeep.erasure import Erasure
    from bot.core.ports import Clock
    from bot.ui.texts.privacy import Facts


class PrivacyNotice(BaseView):
    """The notice, and a button that switches remembering off or on."""

    def __init__(self, erasure: Erasure, facts: Facts, clock: Clock, *, owner_id: int) -> None:
        super().__init__(owner_id=owner_id)
        self._erasure = erasure
        self._facts = facts
        self._clock = clock
        self._remembers = True  # as of the text that is shown

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the command, to the caller alone."""
        self.answers(interaction)
        text = await self._text()
        await interaction.response.send_message(text, view=self, ephemeral=True)

    async def _text(self) -> str:
        self._remembers = await self._erasure.remembers(self._owner_id)
        self.toggle.label = texts.OPT_OUT if self._remembers else texts.OPT_IN
        return texts.notice(self._facts, remembers=self._remembers)

    @discord.ui.button()
    async def toggle(
        self, interaction: discord.Interaction[Any], _button: discord.ui.Button[PrivacyNotice]
    ) -> None:
        self.answers(interaction)
        await interaction.response.defer()  # memory may take longer than the three seconds Discord gives
        if self._remembers:
            await self._erasure.opt_out(self._owner_id, now=int(self._clock.time()))
        else:
            await self._erasure.opt_in(self._owner_id)
        await interaction.edit_original_response(content=await self._text(), view=self)
