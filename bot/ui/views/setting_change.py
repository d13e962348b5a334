"""Changing a setting by a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bot.settings.resolver import channel_scope, guild_scope
from bot.settings.specs import CHANNEL, RESET
from bot.ui.targets.places import interaction_place
from bot.ui.texts import settings as words

if TYPE_CHECKING:
    import discord

    from bot.settings.specs import SettingSpec

Scope = Literal["channel", "server"]


async def change(
    interaction: discord.Interaction[Any], spec: SettingSpec, value: str, scope: Scope | None
) -> None:
    """Set a setting for the server or channel that an admin's command was used in, and say so."""
    where = scope or spec.where[0]
    if where not in spec.where:
        await _tell(interaction, words.wrong_scope(spec))
        return
    try:
        new = None if value.strip().lower() == RESET else spec.kind.parse(value)
    except ValueError:
        await _tell(interaction, words.not_a_value(spec))
        return
    place, services = interaction_place(interaction), interaction.client.services
    assert place.guild_id is not None  # noqa: S101 - the commands are there in servers only
    key = channel_scope(place.channel_id) if where == CHANNEL else guild_scope(place.guild_id)
    await services.settings.resolver.set(key, spec.key, new, by=interaction.user.id, guild_id=place.guild_id)
    reads = interaction.client.intents.message_content
    await _tell(interaction, words.kept(spec, new, where, reads_messages=reads))


async def _tell(interaction: discord.Interaction[Any], sentence: str) -> None:
    await interaction.response.send_message(sentence, ephemeral=True)
