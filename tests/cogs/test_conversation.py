"""Showing and clearing what is remembered."""

from __future__ import annotations

from bot.ui import texts
from tests.cogs.conftest import World


async def test_history_shows_the_turns_to_the_caller_alone(world: World):
    """Oldest on top, with who spoke."""
    await world.member.send(world.channel, f"{world.me} what is *this*?")
    result = await world.member.slash(world.channel, "history show")
    assert result.ephemeral
    lines = result.response.embeds[0].description.splitlines()
    assert lines[0].startswith("**mem** <t:")
    assert lines[1] == r"what is \*this\*?"
    assert lines[2].startswith("**Me** <t:")
    assert lines[3] == "Hello."


async def test_history_pages_backwards_and_forwards(world: World):
    """Every turn can be reached."""
    for number in range(5):
        await world.member.send(world.channel, f"{world.me} question {number}")
    result = await world.member.slash(world.channel, "history show")
    assert "question 0" not in result.response.embeds[0].description
    older = await world.member.click(result.response, label="Older")
    assert "question 0" in older.response.embeds[0].description
    newer = await world.member.click(older.response, label="Newer")
    assert "question 4" in newer.response.embeds[0].description


async def test_an_empty_history_says_so(world: World):
    """No turns, no page of nothing."""
    result = await world.member.slash(world.channel, "history show")
    assert result.response.embeds[0].description == texts.NO_HISTORY


async def test_an_admin_clears_the_conversation(world: World):
    """What was said before leaves the prompts."""
    await world.member.send(world.channel, f"{world.me} the password is swordfish")
    result = await world.admin.slash(world.channel, "history clear")
    assert "2 earlier messages" in result.response.content
    await world.member.send(world.channel, f"{world.me} what is the password?")
    assert "swordfish" not in str(world.llm.requests[1].messages)


async def test_a_member_may_not_clear(world: World):
    """Clearing is for admins, checked in the handler."""
    await world.member.send(world.channel, f"{world.me} remember me")
    result = await world.member.slash(world.channel, "history clear")
    assert result.ephemeral
    assert result.response.content == texts.NOT_ADMIN
    world.refusals(1)
    await world.member.send(world.channel, f"{world.me} do you?")
    assert "remember me" in str(world.llm.requests[1].messages)
