"""Changing a setting by a command, and what to offer while somebody types its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.core.model_ids import CHOICES
from bot.settings.catalog import BY_KEY
from bot.settings.specs import RESET, Mentions
from bot.ui.targets.places import Scope, interaction_place, scope_key
from bot.ui.texts import settings as texts
from bot.ui.views.failures import tell
from bot.ui.views.server_names import ServerNames, UnknownNameError, named

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
        if value.strip().lower() == RESET:
            await self._reset(interaction, spec, where)
            return
        try:
            new = _parse(interaction, spec, value)
        except UnknownNameError as error:
            await tell(interaction, texts.unknown_name(spec, error.name, count=error.count))
            return
        except ValueError:
            await tell(interaction, texts.not_a_value(spec))
            return
        key, guild_id = scope_key(interaction, where), interaction_place(interaction).guild_id
        await self._resolver.set(key, spec.key, new, by=interaction.user.id, guild_id=guild_id)
        await tell(interaction, texts.saved(spec, new, where, reads_messages=self._reads_messages))

    async def _reset(self, interaction: discord.Interaction[Any], spec: SettingSpec, where: Scope) -> None:
        key, place = scope_key(interaction, where), interaction_place(interaction)
        if await self._resolver.reset(key, spec.key, by=interaction.user.id, guild_id=place.guild_id):
            await tell(interaction, texts.reset(spec, where))
            return
        effective = await self._resolver.effective(place)
        await tell(interaction, texts.not_set(spec, where, effective, channel_id=place.channel_id))


def offered_values(interaction: discord.Interaction[Any], name: str, typed: str) -> list[tuple[str, str]]:
    """Names and values to choose from for a setting: its words, or the server's own roles, people or channels."""
    spec = BY_KEY.get(name)
    if spec is None:
        return []
    reset = [(RESET, RESET)] if typed.strip().lower() in RESET else []
    if isinstance(spec.kind, Mentions):
        return [*_names(interaction, spec.kind).offers(typed)[: CHOICES - len(reset)], *reset]
    return [(value, value) for value in (*spec.kind.choices, RESET) if typed.lower() in value]


def _parse(interaction: discord.Interaction[Any], spec: SettingSpec, value: str) -> str:
    kind = spec.kind
    return _names(interaction, kind).parse(value) if isinstance(kind, Mentions) else kind.parse(value)


def _names(interaction: discord.Interaction[Any], kind: Mentions) -> ServerNames:
    guild = interaction.guild
    return ServerNames(kind, named(guild, interaction.user, kind.mark) if guild else ())
