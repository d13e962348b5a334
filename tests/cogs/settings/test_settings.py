"""Settings: seen, changed, logged, and heeded."""

from __future__ import annotations

import pytest

from bot.access.refusals import SENTENCES, Rule
from bot.core.events import Done, FinishReason, Reasoning, Usage
from bot.ui.texts import settings as texts
from tests.cogs.conftest import World

STREAMING = pytest.mark.simcord(settle_timeout=0.5)


async def change(world: World, setting: str, value: str, **options: str) -> str:
    result = await world.admin.slash(world.channel, "settings set", setting=setting, value=value, **options)
    assert result.ephemeral
    return result.response.content


async def test_show_names_value_and_source(world: World):
    """Everything has a default; what was set says where."""
    await change(world, "footer", "on", scope="server")
    await change(world, "temperature", "0.5")
    result = await world.admin.slash(world.channel, "settings show")
    assert result.ephemeral
    shown = result.response.content
    assert "`footer` **on** (set for this server)" in shown
    assert "`temperature` **0.5** (set for this channel)" in shown
    assert "`answer` **mention** (the default)" in shown


async def test_a_value_that_makes_no_sense_is_refused_with_what_would(world: World):
    """Nothing is kept, and the sentence says what to type."""
    assert "a number from 0 to 2" in await change(world, "temperature", "hot")
    assert "scope `server`" in await change(world, "admin_role", "<@&1>", scope="channel")
    result = await world.admin.slash(world.channel, "settings log")
    assert texts.NOTHING_CHANGED in result.response.content


async def test_every_change_is_logged(world: World):
    """Who, what, old and new, models included."""
    await change(world, "footer", "on")
    await change(world, "footer", "default")
    await world.admin.slash(world.channel, "model set", model="small/model")
    result = await world.admin.slash(world.channel, "settings log")
    log = result.response.content
    where = f"in <#{world.channel.id}>"
    assert f"<@{world.admin.id}>: `footer` {where} from the default to on" in log
    assert f"`footer` {where} from on to the default" in log
    assert f"`model` {where} from the default to `small/model`" in log


async def test_values_are_offered_where_there_are_few(world: World):
    """Autocomplete knows the words of the setting that was picked."""
    choices = await world.admin.autocomplete(world.channel, "settings set", "value", "", setting="answer")
    assert [choice["value"] for choice in choices] == ["mention", "always", "never", "default"]


async def test_always_says_what_it_needs(world: World):
    """Without the message-content intent the admin learns why nothing happens."""
    assert texts.NEEDS_INTENT in await change(world, "answer", "always")


async def test_never_means_never(world: World):
    """A mention is left alone; a command is refused privately; nothing is asked of the model."""
    await change(world, "answer", "never")
    await world.member.send(world.channel, f"{world.me} hello")
    assert len(world.channel.history()) == 1
    result = await world.member.slash(world.channel, "ask", prompt="hello")
    assert result.ephemeral
    assert result.response.content == SENTENCES[Rule.SILENT]
    assert world.llm.requests == []


async def test_who_is_denied_is_told_and_costs_nothing(world: World):
    """As privately as Discord allows: a command's refusal is ephemeral, a mention's is small print."""
    await change(world, "denied_users", f"<@{world.member.id}>", scope="server")
    result = await world.member.slash(world.channel, "ask", prompt="hello")
    assert result.ephemeral
    assert result.response.content == SENTENCES[Rule.DENIED]
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == f"-# {SENTENCES[Rule.DENIED]}"
    assert world.llm.requests == []
    await world.admin.send(world.channel, f"{world.me} hello")
    assert len(world.llm.requests) == 1


async def test_refusals_do_not_fill_the_channel(world: World):
    """Somebody who goes on and on is told once, then gets a reaction, then nothing."""
    await change(world, "denied_users", f"<@{world.member.id}>")
    for _ in range(6):
        await world.member.send(world.channel, f"{world.me} hello")
    told = [message for message in world.channel.history() if SENTENCES[Rule.DENIED] in message.content]
    assert len(told) == 1
    marked = [message for message in world.channel.history() if message.reactions]
    assert [str(reaction.emoji) for message in marked for reaction in message.reactions] == ["🚫"]


async def test_who_was_denied_may_not_press_retry(world: World):
    """A button is no way around the lists."""
    world.llm.say("Half", Done(reason=FinishReason.LENGTH))
    await world.member.send(world.channel, f"{world.me} hello")
    await change(world, "denied_users", f"<@{world.member.id}>")
    pressed = await world.member.click(world.channel.last_message, label="Continue")
    assert pressed.ephemeral
    assert pressed.response.content == SENTENCES[Rule.DENIED]
    assert len(world.llm.requests) == 1


async def test_temperature_and_length_reach_the_model(world: World):
    """A channel's answers grow no longer than the owner allows."""
    await change(world, "temperature", "0.25")
    await change(world, "answer_length", "100")
    await world.member.send(world.channel, f"{world.me} hello")
    await change(world, "answer_length", "100000")
    await world.member.send(world.channel, f"{world.me} hello")
    assert [(request.temperature, request.max_tokens) for request in world.llm.requests] == [
        (0.25, 100),
        (0.25, 400),
    ]


async def test_the_footer_names_model_tokens_and_cost(world: World):
    """Small print under a complete answer; none under others, and nothing of it in memory."""
    await change(world, "footer", "on")
    world.llm.say("Four.", Usage(prompt_tokens=1200, completion_tokens=3, cost_nano_usd=181_800))
    await world.member.send(world.channel, f"{world.me} 2+2?")
    assert world.channel.last_message.content == "Four.\n-# openai/gpt-4o-mini · 1,200 + 3 tokens · $0.00018"
    await world.member.send(world.channel, f"{world.me} sure?")
    assert world.llm.requests[1].messages[-2].content == "Four."


@STREAMING
async def test_thoughts_are_shown_where_wanted_until_the_answer_begins(world: World):
    """They never mix with the answer."""
    await change(world, "reasoning", "live")
    world.llm.gap = 2.0
    world.llm.say(Reasoning("The user wants a "), Reasoning("sum."), "Four.")
    await world.member.send(world.channel, f"{world.me} 2+2?")
    await world.env.advance_time(5)
    assert world.channel.last_message.content == "-# Thinking… 4 s: … user wants a sum."
    await world.env.advance_time(5)
    assert world.channel.last_message.content == "Four."


@STREAMING
async def test_the_asker_is_pinged_when_it_took_long(world: World):
    """A message of its own, for the asker alone, and only past the time set."""
    await change(world, "ping_after", "5")
    world.llm.gap = 3.0
    world.llm.say("a ", "b ", "c")
    await world.member.send(world.channel, f"{world.me} count")
    await world.env.advance_time(20)
    ping = world.channel.last_message
    assert f"<@{world.member.id}>" in ping.content
    assert [user.id for user in ping.mentions] == [world.member.id]
    world.llm.gap = 0.5
    world.llm.say("quick")
    await world.member.send(world.channel, f"{world.me} again")
    await world.env.advance_time(5)
    assert world.channel.last_message.content == "quick"


@STREAMING
async def test_one_person_opens_a_few_threads_at_a_time(world: World):
    """Who goes on asking is refused like in a full queue, and the next person gets a thread at once."""
    await change(world, "threads", "on")
    world.llm.gap = 60.0
    for number in range(10):
        await world.member.send(world.channel, f"{world.me} question {number}")
        await world.env.advance_time(0.1)
    assert len(world.channel.threads) == 4
    refusals = [m for m in world.channel.history() if "You already have 3 questions waiting" in m.content]
    assert len(refusals) == 1
    await world.admin.send(world.channel, f"{world.me} and I?")
    await world.env.advance_time(0.1)
    assert len(world.channel.threads) == 5


async def test_each_question_gets_its_thread_where_wanted(world: World):
    """The answer and what follows stand in a thread named after the question, with a memory of its own."""
    await change(world, "threads", "on")
    await world.member.send(world.channel, f"{world.me} what is love?")
    assert "Hello." not in [message.content for message in world.channel.history()]
    (thread,) = world.channel.threads
    assert thread.name == "what is love?"
    assert thread.last_message.content == "Hello."
    await world.member.send(thread, f"{world.me} and hate?")
    assert len(world.channel.threads) == 1
    assert "mem: what is love?" in [message.content for message in world.llm.requests[1].messages]


async def test_a_reset_of_what_nobody_set_says_so(world: World):
    """And what applies instead, and where that comes from; the log stays empty."""
    told = await change(world, "footer", "default")
    assert told.startswith("`footer` isn't set for this channel, so there's nothing to reset.")
    assert told.endswith("What applies here: **off** (the default).")
    log = await world.admin.slash(world.channel, "settings log")
    assert texts.NOTHING_CHANGED in log.response.content
    await change(world, "footer", "on", scope="server")
    assert "**on** (set for this server)" in await change(world, "footer", "default")
    assert await change(world, "footer", "default", scope="server") == (
        "`footer` is back to its default for this server."
    )
