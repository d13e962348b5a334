"""Every command by every kind of person in every place: who is let in, and who is refused in private."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord
from discord import app_commands

from bot.settings.catalog import ADMIN_ROLE
from bot.settings.resolver import guild_scope
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World

# In a server and its threads, the last two are for admins. In direct messages, the second is for the bot's owners,
# and the third for everybody: a person who is alone there manages the conversation.
ANYBODY, ADMINS, MANAGERS = "anybody", "admins", "managers"
WHO = {
    "ask": ANYBODY,
    "help": ANYBODY,
    "status": ANYBODY,
    "usage": ANYBODY,
    "usage channel": ADMINS,
    "usage server": ADMINS,
    "model show": ANYBODY,
    "model list": ANYBODY,
    "model set": ADMINS,
    "model reset": ADMINS,
    "settings show": ADMINS,
    "settings set": ADMINS,
    "settings log": ADMINS,
    "budget show": ADMINS,
    "budget set": ADMINS,
    "doctor": ADMINS,
    "history show": ANYBODY,
    "history export": ANYBODY,
    "history branch": ANYBODY,
    "history clear": MANAGERS,
    "history undo": MANAGERS,
    "prompt show": ANYBODY,
    "prompt set": MANAGERS,
    "prompt reset": MANAGERS,
    "privacy": ANYBODY,
    "forget": ANYBODY,
    "forget channel": MANAGERS,
    "forget server": MANAGERS,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "ask": {"prompt": "hello"},
    "usage channel": {"scope": "channel"},
    "usage server": {"scope": "server"},
    "model set": {"model": "small/model"},
    "settings set": {"setting": "footer", "value": "on"},
    "budget set": {"limit": "server_day", "amount": "5"},
    "prompt set": {"text": "Be brief."},
    "forget": {"scope": "me"},
    "forget channel": {"scope": "channel"},
    "forget server": {"scope": "server"},
}
KINDS = ("server owner", "admin", "role admin", "member", "bot owner")


def leaves(world: World) -> list[app_commands.Command[Any, ..., Any]]:
    return [command for command in world.bot.tree.walk_commands() if isinstance(command, app_commands.Command)]


async def cast(world: World) -> dict[str, simcord.MemberActor]:
    """One of each kind; everybody is let see every command, so that the handlers are what is tried."""
    role = world.guild.create_role("Moderators")
    people = {
        "server owner": simcord.MemberActor(world.env, world.guild, world.guild.owner),
        "admin": world.admin,
        "role admin": world.guild.add_member(world.env.create_user("moderator"), roles=[role]),
        "member": world.member,
        "bot owner": world.guild.add_member(world.env.create_user("boss")),
    }
    world.bot.services.access.people._owner_ids = frozenset({people["bot owner"].id})
    await world.bot.services.settings.resolver.set(guild_scope(world.guild.id), ADMIN_ROLE.key, str(role.id), by=1)
    for command in await world.bot.tree.fetch_commands():
        world.guild.set_command_permissions(command, {world.guild.default_role: True})
    return people


async def values(world: World) -> list[tuple[str, str]]:
    """All that is set, and by whom it would matter."""
    scopes = [guild_scope(world.guild.id), f"channel:{world.channel.id}"]
    stored = [(await world.bot.services.settings.store.entries(scope)) for scope in scopes]
    return [(setting.key, setting.value) for entries in stored for setting in entries]


@pytest.mark.parametrize("place", ["channel", "thread"])
@pytest.mark.parametrize("kind", KINDS)
async def test_in_a_server(world: World, kind: str, place: str):
    """Members get what is for anybody and nothing else; refusals are private and change nothing."""
    person = (await cast(world))[kind]
    channel = world.channel
    if place == "thread":
        await world.admin.slash(world.channel, "settings set", setting="threads", value="on")
        await world.member.send(world.channel, f"{world.me} begin")
        (channel,) = world.channel.threads
    before = await values(world)
    refused = set()
    for name, who in WHO.items():
        path = name if name in {command.qualified_name for command in leaves(world)} else name.split()[0]
        result = await person.slash(channel, path, **OPTIONS.get(name, {}))
        if result.response and result.response.content == texts.NOT_ADMIN:
            assert result.ephemeral
            refused.add(name)
        else:
            assert who is ANYBODY or kind != "member"
    expected = {name for name, who in WHO.items() if who is not ANYBODY} if kind == "member" else set()
    assert refused == expected
    if kind == "member":
        assert await values(world) == before
    world.env.errors.clear()


@pytest.mark.parametrize("kind", KINDS)
async def test_in_direct_messages(world: World, kind: str):
    """What is for servers is not there; what is for admins is for the bot's owners."""
    person = (await cast(world))[kind]
    user = simcord.UserHandle(world.env, world.env.backend.get_user(person.id))
    there = {
        command.qualified_name for command in leaves(world) if not (command.root_parent or command).guild_only
    }
    for name, who in WHO.items():
        path = name if name in there else name.split()[0]
        if path not in there or "server" in name:
            continue
        result = await user.slash(path, **OPTIONS.get(name, {}))
        refused = bool(result.response and result.response.content == texts.NOT_ADMIN)
        assert refused is (who is ADMINS and kind != "bot owner"), name
    world.env.errors.clear()


async def test_every_command_has_its_place_in_the_matrix(world: World):
    """A new command says who it is for."""
    assert {command.qualified_name for command in leaves(world)} <= set(WHO)


async def test_commands_for_admins_alone_are_hidden(world: World):
    """Discord does not even show them to members."""
    hidden = {
        command.name
        for command in world.bot.tree.get_commands()
        if getattr(command, "default_permissions", None) == discord.Permissions(manage_guild=True)
    }
    assert hidden == {"settings", "budget", "doctor"}


@pytest.mark.parametrize("press", ["stop", "retry", "continue"])
async def test_a_forged_button_of_somebody_elses_reply_is_refused(world: World, press: str):
    """Whatever id a press carries, it is checked against the stored reply."""
    world.llm.say("Private matters.")
    await world.admin.send(world.channel, f"{world.me} hello")
    view = discord.ui.View(timeout=None)
    for number in (1, 999_999):
        view.add_item(discord.ui.Button(label=f"forged {number}", custom_id=f"headwater:{press}:{number}"))
    channel = world.bot.get_partial_messageable(world.channel.id)
    message = await channel.send("a copy of the bot's own message", view=view)
    asked = len(world.llm.requests)
    for number in (1, 999_999):
        result = await world.member.click(message, label=f"forged {number}")
        assert result.ephemeral
        assert result.response.content == texts.NOT_YOURS
    assert len(world.llm.requests) == asked
