"""What was said before a question, from end to end: in the request, and in no file."""

from __future__ import annotations

from tests.e2e.conftest import World


async def test_the_room_is_asked_about_and_kept_nowhere(world: World):
    """What was said before the bot started and after it; a restart reads it again from Discord."""
    world.discord.world.message_content = True
    world.discord.say(world.admin, world.channel, "kraken is down")
    await world.start(MESSAGE_CONTENT_INTENT="true")
    world.discord.say(world.admin, world.channel, "and it stays down")
    await world.reply(world.ask("what's up?"), "Hello.")
    asked = world.router.calls[-1].prompt
    assert "] ada: kraken is down\n" in asked
    assert "] ada: and it stays down\n" in asked
    assert asked.endswith(": what's up?")
    await world.stop()
    files = [file for file in world.database.parent.iterdir() if file.is_file()]
    assert files
    assert not [file for file in files if b"kraken" in file.read_bytes()]
    assert "kraken" not in world.log
    await world.launch(MESSAGE_CONTENT_INTENT="true")
    await world.reply(world.ask("are you back?"), "Hello.")
    await world.reply(world.ask("and now?"), "Hello.")
    assert "] ada: kraken is down\n" in world.router.calls[-1].prompt


async def test_without_the_intent_nothing_is_read_and_nothing_said(world: World):
    """The room holds nothing readable then; answers are as they always were."""
    world.discord.say(world.admin, world.channel, "kraken is down")
    await world.start()
    (answer,) = await world.reply(world.ask("what's up?"), "Hello.")
    assert answer.content == "Hello."
    assert "kraken" not in world.router.calls[-1].prompt
    assert "latest messages" not in world.router.calls[-1].prompt
