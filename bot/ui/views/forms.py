"""The forms people fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.settings.system_prompt import LIMIT_CHARS
from bot.ui.texts import replies
from bot.ui.texts import settings as setting_texts
from bot.ui.views.base import BaseModal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.ui.views.base import Check

QUESTION_LIMIT = 2000  # characters


class PromptForm(BaseModal, title=setting_texts.FORM_TITLE):
    """A system prompt; it starts with the current one."""

    text: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label=setting_texts.FORM_LABEL,
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        placeholder=setting_texts.FORM_PLACEHOLDER,
        max_length=LIMIT_CHARS,
    )

    def __init__(
        self,
        on_text: Callable[[discord.Interaction[Any], str], Awaitable[None]],
        *,
        current: str,
        owner_id: int,
        check: Check | None = None,
    ) -> None:
        super().__init__(on_text, owner_id=owner_id, check=check)
        self.text.default = current or None

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._on_text(interaction, self.text.value)


class AskForm(BaseModal, title=replies.ASK_TITLE):
    """One question about a message."""

    question: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label=replies.ASK_LABEL,
        custom_id="question",
        style=discord.TextStyle.paragraph,
        default=replies.ASK_DEFAULT,
        max_length=QUESTION_LIMIT,
    )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._on_text(interaction, self.question.value)
