"""Asking, in every way there is."""

from __future__ import annotations

import discord
import pytest

from bot.core.errors import ProviderUnavailableError
from bot.core.events import Done, FinishReason, Text
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World

STREAMING = pytest.mark.simcord(settle_timeout=0.5)


async def test_a_mention_is_answered_as_a_reply(world: World):
    """A mention gets its answer under it, in plain content, without a ping."""
    world.llm.say("Four", ".")
    asked = await world.member.send(world.channel, f"{world.me} what is 2+2?")
    reply = world.channel.last_message
    assert reply.content == "Four."
    assert reply.reference.message_id == asked.id
    assert not reply.embeds
    assert not reply.mentions
    assert not reply.components


async def test_the_model_gets_the_system_prompt_and_the_speaker(world: World):
    """The request carries who spoke, without the mention of the bot."""
    await world.member.send(world.channel, f"{world.me} what is 2+2?")
    request = world.llm.requests[0]
    assert [(message.role, message.content) for message in request.messages] == [
        ("system", "Be kind."),
        ("user", "mem: what is 2+2?"),
    ]
    assert request.model == "openai/gpt-4o-mini"


async def test_the_second_question_carries_the_first_turn(world: World):
    """The channel remembers."""
    world.llm.say("Nice to meet you, Mem.")
    await world.member.send(world.channel, f"{world.me} I am Mem")
    await world.admin.send(world.channel, f"{world.me} who am I?")
    assert [message.content for message in world.llm.requests[1].messages[1:]] == [
        "mem: I am Mem",
        "Nice to meet you, Mem.",
        "admin: who am I?",
    ]


async def test_other_messages_other_bots_and_everyone_are_left_alone(world: World):
    """Only a mention of the bot itself asks."""
    await world.member.send(world.channel, "hello all")
    await world.admin.send(world.channel, "@everyone hello")
    assert world.llm.requests == []
    assert len(world.channel.history()) == 2


async def test_an_empty_question_gets_a_hint(world: World):
    """A bare mention costs nothing and is told how to ask."""
    await world.member.send(world.channel, world.me)
    assert world.channel.last_message.content == f"-# {texts.EMPTY_QUESTION}"
    assert world.llm.requests == []


async def test_a_direct_message_asks(world: World):
    """No mention is needed where nobody else is."""
    user = world.env.create_user("friend")
    await user.send_dm("hello")
    assert user.dm_channel.last_message.content == "Hello."


async def test_ask_answers_in_the_channel(world: World):
    """/ask shows its answer to everybody."""
    result = await world.member.slash(world.channel, "ask", prompt="hello")
    assert not result.ephemeral
    assert world.channel.last_message.content == "Hello."


async def test_a_private_answer_reads_the_memory_and_leaves_nothing_in_it(world: World):
    """Private questions are seen by the asker alone, in the channel and in the prompts of others."""
    await world.member.send(world.channel, f"{world.me} first")
    result = await world.member.slash(world.channel, "ask", prompt="secret", private=True)
    assert result.ephemeral
    await world.member.send(world.channel, f"{world.me} last")
    assert "mem: first" in [message.content for message in world.llm.requests[1].messages]
    assert "secret" not in str(world.llm.requests[2].messages)


async def test_the_message_menu_asks_about_a_message(world: World):
    """The form's question goes to the model with the message it is about."""
    about = await world.admin.send(world.channel, "E = mc²")
    shown = await world.member.context_menu(world.channel, "Ask about this", about)
    await world.member.submit_modal(shown, {"question": "Who said this?"})
    prompt = world.llm.requests[0].messages[-1].content
    assert "E = mc²" in prompt
    assert "Who said this?" in prompt
    assert world.channel.last_message.content == "Hello."


async def test_a_failure_before_the_first_word_is_told_in_small_print(world: World):
    """Nothing is silent: the reply is its own explanation, with a button to try again."""
    world.llm.say(ProviderUnavailableError(status=502))
    await world.member.send(world.channel, f"{world.me} hello")
    reply = world.channel.last_message
    assert reply.content == f"-# {ProviderUnavailableError().sentence}"
    assert world.labels(reply) == ["Retry"]


async def test_a_failure_in_the_middle_keeps_the_text(world: World):
    """What was said stays, with the reason under it and both ways on."""
    world.llm.say("Half of", ProviderUnavailableError(status=502))
    await world.member.send(world.channel, f"{world.me} hello")
    reply = world.channel.last_message
    assert reply.content == f"Half of\n-# {ProviderUnavailableError().sentence}"
    assert world.labels(reply) == ["Retry", "Continue"]


async def test_retry_answers_again_in_the_same_message(world: World):
    """The failed answer gives way to the new one, in memory as on the screen."""
    world.llm.say("Half of", ProviderUnavailableError())
    world.llm.say("A whole answer.")
    await world.member.send(world.channel, f"{world.me} hello")
    reply = world.channel.last_message
    await world.member.click(reply, label="Retry")
    assert world.channel.last_message.id == reply.id
    assert world.channel.last_message.content == "A whole answer."
    assert world.labels(world.channel.last_message) == []
    assert world.llm.requests[0].messages == world.llm.requests[1].messages


async def test_continue_goes_on_where_the_answer_broke_off(world: World):
    """No word stands twice, and memory has one turn."""
    world.llm.say("One two th", Done(reason=FinishReason.LENGTH))
    world.llm.say("three ", "four")
    await world.member.send(world.channel, f"{world.me} count")
    reply = world.channel.last_message
    assert world.labels(reply) == ["Continue"]
    await world.member.click(reply, label="Continue")
    assert world.channel.last_message.content == "One two three four"
    assert world.llm.requests[1].messages[-1].content == "One two th"
    await world.member.send(world.channel, f"{world.me} thanks")
    assert [m.content for m in world.llm.requests[2].messages[-2:]] == ["One two three four", "mem: thanks"]


async def test_only_the_asker_and_moderators_may_press(world: World):
    """Anyone else is told so privately, and nothing happens."""
    world.llm.say("Half", ProviderUnavailableError())
    await world.member.send(world.channel, f"{world.me} hello")
    stranger = world.guild.add_member(world.env.create_user("stranger"))
    result = await stranger.click(world.channel.last_message, label="Retry")
    assert result.ephemeral
    assert result.response.content == texts.NOT_YOURS
    assert len(world.llm.requests) == 1


@STREAMING
async def test_text_grows_with_a_cursor_and_a_stop_button(world: World):
    """While it streams, the message ends in a cursor and can be stopped; the end takes both away."""
    world.llm.gap = 1.0
    world.llm.say("one ", "two ", "three ", "four")
    await world.member.send(world.channel, f"{world.me} count")
    await world.env.advance_time(2.2)
    reply = world.channel.last_message
    assert reply.content.startswith("one")
    assert reply.content.endswith(" ▌")
    assert world.labels(reply) == ["Stop"]
    await world.env.advance_time(6)
    assert world.channel.last_message.content == "one two three four"
    assert world.labels(world.channel.last_message) == []


@STREAMING
async def test_stop_ends_the_reply_and_the_call(world: World):
    """Stop keeps what was said, says who stopped it, and closes the model's stream."""
    world.llm.gap = 1.0
    world.llm.say(*(f"word{n} " for n in range(60)))
    await world.member.send(world.channel, f"{world.me} talk")
    await world.env.advance_time(3.2)
    await world.member.click(world.channel.last_message, label="Stop")
    await world.env.advance_time(2)
    reply = world.channel.last_message
    assert reply.content.endswith("-# Stopped by mem.")
    assert world.llm.open == 0
    assert world.labels(reply) == ["Retry", "Continue"]


@STREAMING
async def test_a_deleted_reply_ends_the_call_and_is_forgotten(world: World):
    """Nobody pays for what nobody can read."""
    world.llm.gap = 1.0
    world.llm.say(*(f"word{n} " for n in range(60)))
    await world.member.send(world.channel, f"{world.me} talk")
    await world.env.advance_time(3.2)
    await world.admin.delete(world.channel.last_message)
    await world.env.advance_time(3)
    assert world.llm.open == 0
    world.llm.gap = 0
    await world.member.send(world.channel, f"{world.me} again")
    assert "word0" not in str(world.llm.requests[-1].messages)


async def test_model_text_never_pings(world: World):
    """Whatever the model writes, nobody is notified."""
    world.llm.say(Text(f"@everyone {world.member.mention} <@&{world.guild.id}>"))
    await world.member.send(world.channel, f"{world.me} ping")
    writes = [
        request.json
        for request in world.env.http_requests
        if request.method in ("POST", "PATCH") and "/messages" in request.path
    ]
    assert len(writes) == 2
    assert all(write["allowed_mentions"] == {"parse": []} for write in writes)


async def test_a_question_too_long_for_the_model_is_told_with_numbers(world: World):
    """Nothing is sent, and the sentence says how long is too long."""
    await world.admin.slash(world.channel, "model set", model="small/model")
    await world.member.send(world.channel, f"{world.me} " + "word " * 390)
    assert "tokens long" in world.channel.last_message.content
    assert len(world.llm.requests) == 1, "the model's trial alone"


async def test_where_the_bot_may_not_write_the_asker_is_told_in_private(world: World):
    """A missing permission is no silence, and nothing is paid for it."""
    quiet = world.guild.create_text_channel(
        "quiet", overwrites={world.guild.me: discord.PermissionOverwrite(send_messages=False)}
    )
    await world.member.send(quiet, f"{world.me} hello")
    assert "can't write there" in world.member.user.dm_channel.last_message.content
    assert world.llm.requests == []
