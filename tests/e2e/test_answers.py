"""Answers, from end to end: real discord.py, real litellm, real SQLite, over loopback."""

from __future__ import annotations

import asyncio

from bot.display.errors import NoAccessError
from playground.discord.state.codes import SUPPRESS_EMBEDS
from playground.discord.state.records import Permission
from playground.openrouter import Fault, Script
from tests.e2e.conftest import World

WORDS = " ".join(f"word{number}" for number in range(200))
CODE = "```python\n" + "\n".join(f"    value_{number} = compute({number})" for number in range(90)) + "\n```"
LONG = "\n\n".join([f"# Part {part}\n\n{WORDS}\n\n{CODE}" for part in range(3)])


async def test_ten_thousand_characters_with_code_arrive_exact(world: World):
    """Every character, once and in order, in messages whose code blocks are whole."""
    await world.start()
    assert len(LONG) > 10_000
    world.scripts.append(Script(text=LONG, tokens_per_second=400))
    replies = await world.reply(world.ask("go on"), LONG, timeout=60)
    assert len(replies) >= 6
    for message in replies:
        assert len(message.content) <= 2000
        assert message.content.count("```") % 2 == 0
        assert not message.pinged


async def test_the_answer_grows_by_edits_and_is_a_reply(world: World):
    """Text appears while the model speaks, in one message under the question."""
    await world.start()
    world.scripts.append(Script(text=WORDS, tokens_per_second=100))
    asked = world.ask("go on")
    (reply,) = await world.reply(asked)
    assert reply.reply_to is asked
    assert len(reply.history) >= 3
    lengths = [len(version.content) for version in reply.history[:-1]]
    assert lengths == sorted(lengths)
    assert all(version.content.endswith("▌") for version in reply.history[:-1])
    assert all(version.labels == ("Stop",) for version in reply.history[:-1])
    assert reply.content == WORDS
    assert reply.labels == ()


async def test_the_second_question_carries_the_first_turn_also_after_a_kill(world: World):
    """The channel's memory is in the request, and survives kill -9."""
    await world.start()
    world.scripts.append(Script(text="A fine name.", tokens_per_second=0))
    await world.reply(world.ask("I am called Mem"))
    await world.reply(world.ask("and what am I called?"))
    await world.reply(world.ask("elsewhere", channel=world.other))  # by then the answer is committed
    await world.stop(9)
    await world.start()
    await world.reply(world.ask("still?"))
    first, second, _, third = ([m["content"] for m in call.messages] for call in world.router.calls)
    assert first[1:] == ["mem: I am called Mem"]
    assert second[1:] == ["mem: I am called Mem", "A fine name.", "mem: and what am I called?"]
    assert third[1:] == [*second[1:], "Hello.", "mem: still?"]


async def test_two_channels_stream_at_once_and_share_nothing(world: World):
    """Neither waits for the other, and neither's history is in the other's request."""
    await world.start()
    world.scripts += [Script(text=WORDS, tokens_per_second=150), Script(text=WORDS, tokens_per_second=150)]
    here, there = world.ask("a red secret"), world.ask("a blue secret", channel=world.other)
    await asyncio.gather(world.reply(here), world.reply(there))
    (one,), (two,) = world.replies(here), world.replies(there)
    assert one.history[0].at < two.history[-1].at
    assert two.history[0].at < one.history[-1].at
    await asyncio.gather(world.reply(world.ask("again")), world.reply(world.ask("again", channel=world.other)))
    for call in world.router.calls:
        assert ("red" in str(call.messages)) != ("blue" in str(call.messages))


async def test_a_gateway_that_drops_in_mid_answer_loses_nothing(world: World):
    """The answer goes on over REST, and the next question is heard after the session resumes."""
    await world.start()
    world.scripts.append(Script(text=LONG[:4000], tokens_per_second=300))
    asked = world.ask("go on")
    await world.discord.until(lambda: world.replies(asked), 20)
    world.discord.drop_gateway()
    await world.reply(asked, LONG[:4000])
    await world.discord.until(lambda: world.discord.online, 20)
    await world.reply(world.ask("still there?"))


async def test_a_connection_lost_in_mid_reply_costs_no_text(world: World):
    """REST and gateway are unreachable for a while; then the answer is complete."""
    await world.start()
    world.scripts.append(Script(text=WORDS, tokens_per_second=150))
    asked = world.ask("go on")
    await world.discord.until(lambda: world.replies(asked), 20)
    world.discord.trouble.cut_off()
    await asyncio.sleep(3)
    world.discord.trouble.restore()
    await world.discord.until(lambda: world.discord.online, 60)
    await world.reply(asked, WORDS, timeout=60)


async def test_a_stop_is_heard_within_a_second_and_closes_the_stream(world: World):
    """The model is not paid for what nobody wants to read."""
    await world.start()
    world.scripts.append(Script(text=WORDS * 10, tokens_per_second=60))
    asked = world.ask("talk")
    (reply,) = await world.discord.until(lambda: world.replies(asked), 20)
    pressed = await world.discord.press(world.member, reply, "Stop")
    assert not pressed.failed
    (reply,) = await world.reply(asked, timeout=1.5)
    assert reply.content.endswith("\n-# Stopped by mem.")
    await world.discord.until(lambda: True, 1)
    async with asyncio.timeout(2):
        while world.router.calls[0].disconnected_at is None:  # noqa: ASYNC110 - the server has no event to await
            await asyncio.sleep(0.02)


async def test_a_stream_that_breaks_keeps_its_text_and_continues(world: World):
    """The failure is told under the text; Continue goes on without repeating a word."""
    await world.start()
    world.scripts += [
        Script(text="One two three ", tokens_per_second=0, fault=Fault.RESET, fault_at=3),
        Script(text="three four.", tokens_per_second=0),
    ]
    asked = world.ask("count")
    (reply,) = await world.reply(asked)
    shown = reply.content.partition("\n-# ")[0]
    assert "One two three".startswith(shown)
    assert reply.labels == ("Retry", "Continue")
    await world.discord.press(world.member, reply, "Continue")
    await world.reply(asked, "One two three four.", timeout=10)
    assert reply.labels == ()


async def test_ask_menu_direct_message_and_ping(world: World):
    """Every way to ask leads to an answer."""
    await world.start()
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="hello")
    await world.discord.until(lambda: asked.messages and asked.messages[0].content == "Hello.")
    private = await world.discord.command(world.member, world.channel, "ask", prompt="hello", private=True)
    await world.discord.until(lambda: private.messages and private.messages[0].content == "Hello.")
    assert private.ephemeral
    about = world.discord.say(world.admin, world.channel, "E = mc²")
    form = await world.discord.menu(world.member, about, "Ask about this")
    sent = await world.discord.submit(form, {"Your question": "Who said so?"})
    await world.discord.until(lambda: sent.messages and sent.messages[0].content == "Hello.")
    assert "E = mc²" in world.router.calls[-1].prompt
    direct = world.discord.say(world.member, world.discord.open_dm(world.member), "hello")
    await world.reply(direct)
    answer = world.discord.history(world.channel, world.discord.bot)[0]
    pinged = world.discord.say(world.member, world.channel, "and now?", reply_to=answer)
    await world.reply(pinged)
    silent = world.discord.say(world.member, world.channel, "nothing", reply_to=answer, ping=False)
    bystander = world.discord.add_user("beep", bot=True)
    world.discord.add_member(world.guild, bystander)
    world.discord.say(bystander, world.channel, "hello", mention=True)
    await world.reply(world.ask("last"))
    assert len(world.router.calls) == 6
    assert not [reply for reply in world.replies(silent) if reply.reply_to is silent]


async def test_faults_of_discord_cost_no_text(world: World):
    """Edits and creates that fail, hang or lose their answer end in the same text, once."""
    await world.start()
    world.discord.fail("PATCH", "/channels/*/messages/*", times=2, status=500)
    world.discord.fail("PATCH", "/channels/*/messages/*", times=1, reset=True)
    world.discord.fail("POST", "/channels/*/messages", times=1, reset=True, applied=True)
    world.scripts.append(Script(text=LONG[:3000], tokens_per_second=300))
    await world.reply(world.ask("go on"), LONG[:3000], timeout=60)


async def test_a_follow_up_whose_answer_was_lost_does_not_stand_twice(world: World):
    """Webhooks have no nonce: the copy from discord.py's retry is found and deleted."""
    await world.start()
    world.scripts.append(Script(text=LONG[:3000], tokens_per_second=300))
    world.discord.fail("POST", "/webhooks/*/*", times=1, status=500, applied=True)
    before = world.discord.say(world.admin, world.channel, "a marker")
    await world.discord.command(world.member, world.channel, "ask", prompt="go on")
    await world.reply(before, LONG[:3000])
    assert [request.method for request in world.discord.requests].count("DELETE") == 1


async def test_where_older_messages_cannot_be_read_the_answer_comes_by_itself(world: World):
    """Discord refuses replies to messages there; the asker gets a plain message instead."""
    world.channel.overwrites[world.discord.bot.id] = (0, int(Permission.READ_MESSAGE_HISTORY))
    await world.start()
    (reply,) = await world.reply(world.ask("hello"), "Hello.")
    assert reply.reply_to is None


async def test_a_retry_where_the_bot_may_not_write_leaves_the_answer_and_says_so(world: World):
    """Commands work in such a channel; the buttons under their answers don't."""
    denied = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.READ_MESSAGE_HISTORY
    world.channel.overwrites[world.discord.bot.id] = (0, int(denied))
    await world.start()
    world.scripts.append(Script(text="One two three ", tokens_per_second=0, fault=Fault.RESET, fault_at=3))
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="count")
    await world.discord.until(lambda: asked.messages and "Retry" in asked.messages[0].labels, 20)
    shown = asked.messages[0].content
    pressed = await world.discord.press(world.member, asked.messages[0], "Retry")
    await world.discord.until(lambda: pressed.messages, 10)
    assert NoAccessError().sentence in pressed.messages[0].content
    assert asked.messages[0].content == shown


DRAWN = "See https://example.org:\n\n| Name | Age |\n|---|--:|\n| Ada | 36 |\n\nso $x^2$."


async def test_what_discord_does_not_draw_is_drawn_and_remembered_as_it_was_said(world: World):
    """A table in columns, a formula in Unicode, no previews; the next request carries the model's own words."""
    await world.start()
    world.scripts.append(Script(text=DRAWN, tokens_per_second=100))
    (reply,) = await world.reply(world.ask("a table, please"))
    assert reply.content == "See https://example.org:\n\n```\nName │ Age\n─────┼────\nAda  │  36\n```\n\nso x²."
    assert all("|" not in version.content for version in reply.history)
    assert reply.flags & SUPPRESS_EMBEDS
    await world.reply(world.ask("and now?"))
    assert world.router.calls[-1].messages[2]["content"] == DRAWN


async def test_turned_off_it_shows_what_the_model_wrote(world: World):
    """An admin sets `rich_text` to `off`, and answers are shown to the letter."""
    await world.start()
    await world.discord.command(
        world.admin, world.channel, "settings set", setting="rich_text", value="off", scope="server"
    )
    world.scripts.append(Script(text=DRAWN, tokens_per_second=100))
    await world.reply(world.ask("a table, please"), DRAWN)
