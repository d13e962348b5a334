"""What Discord hides from a bot without the message content intent is said to be hidden, with what to do."""

from __future__ import annotations

from bot.ui.texts import replies as texts
from tests.cogs.conftest import World


def prompt(world: World) -> str:
    """What was asked last."""
    return world.llm.requests[-1].messages[-1].content


async def test_a_quote_that_is_hidden_is_not_answered_as_if_it_had_been_read(world: World):
    """The model knows that it can't see it, and the asker how to show it."""
    about = await world.admin.send(world.channel, "the build is red")
    await world.member.send(world.channel, f"{world.me} why?", reply_to=about)
    assert prompt(world) == "mem: About a message by admin that can't be read here.\nwhy?"
    assert world.channel.last_message.content == f"Hello.\n-# {texts.QUOTE_HIDDEN}"


async def test_the_menu_shows_what_is_hidden(world: World):
    """Discord sends the message with the command."""
    about = await world.admin.send(world.channel, "the build is red")
    shown = await world.member.context_menu(world.channel, "Ask about this", about)
    await world.member.submit_modal(shown, {"question": "What?"})
    assert prompt(world) == "mem: About this message by admin:\n```\nthe build is red\n```\nWhat?"


async def test_nothing_of_the_room_is_read(world: World):
    """It holds nothing readable; no answer says so."""
    await world.admin.send(world.channel, "the build is red")
    await world.member.send(world.channel, f"{world.me} why?")
    assert prompt(world) == "mem: why?"
    assert world.channel.last_message.content == "Hello."


async def test_setting_the_room_says_what_it_needs(world: World):
    """An admin who turns it on learns that it does nothing yet."""
    result = await world.admin.slash(world.channel, "settings set", setting="room", value="30")
    assert "message content intent" in result.response.content
    result = await world.admin.slash(world.channel, "settings set", setting="room", value="0")
    assert "message content intent" not in result.response.content
