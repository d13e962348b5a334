"""The ways in which a question really reaches the bot, from end to end."""

from __future__ import annotations

import asyncio

from playground.discord import Message
from playground.openrouter import Script
from tests.e2e.conftest import World


def answers(world: World, asked: Message) -> list[Message]:
    """The bot's messages that answer one message."""
    return [message for message in world.replies(asked) if message.reply_to is asked]


async def test_the_bots_own_role_asks(world: World):
    """It stands beside the bot in the picker; its mark is taken off the text."""
    world.discord.world.message_content = True
    await world.start(MESSAGE_CONTENT_INTENT="true")
    role = world.discord.own_role(world.guild)
    asked = world.discord.say(world.admin, world.channel, f"{role.mention} when is high water?")
    await world.reply(asked, "Hello.")
    assert world.router.calls[-1].prompt == "ada: when is high water?"


async def test_who_mentions_the_role_is_told_how_to_ask(world: World):
    """Without the intent the bot cannot read what was said to its role."""
    await world.start()
    role = world.discord.own_role(world.guild)
    asked = world.discord.say(world.admin, world.channel, f"{role.mention} when is high water?")
    (told,) = await world.reply(asked)
    assert "Mention me, not my role" in told.content
    assert world.router.calls == []


async def test_a_question_that_arrives_again_is_answered_once(world: World):
    """Redelivered while it is answered or after, or replayed after a reconnect."""
    await world.start()
    asked = world.ask("hello")
    world.discord.trouble.redeliver(asked)
    await world.reply(asked)
    world.discord.trouble.redeliver(asked)
    world.discord.trouble.drop_gateway(repeats=20)
    await world.discord.until(lambda: world.discord.online, 20)
    await world.reply(world.ask("last"))
    assert len(answers(world, asked)) == 1
    assert len(world.router.calls) == 2


async def test_a_question_in_a_gap_is_answered_afterwards(world: World):
    """The gateway was away and its session is lost: what was asked meanwhile is not."""
    await world.start()
    await world.reply(world.ask("hello"))
    world.discord.trouble.cut_off(rest=False)
    world.discord.drop_gateway(resume=False)
    asked = world.ask("are you there?")
    world.discord.trouble.restore()
    await world.discord.until(lambda: world.discord.online, 40)
    await world.reply(asked, timeout=20)
    assert len(answers(world, asked)) == 1


async def test_a_question_that_is_taken_back_at_once(world: World):
    """Deleted within the second it leaves nothing; edited, it is answered once, as it reads."""
    await world.start()
    taken = world.ask("never mind")
    world.discord.delete(taken)
    edited = world.ask("when is low water?")
    world.discord.edit(edited, f"{world.discord.bot.mention} when is high water?")
    await world.reply(edited)
    await world.reply(world.ask("last"))
    assert not [m for m in world.discord.history(world.channel, world.discord.bot) if m.reply_to is taken]
    assert len(answers(world, edited)) == 1


async def test_a_proxied_question_is_answered_at_most_once(world: World):
    """The person's message gives way to a webhook's: no answer hangs under what is gone."""
    await world.start()
    said = world.discord.proxy(world.member, world.channel, "when is high water?", name="Rolf", mention=True)
    await world.reply(world.ask("last"))
    shown = world.discord.history(world.channel, world.discord.bot)
    assert all(message.reply_to is None or not message.reply_to.deleted for message in shown)
    assert len([message for message in shown if message.reply_to is said]) <= 1
    assert len(world.router.calls) <= 2


async def test_an_unknown_servers_message_is_no_direct_one(world: World):
    """Its events come before the server itself is known; the bot does not take a mere message for a question."""
    world.discord.trouble.lose_guild(world.guild)
    await world.start()
    aside = world.discord.say(world.member, world.channel, "nothing for the bot")
    await world.reply(world.discord.say(world.member, world.discord.open_dm(world.member), "hello"))
    assert world.replies(aside) == []
    assert len(world.router.calls) == 1


async def test_a_command_that_arrives_twice_is_answered_once(world: World):
    """An interaction's second delivery leaves no traceback."""
    await world.start()
    world.scripts.append(Script(text="Hello.", tokens_per_second=0))
    used = await world.discord.command(world.member, world.channel, "ask", prompt="hello")
    world.discord.trouble.redeliver(used)
    await world.discord.until(lambda: used.content == "Hello.", 20)
    await world.reply(world.ask("last"))
    await asyncio.sleep(0)
    assert len(world.router.calls) == 2
    assert "Traceback" not in world.log
