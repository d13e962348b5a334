"""How the bot says it is, and what it offers."""

from __future__ import annotations

import discord

from bot import __version__
from bot.core.errors import AuthenticationError
from bot.core.model_ids import Provider
from bot.core.records import ModelClientStatus
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


async def test_the_doctor_says_why_a_channel_is_not_always_answered(world: World):
    """The intent is fine where nobody needs it, and a fault where a channel's setting does."""
    fine = await world.admin.slash(world.channel, "doctor")
    assert "✅ message content intent" in fine.response.content
    await world.admin.slash(world.channel, "settings set", setting="answer", value="always")
    shown = (await world.admin.slash(world.channel, "doctor")).response.content
    assert "❌ message content intent: this channel is set to `always`" in shown


async def test_help_offers_what_the_caller_may_do(world: World):
    """Made from the commands, so it cannot be wrong; admins see more."""
    assert world.bot.services.model.provider is Provider.OPENROUTER
    member = (await world.member.slash(world.channel, "help")).response.content
    admin_result = await world.admin.slash(world.channel, "help")
    admin = admin_result.response.content
    assert "`/ask prompt [private]` Ask the model a question" in member
    assert "**Ask about this**" in member
    for command in ("/model set", "/settings set", "/budget set", "/doctor"):
        assert f"`{command}" not in member
        assert f"`{command}" in admin
    for command in ("/model show", "/usage", "/status"):
        assert f"`{command}" in member


async def test_help_in_direct_messages_leaves_out_what_is_for_servers(world: World):
    """Nobody is offered what is not there."""
    user = world.env.create_user("friend")
    shown = (await user.slash("help")).response.content
    assert "`/ask" in shown
    assert "/settings" not in shown
    assert "/doctor" not in shown
