"""Showing and switching models."""

from __future__ import annotations

from bot.ui import texts
from tests.cogs.conftest import World


async def test_an_admin_switches_the_channel_and_it_answers(world: World):
    """The choice is announced and used from the next question on."""
    result = await world.admin.slash(world.channel, "model set", model="openrouter/anthropic/claude-haiku")
    assert not result.ephemeral
    assert "`anthropic/claude-haiku`" in result.response.content
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[0].model == "anthropic/claude-haiku"


async def test_a_member_is_refused_privately(world: World):
    """Whoever lacks Manage Server changes nothing, and nobody else sees the attempt."""
    for command in ("model set", "model reset"):
        options = {"model": "anthropic/claude-haiku"} if command == "model set" else {}
        result = await world.member.slash(world.channel, command, **options)
        assert result.ephemeral
        assert result.response.content == texts.NOT_ADMIN
    world.refusals(2)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[0].model == "openai/gpt-4o-mini"


async def test_an_unknown_model_is_refused_with_the_nearest(world: World):
    """A slip of the pen is met with a suggestion."""
    result = await world.admin.slash(world.channel, "model set", model="openai/gpt-4o-mimi")
    assert result.ephemeral
    assert result.response.content.startswith(
        "There is no model `openai/gpt-4o-mimi`. Did you mean `openai/gpt-4o-mini`"
    )


async def test_the_channel_wins_over_the_server_and_reset_gives_way(world: World):
    """Resolution goes from the closest scope outwards."""
    await world.admin.slash(world.channel, "model set", model="small/model", scope="server")
    await world.admin.slash(world.channel, "model set", model="anthropic/claude-haiku")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.ephemeral
    assert shown.response.content.startswith("`anthropic/claude-haiku` answers here (chosen for this channel)")
    await world.admin.slash(world.channel, "model reset")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.response.content.startswith("`small/model` answers here (chosen for this server)")
    await world.admin.slash(world.channel, "model reset", scope="server")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.response.content.startswith("`openai/gpt-4o-mini` answers here (the default)")


async def test_autocomplete_names_context_and_offers_the_current_model_first(world: World):
    """The choice's value is the whole id."""
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "")
    assert choices[0]["value"] == "openai/gpt-4o-mini"
    assert choices[0]["name"] == "openai/gpt-4o-mini · 128k context"
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "haiku")
    assert [choice["value"] for choice in choices] == ["anthropic/claude-haiku"]


async def test_list_shows_context_and_price(world: World):
    """Prices are dollars per million tokens."""
    result = await world.member.slash(world.channel, "model list", search="gpt")
    assert result.ephemeral
    assert (
        result.response.content == "`openai/gpt-4o-mini` · 128k context · $0.15 in, $0.60 out per million tokens"
    )
