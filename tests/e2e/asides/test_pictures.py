"""Pictures that a model makes, from its stream to the channel."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise

from playground.discord.state.records import Permission
from playground.openrouter import Script
from playground.openrouter.pictures import evening, noise
from tests.e2e.conftest import World

MODEL = "openrouter/openai/gpt-5-image"


async def test_three_pictures_of_five_megabytes_are_posted_with_the_words(world: World):
    """Byte for byte, with alt text, in the message that has the text; other channels stream on meanwhile."""
    await world.start(MODEL=MODEL)
    pictures = [noise(5, seed) for seed in range(3)]
    words = " ".join(f"word{number}" for number in range(120))
    world.scripts += [
        Script(text="Here they are.", images=pictures, tokens_per_second=0),
        Script(text=words, tokens_per_second=60),
    ]
    asked, other = world.ask("draw noise"), world.ask("talk", channel=world.other)
    (reply,), (talk,) = await asyncio.gather(
        world.reply(asked, "Here they are.", timeout=60), world.reply(other, words, timeout=60)
    )
    assert [file.data for file in reply.attachments] == [
        base64.b64decode(url.partition(",")[2]) for url in pictures
    ]
    assert {file.description for file in reply.attachments} == {"draw noise"}
    assert not reply.pinged
    body = world.router.calls[0].body
    assert body["modalities"] == ["image", "text"]
    times = [version.at for version in talk.history]
    assert max(later - earlier for earlier, later in pairwise(times)) < 4


async def test_a_picture_without_a_word_is_an_answer_that_the_talk_goes_on_from(world: World):
    """By a slash command and by a mention, also where it comes in the event that ends the answer."""
    await world.start(MODEL=MODEL)
    world.scripts.append(Script(text="", images=[evening()], pictures_at_end=True, tokens_per_second=0))
    (reply,) = await world.reply(world.ask("draw the sea"), timeout=30)
    assert reply.content == ""
    assert [file.name for file in reply.attachments] == ["picture-1.png"]
    world.scripts.append(Script(text="", images=[evening()], tokens_per_second=0))
    asked = await world.discord.command(world.member, world.channel, "ask", prompt="and again")
    await world.discord.until(lambda: asked.messages and asked.messages[0].attachments, 20)
    await world.reply(world.ask("thanks"), "Hello.")
    said = world.router.calls[-1].messages
    shown = [part for message in said if not isinstance(message["content"], str) for part in message["content"]]
    assert {message["role"] for message in said if not isinstance(message["content"], str)} == {"user"}
    assert [part["type"] for part in shown].count("image_url") == 2
    assert "(A picture.)" in str([message["content"] for message in said if message["role"] == "assistant"])
    assert len(world.router.calls) == 3


async def test_a_model_that_makes_no_pictures_is_not_asked_for_any(world: World):
    """Others refuse the parameter."""
    await world.start()
    await world.reply(world.ask("hello"), "Hello.")
    assert "modalities" not in world.router.calls[0].body


async def test_where_files_may_not_be_posted_the_words_stand(world: World):
    """The reader learns which permission is missing, and nothing of the answer is lost."""
    world.channel.overwrites[world.discord.bot.id] = (0, int(Permission.ATTACH_FILES))
    await world.start(MODEL=MODEL)
    world.scripts += [
        Script(text="Here it is.", images=[evening()], tokens_per_second=10),
        Script(text="", images=[evening()], tokens_per_second=0),
    ]
    (reply,) = await world.reply(world.ask("draw"), timeout=30)
    assert reply.content.startswith("Here it is.\n-# I couldn't post")
    assert "Attach Files" in reply.content
    (reply,) = await world.reply(world.ask("again"), timeout=30)
    assert "Attach Files" in reply.content
