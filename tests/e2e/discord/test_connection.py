"""The network, Discord and its events at their worst: the bot starts, comes back, and answers once."""

from __future__ import annotations

import asyncio

import pytest

from bot.ui.texts import replies as texts
from bot.ui.texts.connection import FATAL_CLOSES
from playground.openrouter.script import Script
from tests.e2e.conftest import World


def troubled_lines(world: World) -> list[str]:
    """The log's warnings and worse; never a traceback."""
    assert "Traceback" not in world.log
    return [line for line in world.log.splitlines() if " WARNING " in line or " ERROR " in line]


async def logged(world: World, text: str) -> None:
    """Wait until the log says something; no event of the world's tells."""
    for _ in range(100):
        if text in world.log:
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"never logged: {text}\n{world.log}")


async def answers(world: World) -> None:
    await world.reply(world.ask("hello"), "Hello.")


async def test_a_start_without_a_network_goes_on_until_there_is_one(world: World):
    """One plain line, then the answer."""
    world.discord.trouble.cut_off()
    await world.launch()
    await asyncio.sleep(4)  # litellm alone takes longer on a busy machine; the process must only be alive
    assert world.process.returncode is None
    await world.discord.until(lambda: True)
    world.discord.trouble.restore()
    await world.discord.until(lambda: world.discord.online, 60)
    await answers(world)
    assert len(troubled_lines(world)) <= 1


async def test_a_start_while_discord_is_down_goes_on_when_it_is_back(world: World):
    """5xx at the login, at the commands, and a gateway that hangs up."""
    world.discord.fail("GET", "/users/@me", status=503, times=2)
    world.discord.fail("GET", "/oauth2/applications/@me", status=503)
    await world.start()
    await answers(world)
    assert len(troubled_lines(world)) == 1


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 400, "code": 50035}, {"reset": True, "times": 3}, {"edge": True}]
)
async def test_mentions_are_answered_while_commands_cannot_be_registered(world: World, fault: dict[str, object]):
    """Whatever refuses them; they are sent again."""
    world.discord.fail("PUT", "/applications/*/commands", **fault)
    await world.start()
    await answers(world)
    await world.discord.until(lambda: world.discord.commands, 20)
    assert [line for line in troubled_lines(world) if "commands aren't registered" in line]


async def test_commands_that_discord_lost_are_registered_at_the_next_start(world: World):
    """What counts is what Discord has, not what was sent."""
    await world.start()
    await world.stop()
    world.discord.world.commands.clear()
    await world.start()
    assert world.discord.commands


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_a_close_in_mid_run_that_only_a_person_can_fix_ends_the_process(world: World, code: int):
    """With one sentence and exit code 78."""
    await world.start()
    world.discord.trouble.close_gateway(code)
    assert await asyncio.wait_for(world.process.wait(), 30) == 78
    assert FATAL_CLOSES[code] in world.log
    assert "Traceback" not in world.log


async def test_an_event_that_cannot_be_parsed_is_skipped(world: World):
    """The next one is answered, in the same session."""
    await world.start()
    for data in ({}, {"id": "x"}, {"id": "1", "channel_id": None}):
        world.discord.trouble.send("MESSAGE_CREATE", data, world.guild)
        world.discord.trouble.send("CHANNEL_UPDATE", data, world.guild)
    await answers(world)
    assert world.discord.gateway.identifies == 1
    assert len(troubled_lines(world)) == 2


async def test_a_question_asked_while_the_bot_was_away_is_answered_when_it_is_back(world: World):
    """After a gap without the events of it, once; so is one asked while it was not running."""
    await world.start()
    await answers(world)
    direct = world.discord.open_dm(world.member)
    await world.reply(world.discord.say(world.member, direct, "hello"))
    world.discord.drop_gateway(resume=False)
    asked, privately = world.ask("are you there?"), world.discord.say(world.member, direct, "and here?")
    await world.reply(asked, timeout=60)
    await world.reply(privately, timeout=60)
    await world.stop()
    while_down = world.ask("and now?", channel=world.other)
    await world.start()
    await world.reply(while_down, timeout=60)
    assert [call.prompt for call in world.router.calls].count("mem: are you there?") == 1
    assert len(world.replies(asked)) == 1
    assert len(world.replies(while_down)) == 1


async def test_events_that_come_twice_are_answered_once(world: World):
    """Messages and interactions, repeated at once or after a resume; without a traceback."""
    await world.start()
    asked = world.ask("hello")
    world.discord.trouble.redeliver(asked)
    await world.reply(asked)
    world.discord.drop_gateway(repeats=3)
    shown = await world.discord.command(world.member, world.channel, "ask", prompt="by command")
    world.discord.trouble.redeliver(shown)
    await world.discord.until(lambda: shown.content == "Hello.", 20)
    await world.reply(world.ask("last"))
    assert len(world.router.calls) == 3
    assert not troubled_lines(world)


@pytest.mark.parametrize("first", ["the copy", "the deletion"])
async def test_a_proxied_question_is_answered_once_and_remembered(world: World, first: str):
    """Its person asked by their own message, which the proxy bot replaces by a webhook's; in either order."""
    await world.start()
    world.scripts.append(Script(text="word " * 40, tokens_per_second=20))
    if first == "the copy":
        original = world.ask("A: my cat is Tom")
        await world.discord.until(lambda: world.replies(original), 20)
        webhook = world.discord.add_user("Alter", webhook=True)
        copy = world.discord.say(webhook, world.channel, "my cat is Tom", mention=True)
        world.discord.delete(original)
        await world.reply(original)
    else:
        copy = world.discord.proxy(world.member, world.channel, "my cat is Tom", name="Alter", mention=True)
        await world.reply(copy)
    assert len(world.router.calls) == 1
    await world.reply(world.ask("what is it called?"))
    assert "my cat is Tom" in str(world.router.calls[1].messages)
    world.discord.delete(copy)
    await world.reply(world.ask("and now?"))
    assert "my cat is Tom" not in str(world.router.calls[2].messages)


async def test_a_server_that_is_hidden_by_an_outage_gets_no_direct_answers(world: World):
    """What is said there, without a mention, is not taken for a direct message."""
    world.discord.trouble.lose_guild(world.guild)
    await world.start()
    early = world.ask("hello")
    plain = world.discord.say(world.member, world.channel, "hello all")
    friend = world.discord.add_user("friend")
    direct = world.discord.say(friend, world.discord.open_dm(friend), "hello")
    await world.reply(direct)
    await logged(world, "ready as")
    late = world.ask("hello")
    (told,) = await world.discord.until(lambda: world.replies(late), 10)
    assert told.content == f"-# {texts.NOT_READY}"
    world.discord.trouble.find_guild(world.guild)
    await world.discord.until(lambda: len(world.replies(early)) == 2, 20)
    assert {reply.reply_to for reply in world.replies(early)} == {early, late}
    assert plain not in {reply.reply_to for reply in world.replies(early)}


async def test_a_flood_of_mentions_gets_few_words_and_holds_nobody_up(world: World):
    """Sixty at once by one person while an answer streams: the answer and the next person's come as ever."""
    await world.start()
    await answers(world)
    world.scripts.append(Script(text="word " * 60, tokens_per_second=20))
    streaming = world.ask("talk", user=world.admin)
    await world.discord.until(lambda: world.replies(streaming), 20)
    flood = [world.ask(f"flood {number}") for number in range(60)]
    await world.discord.until(lambda: any(message.reactions for message in flood), 20)
    friend = world.discord.add_user("friend")
    world.discord.add_member(world.guild, friend)
    other = world.ask("and me?", user=friend)
    await world.discord.until(lambda: any(reply.reply_to is other for reply in world.replies(other)), 30)
    refusals = [reply for reply in world.replies(streaming) if "waiting" in reply.content]
    assert len(refusals) == 1
    assert len([message for message in flood if message.reactions]) <= 3


async def test_a_question_deleted_while_it_waits_is_not_asked(world: World):
    """And nothing is said of it."""
    await world.start()
    await answers(world)
    world.scripts.append(Script(text="word " * 40, tokens_per_second=20))
    streaming = world.ask("talk", user=world.admin)
    await world.discord.until(lambda: world.replies(streaming), 20)
    waiting = world.ask("oops")
    world.discord.delete(waiting)
    last = world.ask("hello")
    await world.discord.until(lambda: any(reply.content == "Hello." for reply in world.replies(last)), 30)
    assert not [call for call in world.router.calls if "oops" in str(call.prompt)]
    assert not [reply for reply in world.replies(streaming) if reply.reply_to is waiting]


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (404, 10015), (400, 40060), (401, 50027)])
async def test_an_interaction_that_is_over_or_answered_is_no_bug(world: World, status: int, code: int):
    """Of a command, a press and an autocomplete alike: one line each says why, without a traceback."""
    await world.start()
    world.scripts.append(Script(text="One two", tokens_per_second=0, finish="length"))
    (reply,) = await world.reply(world.ask("count"))
    world.discord.fail(
        "POST", "/interactions/*/callback", status=status, code=code, message="Told to fail", times=3
    )
    world.discord.people.deadline = 2.0
    await world.discord.command(world.member, world.channel, "status")
    await world.discord.autocomplete(world.admin, world.channel, "model set", "model", "gpt")
    await world.discord.press(world.member, reply, "Continue")
    lines = troubled_lines(world)
    assert len(lines) == 3
    assert all(f"{status}, code {code}: Told to fail" in line for line in lines)
