"""Memory in step with the channel, from end to end."""

from __future__ import annotations

from bot.ui import memory_texts
from playground.script import Script
from tests.e2e.conftest import World

LONG = " ".join(f"word{number}" for number in range(700))


def prompt(world: World) -> list[str]:
    """What the last request said, less the system prompt."""
    return [message["content"] for message in world.router.calls[-1].messages[1:]]


async def test_what_was_deleted_while_the_bot_was_away_is_forgotten(world: World):
    """And what was edited is remembered as it reads now, from the first question after the start on."""
    await world.start()
    first = world.ask("my cat is Tom")
    await world.reply(first)
    second = world.ask("my dog is Rex")
    await world.reply(second)
    await world.stop()
    world.discord.edit(first, f"{world.discord.bot.mention} my cat is Tim")
    world.discord.delete(second, *world.replies(second))
    await world.start()
    await world.reply(world.ask("what do you know?"))
    assert prompt(world) == ["mem: my cat is Tim", "Hello.", "mem: what do you know?"]


async def test_a_bulk_delete_is_a_clean_slate(world: World):
    """Everything that was deleted at once is out of the next prompt."""
    await world.start()
    asked = [world.ask("my cat is Tom")]
    await world.reply(asked[0])
    asked.append(world.ask("my dog is Rex"))
    await world.reply(asked[1])
    world.discord.delete(*world.discord.history(world.channel))
    await world.reply(world.ask("what do you know?"))
    assert prompt(world) == ["mem: what do you know?"]


async def test_an_answer_that_becomes_shorter_keeps_its_text(world: World):
    """The messages that the bot itself takes away are no deletion by somebody else."""
    await world.start()
    world.scripts += [
        Script(text=LONG, tokens_per_second=0),
        Script(text="A short answer.", tokens_per_second=0),
    ]
    asked = world.ask("talk")
    first, *_ = await world.reply(asked, LONG, timeout=60)
    assert len(world.replies(asked)) > 2
    acted = await world.discord.menu(world.member, first, "Regenerate")
    assert acted.content == memory_texts.ANSWERING_AGAIN
    (only,) = await world.reply(asked, "A short answer.")
    assert only.labels == ()
    await world.reply(world.ask("and?"))
    assert prompt(world) == ["mem: talk", "A short answer.", "mem: and?"]
