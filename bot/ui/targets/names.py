"""What places are called in Discord, from what discord.py has heard of them: it asks Discord nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings.system_prompt import Names

if TYPE_CHECKING:
    import discord

    from bot.core.records import Place


def names_of(bot: discord.Client, place: Place) -> Names:
    """What a place and the bot are called now, whatever they were called before."""
    me, guild = bot.user, bot.get_guild(place.guild_id or 0)
    name = me.display_name if me else "the assistant"
    if guild is None:
        return Names(
            channel="a direct message" if place.guild_id is None else "a channel", server="none", bot=name
        )
    channel = guild.get_channel_or_thread(place.channel_id)
    return Names(
        channel=f"#{channel.name}" if channel else "a channel", server=guild.name, bot=guild.me.display_name
    )
