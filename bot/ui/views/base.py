"""What every message with controls and every form has: whose it is, until when, and what happens when it fails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import discord

from bot.ui.targets.failures import logged_failures
from bot.ui.texts import replies as texts
from bot.ui.views.failures import tell, tell_failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Check = Callable[[discord.Interaction[Any]], Awaitable[bool]]

log = logging.getLogger(__name__)

TIMEOUT_S = 14 * 60.0  # the interaction that edits the message lasts 15 minutes


class BaseView(discord.ui.View):
    """Controls for one person. Who they are and what they may do is checked at each press."""

    def __init__(self, *, owner_id: int, check: Check | None = None) -> None:
        """`check` says whether the owner may still press."""
        super().__init__(timeout=TIMEOUT_S)
        self._owner_id = owner_id
        self._check = check
        self._newest: discord.Interaction[Any] | None = None  # whose token can still edit the message

    def answers(self, interaction: discord.Interaction[Any]) -> None:
        """The newest interaction whose answer is the message with these controls, not a message of its own."""
        self._newest = interaction

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        return await _may_go_on(interaction, owner_id=self._owner_id, check=self._check)

    async def on_timeout(self) -> None:
        """Take the controls away: a press would only fail from now on."""
        if self._newest is not None:
            with logged_failures(log, "controls that timed out stay"):
                await self._newest.edit_original_response(view=None)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, _item: discord.ui.Item[Any], /
    ) -> None:
        await tell_failure(interaction, error)


class BaseModal(discord.ui.Modal):
    """A form for one person; `on_text` gets the interaction that sends it and what was typed."""

    def __init__(
        self,
        on_text: Callable[[discord.Interaction[Any], str], Awaitable[None]],
        *,
        owner_id: int,
        check: Check | None = None,
    ) -> None:
        """`check` says whether the owner may still send it."""
        super().__init__(timeout=TIMEOUT_S)
        self._on_text = on_text
        self._owner_id = owner_id
        self._check = check

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        return await _may_go_on(interaction, owner_id=self._owner_id, check=self._check)

    async def on_error(  # type: ignore[override] # a modal's handler takes no item, as discord.py documents
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        await tell_failure(interaction, error)


async def _may_go_on(interaction: discord.Interaction[Any], *, owner_id: int, check: Check | None) -> bool:
    """Whether a press or a form counts; says why not."""
    if interaction.user.id != owner_id:
        await tell(interaction, texts.NOT_FOR_YOU)
        return False
    if check is not None and not await check(interaction):
        await tell(interaction, texts.NO_LONGER_ALLOWED)
        return False
    return True
