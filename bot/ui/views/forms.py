"""Modals: the forms people fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.settings.system_prompt import LIMIT_CHARS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class PromptForm(discord.ui.Modal, title="What the model is told"):
    """A system prompt; `on_text` gets the interaction that sent it and the text."""

    text: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="Prompt",
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        placeholder="You may use {channel}, {server}, {date}, {time} and {bot}.",
        max_length=LIMIT_CHARS,
    )

    def __init__(
        self, on_text: Callable[[discord.Interaction[Any], str], Awaitable[None]], *, current: str
    ) -> None:
        super().__init__(timeout=15 * 60.0)
        self._on_text = on_text
        self.text.default = current or None

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._on_text(interaction, self.text.value)

    async def on_error(  # type: ignore[override] # a modal's handler takes no item, as discord.py documents
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Modals fail where commands do."""
        await interaction.client.command_failed(interaction, error)


class AskForm(discord.ui.Modal, title="Ask about this message"):
    """One question about a message; `on_question` gets the interaction that sent it and the text."""

    question: discord.ui.TextInput[Any] = discord.ui.TextInput(
        label="Your question",
        custom_id="question",
        style=discord.TextStyle.paragraph,
        default="What does this mean?",
        max_length=2000,
    )

    def __init__(self, on_question: Callable[[discord.Interaction[Any], str], Awaitable[None]]) -> None:
        super().__init__(timeout=15 * 60.0)
        self._on_question = on_question

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        await self._on_question(interaction, self.question.value)

    async def on_error(  # type: ignore[override] # a modal's handler takes no item, as discord.py documents
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Modals fail where commands do."""
        await interaction.client.command_failed(interaction, error)
