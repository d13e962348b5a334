"""Messages over the REST API and the gateway, as discord.py sees them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import discord
import pytest

from playground.discord import Permission, PlaygroundError

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_a_message_grows_by_edits_and_its_history_is_kept(place: Any):
    """What a person sees of a streamed reply is every version of it, with its buttons."""
    channel = place.text_channel(await place.connect())
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="Stop", custom_id="stop"))
    sent = await channel.send("He ▌", view=view)
    await sent.edit(content="Hello.", view=None)
    [message] = place.d.history(place.channel, place.d.bot)
    assert [(v.content, v.labels) for v in message.history] == [("He ▌", ("Stop",)), ("Hello.", ())]


async def test_a_repeated_nonce_posts_once(place: Any):
    """A create that is sent again after a lost answer returns the first one's message."""
    client = await place.connect()
    channel = place.text_channel(client)
    place.d.fail("POST", "/channels/*/messages", reset=True, applied=True)
    with pytest.raises(OSError, match="reset"):
        await channel.send("once", nonce=7)
    again = await channel.send("once", nonce=7)
    assert [m.id for m in place.d.history(place.channel)] == [again.id]


async def test_outer_white_space_is_stripped(place: Any):
    """Discord trims what a message begins and ends with, in creates and in edits."""
    sent = await place.text_channel(await place.connect()).send("  a\n")
    assert sent.content == "a"
    assert (await sent.edit(content="\n\n  b  c ")).content == "b  c"


@pytest.mark.parametrize(
    ("content", "status", "code"), [("x" * 2001, 400, 50035), ("  \n ", 400, 50006), ("x" * 2000, 200, 0)]
)
async def test_content_has_its_limits(place: Any, content: str, status: int, code: int):
    """Over 2,000 characters and nothing at all are refused with Discord's own codes."""
    channel = place.text_channel(await place.connect())
    if status == 200:
        assert len((await channel.send(content)).content) == 2000
        return
    with pytest.raises(discord.HTTPException) as caught:
        await channel.send(content)
    assert (caught.value.status, caught.value.code) == (status, code)


async def test_lists_page_both_ways(place: Any):
    """History comes newest first, and before, after, around and limit pick from it."""
    said = [place.d.say(place.member, place.channel, f"<@{place.d.bot.id}> {n}") for n in range(9)]
    channel = place.text_channel(await place.connect())

    async def listed(**query: Any) -> list[int]:
        return [[s.id for s in said].index(m.id) for m in [m async for m in channel.history(**query)]]

    assert await listed(limit=3) == [8, 7, 6]
    assert await listed(limit=3, before=discord.Object(said[4].id)) == [3, 2, 1]
    assert await listed(limit=3, after=discord.Object(said[4].id)) == [5, 6, 7]
    assert sorted(await listed(limit=3, around=discord.Object(said[4].id))) == [3, 4, 5]


async def test_deleted_messages_are_gone_for_the_api_and_announced(place: Any, soon: Callable[..., Any]):
    """After a deletion, single or bulk, an edit meets 10008 and the bot hears of it."""
    client = await place.connect()
    channel = place.text_channel(client)
    sent = [await channel.send(text) for text in "abc"]
    mine = place.d.history(place.channel)
    place.d.delete(mine[0])
    place.d.delete(*mine[1:])
    with pytest.raises(discord.NotFound) as caught:
        await sent[0].edit(content="x")
    assert caught.value.code == 10008
    await soon(lambda: client.seen("raw_bulk_message_delete"))
    assert client.seen("raw_message_delete")[0].message_id == sent[0].id
    assert client.seen("raw_bulk_message_delete")[0].message_ids == {sent[1].id, sent[2].id}


async def test_content_is_blank_without_the_intent_unless_it_concerns_the_bot(
    place: Any, soon: Callable[..., Any]
):
    """Mentions, replies with the ping on, direct and own messages have content; others do not, by REST neither."""
    client = await place.connect()
    own = await place.text_channel(client).send("own")
    d, channel, member = place.d, place.channel, place.member
    answer = d.history(channel)[0]
    d.say(member, channel, "private talk", files=[("a.txt", b"a")])
    d.say(member, channel, "to you", mention=True)
    d.say(member, channel, "re", reply_to=answer)
    d.say(member, channel, "re quietly", reply_to=answer, ping=False)
    d.say(member, d.open_dm(member), "direct")
    await soon(lambda: len(client.messages) == 6)
    assert [m.content for m in client.messages] == ["own", "", f"<@{d.bot.id}> to you", "re", "", "direct"]
    assert client.messages[1].attachments == []
    assert [m.content async for m in own.channel.history()][3] == ""


async def test_content_is_given_with_the_intent(open_place: Callable[..., Any], soon: Callable[..., Any]):
    """A bot that has the privileged intent, granted and asked for, reads everything it can see."""
    intents = discord.Intents.default()
    intents.message_content = True
    async with open_place(message_content=True) as place:
        client = await place.connect(intents=intents)
        place.d.say(place.member, place.channel, "private talk")
        await soon(lambda: client.messages)
        assert client.messages[0].content == "private talk"


async def test_what_the_bot_cannot_see_it_does_not_hear(place: Any, soon: Callable[..., Any]):
    """A channel whose overwrites hide it from the bot sends it no events and answers 50001."""
    client = await place.connect()
    everyone = place.guild.roles[place.guild.id]
    place.d.overwrite(place.channel, everyone, deny=Permission.VIEW_CHANNEL)
    place.d.overwrite(place.channel, place.member, allow=Permission.VIEW_CHANNEL)
    place.d.say(place.member, place.channel, "psst", mention=True)
    place.d.say(place.member, place.d.open_dm(place.member), "hello")
    await soon(lambda: client.messages)
    assert [m.content for m in client.messages] == ["hello"]
    with pytest.raises(discord.Forbidden) as caught:
        await place.text_channel(client).send("x")
    assert caught.value.code == 50001


async def test_missing_permissions_are_refused(place: Any):
    """Without Send Messages the API answers 50013, and for another's message 50005 and 50013."""
    channel = place.text_channel(await place.connect())
    theirs = await channel.fetch_message(place.d.say(place.member, place.channel, "mine").id)
    with pytest.raises(discord.Forbidden) as caught:
        await theirs.edit(content="yours")
    assert caught.value.code == 50005
    with pytest.raises(discord.Forbidden) as caught:
        await theirs.delete()
    assert caught.value.code == 50013
    place.d.overwrite(place.channel, place.d.bot, deny=Permission.SEND_MESSAGES)
    with pytest.raises(discord.Forbidden) as caught:
        await channel.send("x")
    assert caught.value.code == 50013


@pytest.mark.parametrize(
    ("allowed", "names"),
    [
        (discord.AllowedMentions.none(), set()),
        (discord.AllowedMentions(everyone=False, users=True, replied_user=False), {"Ada"}),
        (discord.AllowedMentions(everyone=False, users=False, replied_user=True), {"Mo"}),
    ],
)
async def test_pings_follow_allowed_mentions(place: Any, allowed: discord.AllowedMentions, names: set[str]):
    """Whom a reply pings is what `allowed_mentions` leaves of its text and of the person replied to."""
    client = await place.connect()
    asked = place.d.say(place.member, place.channel, "?", mention=True)
    target = place.text_channel(client).get_partial_message(asked.id)
    await target.reply(f"{place.admin.mention} `{place.d.bot.mention}` @everyone", allowed_mentions=allowed)
    assert {user.name for user in place.d.history(place.channel, place.d.bot)[0].pinged} == names


async def test_an_edit_without_allowed_mentions_pings_again(open_place: Callable[..., Any]):
    """Discord computes mentions again on every edit, and the default is all of them."""
    async with open_place() as place:
        client = await place.connect()
        client._connection.allowed_mentions = None
        asked = place.d.say(place.member, place.channel, "?", mention=True)
        target = place.text_channel(client).get_partial_message(asked.id)
        sent = await target.reply("hm", mention_author=False)
        [message] = place.d.history(place.channel, place.d.bot)
        assert message.pinged == set()
        await sent.edit(content="hmm")
        assert message.pinged == {place.member}


async def test_files_go_up_and_down(place: Any, soon: Callable[..., Any]):
    """A file sent by either side can be read by the other."""
    client = await place.connect()
    place.d.say(place.member, place.channel, "look", mention=True, files=[("n.txt", b"numbers")])
    await soon(lambda: client.messages)
    [received] = client.messages[0].attachments
    assert (await received.read(), received.content_type) == (b"numbers", "text/plain")
    await place.text_channel(client).send("here", file=discord.File(io.BytesIO(b"\x00\xff"), "b.bin"))
    [sent] = place.d.history(place.channel, place.d.bot)[0].attachments
    assert (sent.name, sent.data) == ("b.bin", b"\x00\xff")


async def test_threads_open_from_a_message_and_without(place: Any, soon: Callable[..., Any]):
    """A thread can be started either way, written in, and is known to the bot."""
    client = await place.connect()
    channel = place.text_channel(client)
    sent = await channel.send("topic")
    first = await sent.create_thread(name="from a message")
    second = await channel.create_thread(name="by itself", type=discord.ChannelType.public_thread)
    await first.send("one")
    assert first.id == sent.id
    thread = place.d.world.channels[second.id]
    place.d.say(place.member, thread, "two", mention=True)
    await soon(lambda: client.messages[-1:] and client.messages[-1].channel.id == second.id)
    assert [t.parent_id for t in (first, second)] == [channel.id] * 2
    with pytest.raises(discord.HTTPException) as caught:
        await sent.create_thread(name="again")
    assert caught.value.code == 160004


async def test_a_person_can_close_their_direct_messages(place: Any):
    """Somebody who takes none answers 50007."""
    client = await place.connect()
    user = await client.fetch_user(place.member.id)
    await user.send("hello")
    place.member.takes_dms = False
    with pytest.raises(discord.Forbidden) as caught:
        await user.send("hello")
    assert caught.value.code == 50007


async def test_people_are_held_to_what_their_client_offers(place: Any):
    """A person cannot say nothing, say too much, or speak where they may not."""
    everyone = place.guild.roles[place.guild.id]
    for text in ("", "x" * 2001):
        with pytest.raises(PlaygroundError):
            place.d.say(place.member, place.channel, text)
    place.d.overwrite(place.channel, everyone, deny=Permission.SEND_MESSAGES)
    with pytest.raises(PlaygroundError):
        place.d.say(place.member, place.channel, "x")
    assert place.d.say(place.admin, place.channel, "x").content == "x"
