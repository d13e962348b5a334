"""Settings that take roles, people and channels, as admins name them."""

from __future__ import annotations

import discord
import pytest

from bot.settings.catalog import ALLOWED_CHANNELS, DENIED_ROLES
from bot.ui.texts import settings as texts
from tests.cogs.conftest import World


async def change(world: World, setting: str, value: str, **options: str) -> str:
    result = await world.admin.slash(world.channel, "settings set", setting=setting, value=value, **options)
    assert result.ephemeral
    return result.response.content


async def offered(world: World, setting: str, typed: str) -> list[tuple[str, str]]:
    choices = await world.admin.autocomplete(world.channel, "settings set", "value", typed, setting=setting)
    return [(choice["name"], choice["value"]) for choice in choices]


@pytest.mark.parametrize("name", ["@Moderators", "moderators", "<@&{id}>", "{id}"])
async def test_a_role_is_named_as_people_do(world: World, name: str):
    """By its name with or without the sign, by a mention or by its id."""
    role = world.guild.create_role("Moderators")
    assert f"**<@&{role.id}>**" in await change(world, "admin_role", name.format(id=role.id))


async def test_channels_and_people_are_named_as_people_do(world: World):
    """Discord tells the bot hardly any people's names, so others are mentioned."""
    assert f"**<#{world.channel.id}>**" in await change(world, "allowed_channels", "#general")
    assert f"**<@{world.admin.id}>**" in await change(world, "allowed_users", "admin")
    assert f"**<@{world.member.id}>**" in await change(world, "denied_users", world.member.mention)


async def test_an_unknown_name_says_how_to_name_one(world: World):
    """Nothing is set; a name with markdown or a mention in it stays harmless."""
    assert await change(world, "denied_roles", "Ghosts") == texts.unknown_name(DENIED_ROLES, "Ghosts", count=0)
    assert "I can't find `'@everyone'`" in await change(world, "denied_roles", "`@everyone`")
    for _ in range(2):
        world.guild.create_role("Twins")
    assert "2 here have the name `Twins`" in await change(world, "denied_roles", "@Twins")
    shown = await world.admin.slash(world.channel, "settings log")
    assert texts.NOTHING_CHANGED in shown.response.content


async def test_the_servers_own_are_offered(world: World):
    """Roles, channels and people, by what is typed; the value has their ids. `default` stays on offer."""
    role = world.guild.create_role("Moderators")
    assert await offered(world, "admin_role", "@mod") == [("@Moderators", str(role.id))]
    assert ("default", "default") in await offered(world, "admin_role", "")
    assert ("#general", str(world.channel.id)) in await offered(world, "denied_channels", "#gen")
    assert await offered(world, "allowed_users", "adm") == [("@admin", str(world.admin.id))]
    assert await offered(world, "nonsense", "x") == []
    chosen = (await offered(world, "admin_role", "@mod"))[0][1]
    assert f"**<@&{role.id}>**" in await change(world, "admin_role", chosen)


async def test_exempt_roles_are_offered_in_budgets(world: World):
    """It's the one limit that takes roles."""
    role = world.guild.create_role("Patrons")
    choices = await world.admin.autocomplete(world.channel, "budget set", "amount", "pat", limit="exempt_roles")
    assert [(choice["name"], choice["value"]) for choice in choices] == [("@Patrons", str(role.id))]
    result = await world.admin.slash(world.channel, "budget set", limit="exempt_roles", amount="@Patrons")
    assert f"**<@&{role.id}>**" in result.response.content


async def test_a_channel_that_an_admin_cannot_see_is_neither_offered_nor_found(world: World):
    """Its name is nobody's business who can't see it."""
    hidden = {
        world.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        world.guild.me: discord.PermissionOverwrite(view_channel=True),
    }
    world.guild.create_text_channel("secret-plans", overwrites=hidden)
    assert await offered(world, "denied_channels", "secret") == []
    unknown = texts.unknown_name(ALLOWED_CHANNELS, "#secret-plans", count=0)
    assert await change(world, "allowed_channels", "#secret-plans") == unknown
