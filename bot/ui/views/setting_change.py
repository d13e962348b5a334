"""Changing a setting by a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.settings.specs import RESET
from bot.ui.targets.places import Scope, interaction_place, scope_key
from bot.ui.texts import settings as texts
from bot.ui.views.failures import tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    import discord

    from bot.settings.resolver import SettingsResolver
    from bot.settings.specs import SettingSpec

VALUE_LIMIT = 2000  # characters typed; a hundred mentions fit


class SettingChange:
    """Sets a setting for the server or channel that an admin's command was used in, and says so."""

    def __init__(self, resolver: SettingsResolver, specs: Iterable[SettingSpec], *, reads_messages: bool) -> None:
        """`specs` can be set; `reads_messages` says whether the bot has the message content intent."""
        self._resolver = resolver
        self._specs = {spec.key: spec for spec in specs}
        self._reads_messages = reads_messages

    async def make(
        self, interaction: discord.Interaction[Any], name: str, value: str, scope: Scope | None
    ) -> None:
        """Set `name` to what somebody typed, or tell them what they can type. `scope` None is the narrowest."""
        spec = self._specs.get(name)
        if spec is None:
            await tell(interaction, texts.unknown_setting(name))
            return
        where: Scope = scope or ("channel" if "channel" in spec.where else "server")
        if where not in spec.where:
            await tell(interaction, texts.wrong_scope(spec))
            return
        try:
            new = None if value.strip().lower() == RESET else spec.kind.parse(value)
        except ValueError:
            await tell(interaction, texts.not_a_value(spec))
            return
        key, guild_id = scope_key(interaction, where), interaction_place(interaction).guild_id
        await self._resolver.set(key, spec.key, new, by=interaction.user.id, guild_id=guild_id)
        await tell(interaction, texts.saved(spec, new, where, reads_messages=self._reads_messages))
