"""How the bot says it is, and what it offers."""

from __future__ import annotations

from typing import Any

import discord

from bot import __version__
from bot.core.errors import AuthenticationError
from bot.core.records import ModelClientStatus
from bot.ui.texts.help import TOPICS
from tests.cogs.conftest import World


async def test_anybody_may_see_the_status(world: World):
    """Model, provider, line, version; privately."""
    result = await world.member.slash(world.channel, "status")
    assert result.ephemeral
    for line in (
        "Model here: `openai/gpt-4o-mini`",
        "Provider: fine, 0 of at most 250 answers running",
        "Waiting in this channel: nobody",
        f"version {__version__}",
    ):
        assert line in result.response.content


async def test_a_refused_key_shows_in_the_status(world: World):
    """In the same words that a question gets."""
    error = AuthenticationError(status=401)
    world.llm.status = ModelClientStatus(key_error=error.sentence)
    result = await world.member.slash(world.channel, "status")
    assert error.sentence in result.response.content


async def test_the_doctor_finds_what_is_wrong_here(world: World):
    """Permissions that are missing in this channel, a model that vanished, and what is fine."""
    quiet = world.guild.create_text_channel(
        "quiet",
        overwrites={world.guild.me: discord.PermissionOverwrite(send_messages=False, attach_files=False)},
    )
    world.bot.services.model.catalog._models = world.bot.services.model.catalog.models()[1:]
    result = await world.admin.slash(quiet, "doctor")
    assert result.ephemeral
    shown = result.response.content
    assert "❌ permissions here: missing: Send Messages, Attach Files" in shown
    assert "❌ model openai/gpt-4o-mini: the provider doesn't offer it" in shown
    assert "✅ API key: it works, with $7.50 left" in shown
    assert "✅ database: writable" in shown
    assert f"version: {__version__}" in shown


def labels(message: Any) -> list[str]:
    """The buttons under an ephemeral answer."""
    return [button["label"] for row in message.components for button in row["components"]]


async def test_the_doctor_repairs_what_it_can(world: World):
    """Commands are sent again, the key is tried, and a model that vanished is reset, and each says so."""
    await world.bot.services.settings.models.choose(
        f"channel:{world.channel.id}", "gone/model", by=world.admin.id, guild_id=world.guild.id
    )
    result = await world.admin.slash(world.channel, "doctor")
    assert labels(result.response) == ["Register commands again", "Try the key", "Reset the model"]
    tried = await world.admin.click(result.response, label="Try the key")
    assert "✅ API key: it works, with $7.50 left" in tried.response.content
    registered = await world.admin.click(result.response, label="Register commands again")
    assert "I registered" in registered.response.content
    reset = await world.admin.click(result.response, label="Reset the model")
    assert "`openai/gpt-4o-mini` answers here." in reset.response.content
    again = await world.admin.slash(world.channel, "doctor")
    assert "Reset the model" not in labels(again.response)


async def test_the_doctor_says_why_a_channel_is_not_always_answered(world: World):
    """The intent is fine where nobody needs it, and a fault where a channel's setting does."""
    fine = await world.admin.slash(world.channel, "doctor")
    assert "✅ message content intent" in fine.response.content
    await world.admin.slash(world.channel, "settings set", setting="answer", value="always")
    shown = (await world.admin.slash(world.channel, "doctor")).response.content
    assert "❌ message content intent: this channel is set to `always`" in shown


def groups(page: str) -> dict[str, list[str]]:
    """The lines under each heading of `/help`."""
    parts = [part.splitlines() for part in page.split("### ") if part]
    return {heading: lines for heading, *lines in parts}


async def test_help_offers_what_the_caller_may_do(world: World):
    """Made from the commands, so it cannot be wrong; admins see more."""
    member = (await world.member.slash(world.channel, "help")).response.content
    admin = (await world.admin.slash(world.channel, "help")).response.content
    assert "`/ask` · Ask the model a question" in member
    assert "**Ask about this**, **Regenerate**" in member
    for command in (
        "`/model set`, `reset`",
        "`/settings show`, `set`, `log`",
        "`/budget show`, `set`",
        "`/doctor`",
    ):
        assert command not in member
        assert command in admin
    for command in ("`/model show`, `list`", "`/usage`", "`/status`"):
        assert command in member


async def test_help_is_read_in_ten_seconds(world: World):
    """A few groups with a few short lines each, on one page; no command stands twice."""
    for person, headings in (
        (world.member, ["Ask", "History and privacy", "Model and costs"]),
        (world.admin, ["Ask", "History and privacy", "Model and costs", "For admins"]),
    ):
        page = (await person.slash(world.channel, "help")).response.content
        assert list(groups(page)) == headings
        assert len(page) <= 1500
        for lines in groups(page).values():
            assert len(lines) <= 6
            assert all(len(line) <= 100 for line in lines)
        commands = [line.partition(" · ")[0] for line in page.splitlines() if line.startswith("`/")]
        assert len(commands) == len(set(commands))


async def test_every_command_has_its_place_in_help(world: World):
    """A new command says what it is about."""
    commands = {command.name for command in world.bot.tree.get_commands(type=discord.AppCommandType.chat_input)}
    assert commands - {"help"} == set(TOPICS)


async def test_help_in_direct_messages_leaves_out_what_is_for_servers(world: World):
    """Nobody is offered what is not there; what is one's own there isn't for admins."""
    page = (await world.env.create_user("friend").slash("help")).response.content
    assert list(groups(page)) == ["Ask", "History and privacy", "Model and costs"]
    assert "`/history show`, `clear`, `undo`, `export`" in page
    assert "`/prompt show`, `set`, `reset`" in page
    for command in ("/settings", "/budget", "/doctor", "branch", "/model set"):
        assert command not in page


async def test_commands_that_only_refuse_are_not_offered_in_direct_messages(world: World):
    """Discord hides what is for servers; everything else has something to do there."""
    commands = world.bot.tree.get_commands(type=discord.AppCommandType.chat_input)
    assert {command.name for command in commands if command.guild_only} == {"settings", "budget", "doctor"}
    payloads = {command.name: command.to_dict(world.bot.tree) for command in commands}
    assert {name for name, payload in payloads.items() if 1 not in (payload["contexts"] or [1])} == {
        "settings",
        "budget",
        "doctor",
    }
