"""What a server's own rules refuse, and who is who in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
import pytest

from playground.discord import ApiError, Permission, PlaygroundError

if TYPE_CHECKING:
    from collections.abc import Callable


async def refused(request: Any) -> discord.HTTPException:
    with pytest.raises(discord.HTTPException) as caught:
        await request
    return caught.value


@pytest.fixture
async def channel(place: Any) -> Any:
    return place.text_channel(await place.connect(max_ratelimit_timeout=30))


async def test_automatic_moderation_blocks_posts_and_edits(place: Any, channel: Any):
    """400 with 200000; what stood there before still stands."""
    place.guild.blocked_words.add("plum")
    sent = await channel.send("an apple")
    assert (await refused(channel.send("a plum"))).code == 200000
    error = await refused(sent.edit(content="a plum"))
    assert (error.status, error.code) == (400, 200000)
    assert [message.content for message in place.d.history(place.channel)] == ["an apple"]
    with pytest.raises(PlaygroundError, match="automatic moderation"):
        place.d.say(place.member, place.channel, "plum")
    place.d.say(place.admin, place.channel, "plum")


async def test_an_archived_thread_changes_nothing_until_it_is_open(place: Any, channel: Any):
    """400 with 50083 for edits and deletions; a new message opens it."""
    thread = place.d.add_thread(place.channel, "aside", place.d.bot)
    talk = channel.guild.get_thread(thread.id) or await channel.guild.fetch_channel(thread.id)
    sent = await talk.send("one")
    place.d.archive(thread)
    for request in (sent.edit(content="two"), sent.delete()):
        error = await refused(request)
        assert (error.status, error.code) == (400, 50083)
    await talk.send("three")
    await sent.edit(content="two")
    place.d.archive(thread, locked=True)
    assert (await refused(talk.send("four"))).code == 50083


async def test_slow_mode_makes_the_bot_wait(place: Any, channel: Any):
    """A second message too soon is 429 with 20016, unless the bot may manage messages."""
    place.d.slow_down(place.channel, 60)
    await channel.send("one")
    with pytest.raises(discord.RateLimited) as caught:
        await channel.send("two")
    assert 50 < caught.value.retry_after <= 60
    assert place.d.requests[-1].status == 429
    assert place.d.count_429 == 0
    place.d.overwrite(place.channel, place.d.bot, allow=int(Permission.MANAGE_MESSAGES))
    await channel.send("three")


async def test_old_messages_are_edited_rarely(place: Any, channel: Any):
    """The fourth edit of a window is 429 with 30046; young messages are free of it."""
    place.d.world.rules.old_edits = (3, 60.0)
    old, young = await channel.send("old"), await channel.send("young")
    place.d.age(place.d.history(place.channel)[0], 3700)
    for number in range(3):
        await old.edit(content=str(number))
    with pytest.raises(discord.RateLimited) as caught:
        await old.edit(content="3")
    assert 50 < caught.value.retry_after <= 60
    await young.edit(content="once more")
    with pytest.raises(ApiError) as error:
        place.d.world.rules.check_edit(place.d.history(place.channel)[0])
    assert error.value.body["code"] == 30046


async def test_the_bot_has_a_role_of_its_own(place: Any, soon: Callable[..., Any]):
    """Managed, by its name; mentioning it is no mention of the bot, so the text is blank without the intent."""
    client = await place.connect()
    role = place.d.own_role(place.guild)
    theirs = client.get_guild(place.guild.id).self_role
    assert (theirs.id, theirs.name, theirs.managed) == (role.id, place.d.bot.name, True)
    assert theirs.tags.bot_id == place.d.bot.id
    place.d.say(place.admin, place.channel, f"{role.mention} hello")
    await soon(lambda: client.messages)
    assert [mentioned.id for mentioned in client.messages[0].role_mentions] == [role.id]
    assert client.messages[0].content == ""


async def test_a_role_is_mentioned_by_those_who_may(place: Any):
    """Everybody, where it says so; else those who may mention everyone."""
    role = place.d.add_role(place.guild, "Crew")
    assert place.d.say(place.member, place.channel, role.mention).mention_roles == []
    assert place.d.say(place.admin, place.channel, role.mention).mention_roles == [role]
    role.mentionable = True
    assert place.d.say(place.member, place.channel, role.mention).mention_roles == [role]


async def test_a_proxy_bot_speaks_for_a_person(place: Any, soon: Callable[..., Any]):
    """Their message is deleted, and a webhook's with their words stands in its place."""
    client = await place.connect()
    said = place.d.proxy(place.member, place.channel, "hello", name="Rolf", mention=True)
    await soon(lambda: len(client.messages) == 2)
    assert [message.webhook_id for message in client.messages] == [None, said.author.id]
    assert place.d.history(place.channel) == [said]
    assert client.messages[1].mentions[0].id == place.d.bot.id


async def test_a_private_thread_is_its_members_alone(place: Any, channel: Any):
    """Who starts it is in it, others are added by name; those who may manage threads see it all the same."""
    place.d.own_role(place.guild).permissions |= Permission.CREATE_PRIVATE_THREADS
    thread = await channel.create_thread(name="aside", type=discord.ChannelType.private_thread)
    ours = place.d.world.channels[thread.id]
    with pytest.raises(PlaygroundError):
        place.d.say(place.member, ours, "hello?")
    place.d.say(place.admin, ours, "I see you")
    await thread.add_user(discord.Object(place.member.id))
    place.d.say(place.member, ours, "hello")


async def test_a_reaction_stands_under_its_message(place: Any, channel: Any):
    """The bot's own, once, where it may; who reads the message again finds it."""
    said = place.d.say(place.member, place.channel, "hello")
    message = await channel.fetch_message(said.id)
    for _ in range(2):
        await message.add_reaction("⏳")
    assert said.reactions == ["⏳"]
    (reaction,) = (await channel.fetch_message(said.id)).reactions
    assert (str(reaction.emoji), reaction.count, reaction.me) == ("⏳", 1, True)
    place.d.overwrite(place.channel, place.d.bot, deny=int(Permission.ADD_REACTIONS))
    assert (await refused(message.add_reaction("🚫"))).code == 50013
