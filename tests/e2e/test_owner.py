"""Settings of admins and the owner, from end to end."""

from __future__ import annotations

from bot.access.refusals import NotAllowedError, Rule
from bot.ui.texts import settings as texts
from tests.e2e.conftest import World


async def test_always_answers_every_message_of_that_channel_alone(world: World):
    """With the message-content intent: no mention is needed there, and none of it costs anything elsewhere."""
    world.discord.world.message_content = True
    await world.start(MESSAGE_CONTENT_INTENT="true")
    done = await world.discord.command(
        world.admin, world.channel, "settings set", setting="answer", value="always", scope="channel"
    )
    assert done.ephemeral
    assert texts.NEEDS_INTENT not in done.content
    aside = world.discord.say(world.member, world.other, "just talking")
    asked = world.discord.say(world.member, world.channel, "hello, everybody")
    (reply,) = await world.reply(asked)
    assert reply.content == "Hello."
    assert len(world.router.calls) == 1
    assert world.replies(aside) == []
    await world.discord.command(
        world.admin, world.channel, "settings set", setting="denied_users", value=f"<@{world.member.id}>"
    )
    ignored = world.discord.say(world.member, world.channel, "nobody asked you")
    refused = world.ask("but I do")
    (sentence,) = await world.reply(refused)
    assert NotAllowedError(Rule.DENIED).sentence in sentence.content
    assert len(world.replies(ignored)) == 1, "only the mention was answered"


async def test_each_mention_gets_a_thread_where_wanted(world: World):
    """A real thread by Discord's API, with the answer in it and the channel left alone."""
    await world.start()
    await world.discord.command(world.admin, world.channel, "settings set", setting="threads", value="on")
    asked = world.ask("what is the tide doing?")
    thread = await world.discord.until(lambda: asked.thread, 20)
    assert thread.name == "what is the tide doing?"

    def answered() -> bool:
        return any(message.content == "Hello." for message in world.discord.history(thread, world.discord.bot))

    await world.discord.until(answered, 20)
    assert [message.content for message in world.replies(asked)] in ([], [""])


async def test_a_member_sees_no_command_for_admins(world: World):
    """By default permission; an admin sees them all."""
    await world.start()
    hidden = {"settings", "budget", "doctor"}
    offered = [
        {command["name"] for command in world.discord.offered(person, world.channel)}
        for person in (world.admin, world.member)
    ]
    assert hidden <= offered[0]
    assert not hidden & offered[1]
    assert {"ask", "model", "usage", "status", "help"} <= offered[1]


async def test_the_doctor_and_the_status_answer(world: World):
    """With the real key, model list, database and clock."""
    await world.start()
    status = await world.discord.command(world.member, world.channel, "status")
    assert "Model here: `openai/gpt-4o-mini`" in status.content
    doctor = await world.discord.command(world.admin, world.channel, "doctor")
    await world.discord.until(lambda: "version" in doctor.content, 20)
    assert "❌" not in doctor.content
    assert "✅ API key: it works, with $7.50 left" in doctor.content
    assert "✅ clock" in doctor.content
