"""The ways in which a question really reaches the bot, from end to end."""

from __future__ import annotations

from playground.discord import Message
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


async def test_the_next_process_answers_no_question_again(world: World):
    """Discord sends it once more after a restart."""
    await world.start()
    asked = world.ask("hello")
    await world.reply(asked)
    await world.stop()
    await world.start()
    world.discord.trouble.redeliver(asked)
    await world.reply(world.ask("last"))
    assert len(answers(world, asked)) == 1
    assert len(world.router.calls) == 2
