"""The log of a whole run at its most talkative: each line names its question, and none quotes anybody."""

from __future__ import annotations

import json

import pytest

from playground.openrouter import Script
from playground.openrouter.cases import by_provider, refused
from playground.openrouter.script import Fault
from tests.e2e.conftest import World

CANARY = "zqx"  # part of everything that somebody writes or is called here
# What libraries would log, if they were asked to.
TALKATIVE = {
    "LOG_LEVEL": "debug",
    "OPENAI_LOG": "debug",
    "LITELLM_LOG": "DEBUG",
    "AIOHTTP_NO_EXTENSIONS": "1",
    "PYTHONASYNCIODEBUG": "1",
}


async def converse(world: World) -> None:
    """Questions, answers, commands, edits and deletions."""
    discord = world.discord
    world.scripts += [
        Script(text="zqxanswer one", reasoning="zqxthought", tokens_per_second=0),
        Script(text="zqxanswer two", tokens_per_second=0, finish="length"),
        Script(text="zqxanswer on", tokens_per_second=0),
    ]
    first = world.ask("zqxquestion one")
    await world.reply(first)
    second = world.ask("zqxquestion two")
    (reply, *_) = await world.reply(second)
    await discord.press(world.member, reply, "Continue")
    await discord.until(lambda: "zqxanswer on" in reply.content, 20)
    discord.edit(first, "zqxedited")
    direct = discord.open_dm(world.member)
    await world.reply(discord.say(world.member, direct, "zqxdirect"))
    await discord.command(world.member, world.channel, "ask", prompt="zqxcommand")
    await discord.command(world.admin, world.channel, "model set", model="zqxmodel")
    await discord.command(world.admin, world.channel, "model list", search="zqxsearch")
    await discord.autocomplete(world.admin, world.channel, "model set", "model", "zqxtyped")
    form = await discord.command(world.admin, world.channel, "prompt set")
    await discord.submit(form, {"Prompt": "zqxprompt"})
    await world.reply(world.ask("zqxquestion three"))
    discord.delete(second)


async def fail(world: World) -> None:
    """Refusals by the provider and by Discord that quote what was sent, and what nobody can read."""
    discord, quoting = world.discord, 'not allowed: "zqxquestion"'
    world.scripts += [
        refused(403, quoting, flagged_input="zqxflagged"),
        by_provider(400, quoting),
        Script(status=500, body=f"<html>{quoting}</html>"),
        Script(text="zqxanswer", fault=Fault.MALFORMED, fault_at=1, tokens_per_second=0),
        Script(text="zqxanswer more", fault=Fault.ERROR, fault_at=2, error_message=quoting),
    ]
    for number in range(4):
        await world.reply(world.ask(f"zqxfailing {number}"))
    discord.fail(
        "PATCH", "/channels/*/messages/*", status=400, code=200000, message=f"Blocked: {quoting}", times=9
    )
    world.scripts.append(Script(text="zqxanswer " * 40, tokens_per_second=60))
    await world.reply(world.ask("zqxblocked"), timeout=60)
    discord.trouble.send("MESSAGE_CREATE", {"content": "zqxunreadable"}, world.guild)
    discord.trouble.send("ZQXEVENT", {"content": "zqxunknown"}, world.guild)
    discord.fail("POST", "/interactions/*/callback", status=400, code=50035, message=f"Invalid: {quoting}")
    discord.people.deadline = 2.0
    await discord.command(world.member, world.channel, "history show")


@pytest.mark.timeout(180)
async def test_no_line_quotes_anybody(world: World):
    """At debug level, whatever libraries are told to say: no question, answer, prompt, name or refusal."""
    world.member.name, world.admin.name = "zqxmember", "zqxadmin"
    world.guild.name, world.channel.name = "zqxserver", "zqxchannel"
    await world.start(**TALKATIVE)
    await converse(world)
    await fail(world)
    await world.stop()
    assert len(world.router.calls) > 10
    assert " DEBUG " in world.log
    assert not [line for line in world.log.lower().splitlines() if CANARY in line]


async def test_every_line_of_an_answer_names_its_reply(world: World):
    """From the stored question to the last edit, also where other answers stream beside it."""
    await world.start(LOG_LEVEL="debug", LOG_FORMAT="json")
    world.router.answer = lambda _: Script(text="word " * 60, tokens_per_second=40)
    asked = [world.ask("hello"), world.ask("hello", channel=world.other, user=world.admin)]
    for question in asked:
        await world.reply(question)
    await world.stop()
    lines = [json.loads(line) for line in world.log.splitlines()]
    by_reply = {
        line["reply"]: line["question"]
        for line in lines
        if line["message"].startswith("reply ") and "reply" in line
    }
    assert set(by_reply.values()) == {question.id for question in asked}
    calls = [line for line in lines if line["logger"] == "bot.llm.client"]
    assert {line["reply"] for line in calls} == set(by_reply)
