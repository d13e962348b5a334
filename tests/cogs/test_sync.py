"""Messages that change, and memory that follows."""

from __future__ import annotations

import pytest

from bot.ui.texts import memory as memory_texts
from bot.ui.texts import replies as texts
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


async def test_regenerate_answers_the_question_as_it_reads_now(world: World):
    """In the same message, and in the same place of the conversation."""
    world.llm.say("Tom is a fine name.")
    asked = await world.member.send(world.channel, f"{world.me} my cat is called Tom")
    answer = world.channel.last_message
    await world.member.edit(asked, content=f"{world.me} my cat is called Tim")
    world.llm.say("Tim is a fine name.")
    result = await world.member.context_menu(world.channel, "Regenerate", answer)
    assert result.ephemeral
    assert world.channel.last_message.id == answer.id
    assert world.channel.last_message.content == "Tim is a fine name."
    await world.member.send(world.channel, f"{world.me} and?")
    assert prompt(world) == ["mem: my cat is called Tim", "Tim is a fine name.", "mem: and?"]


async def test_regenerate_is_for_the_asker_and_for_answers(world: World):
    """Other people, and other messages, get a sentence."""
    asked = await world.member.send(world.channel, f"{world.me} hello")
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    refused = await stranger.context_menu(world.channel, "Regenerate", world.channel.last_message)
    assert refused.response.content == texts.NOT_YOURS
    other = await world.member.context_menu(world.channel, "Regenerate", asked)
    assert other.response.content == memory_texts.NOT_AN_ANSWER
    assert len(world.llm.requests) == 1


async def test_a_reply_to_an_older_answer_is_asked_after_it(world: World):
    """What was said since is not in the prompt; a reply to the newest answer leaves nothing out."""
    for number in (1, 2):
        world.llm.say(f"answer {number}")
        await world.member.send(world.channel, f"{world.me} question {number}")
    first = world.channel.history()[1]
    assert first.content == "answer 1"
    await world.member.send(world.channel, f"{world.me} about the first", reply_to=first)
    assert prompt(world) == ["mem: question 1", "answer 1", "mem: about the first"]
    await world.member.send(world.channel, f"{world.me} and now?", reply_to=world.channel.last_message)
    assert len(prompt(world)) == 7
