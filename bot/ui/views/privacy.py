"""What is kept of people, in plain words, and the choice not to be remembered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot.ui.texts import memory as texts

if TYPE_CHECKING:
    from bot.conversation.upkeep.erasure import Erasure, Retention
    from bot.core.ports import Clock

TIMEOUT_S = 14 * 60.0  # the interaction that edits the message lasts 15 minutes
PROVIDERS = {
    "openrouter": "OpenRouter (and the channel's id with it), which passes it on to a provider of the model",
    "ollama": "an Ollama server that the bot's owner has chosen",
    "openai": "an OpenAI-compatible server that the bot's owner has chosen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What holds for this bot."""

    retention: Retention
    provider: str
    data_collection: str


def notice(facts: Facts, *, remembers: bool) -> str:
    """What `/privacy` says."""
    days = facts.retention.days
    kept = "until somebody erases it" if days is None else f"for {days} days"
    policy = ""
    if facts.provider == "openrouter":
        policy = {
            "deny": " I ask it to use only providers that neither keep nor train on what they are sent.",
            "allow": " It may use providers that keep what they are sent, or train on it.",
        }[facts.data_collection]
    now = texts.REMEMBERED if remembers else texts.NOT_REMEMBERED
    return texts.PRIVACY.format(kept=kept, provider=PROVIDERS[facts.provider], policy=policy, now=now)


class PrivacyNotice(discord.ui.View):
    """The notice, and a button to be remembered no more, or again."""

    def __init__(self, erasure: Erasure, facts: Facts, clock: Clock) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self._erasure = erasure
        self._facts = facts
        self._clock = clock

    async def begin(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the command, to the caller alone."""
        text = await self._text(interaction.user.id)
        await interaction.response.send_message(text, view=self, ephemeral=True)

    async def _text(self, user_id: int) -> str:
        self._remembers = await self._erasure.remembers(user_id)
        self.toggle.label = "Do not remember me" if self._remembers else "Remember me again"
        return notice(self._facts, remembers=self._remembers)

    @discord.ui.button()
    async def toggle(
        self, interaction: discord.Interaction[Any], _button: discord.ui.Button[PrivacyNotice]
    ) -> None:
        user_id = interaction.user.id
        if self._remembers:
            await self._erasure.opt_out(user_id, now=int(self._clock.time()))
        else:
            await self._erasure.opt_in(user_id)
        await interaction.response.edit_message(content=await self._text(user_id), view=self)

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, _item: discord.ui.Item[Any], /
    ) -> None:
        """A failure is told where commands tell theirs."""
        await interaction.client.command_failed(interaction, error)
