"""Messages that change, and memory that follows."""

from __future__ import annotations

import pytest

from tests.cogs.conftest import World

STREAMING = pytest.mark.simcord(settle_timeout=0.5)


def prompt(world: World) -> list[str]:
    """What the last request said, less the system prompt."""
    return [message.content for message in world.llm.requests[-1].messages[1:]]


async def test_an_edited_question_is_remembered_as_it_reads_now(world: World):
    """It is not asked again; the next prompt has the new text."""
    asked = await world.member.send(world.channel, f"{world.me} my cat is called Tom")
    await world.member.edit(asked, content=f"{world.me} my cat is called Tim")
    assert len(world.llm.requests) == 1
    await world.member.send(world.channel, f"{world.me} what is it called?")
    assert prompt(world)[0] == "mem: my cat is called Tim"


async def test_a_question_edited_beyond_reading_stays_as_it_was(world: World):
    """Without the mention the bot is not shown the text: it does not take that for an empty question."""
    asked = await world.member.send(world.channel, f"{world.me} first version")
    await world.member.edit(asked, content="not for the bot")
    await world.member.send(world.channel, f"{world.me} and?")
    assert prompt(world)[0] == "mem: first version"


async def test_a_deleted_question_is_forgotten_and_its_answer_stays(world: World):
    """As the channel shows it."""
    world.llm.say("Noted.")
    asked = await world.member.send(world.channel, f"{world.me} the password is swordfish")
    await world.member.delete(asked)
    await world.member.send(world.channel, f"{world.me} what is it?")
    assert prompt(world) == ["Noted.", "mem: what is it?"]


async def test_a_deleted_answer_is_forgotten(world: World):
    """With its question, which now has no answer."""
    world.llm.say("The password is swordfish.")
    await world.member.send(world.channel, f"{world.me} tell me")
    await world.admin.delete(world.channel.last_message)
    await world.member.send(world.channel, f"{world.me} what is it?")
    assert prompt(world) == ["mem: what is it?"]


@STREAMING
async def test_a_streaming_answer_ends_when_it_is_deleted(world: World):
    """The event ends the call at once, before any edit fails."""
    world.llm.gap = 1.0
    world.llm.say(*(f"word{n} " for n in range(60)))
    await world.member.send(world.channel, f"{world.me} talk")
    await world.env.advance_time(3.2)
    await world.admin.delete(world.channel.last_message)
    assert world.llm.open == 0
