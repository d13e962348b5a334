"""Files and what else messages carry, as discord.py sees them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480)


async def got(url: str) -> tuple[int, bytes]:
    """Status and body; the body up to where the connection broke."""
    body = b""
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as response:
        try:
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > 1_000_000:
                    break
        except aiohttp.ClientError:
            body += b" (broken)"
        return response.status, body


async def test_an_address_expires_and_every_payload_has_a_fresh_one(place: Any):
    """An attachment's address is signed and good for a while; fetching the message again gives another."""
    channel = place.text_channel(await place.connect())
    place.d.cdn.lifetime = -1
    said = place.d.say(place.member, place.channel, "look", mention=True, files=[("a.txt", b"words")])
    stale = (await channel.fetch_message(said.id)).attachments[0].url
    place.d.cdn.lifetime = 60
    fresh = (await channel.fetch_message(said.id)).attachments[0].url
    assert (await got(stale))[0] == 404
    assert await got(fresh) == (200, b"words")
    assert (await got(fresh.replace("hm=", "hm=0")))[0] == 404


async def test_a_picture_has_its_size_and_a_file_can_lie(place: Any, soon: Callable[..., Any]):
    """Width and height are read from the picture; what an uploader claims stands in its place."""
    client = await place.connect()
    lying = ("b.txt", b"x", {"size": 5, "content_type": "image/png"})
    place.d.say(place.member, place.channel, "look", mention=True, files=[("a.png", PNG), lying])
    await soon(lambda: client.messages)
    picture, text = client.messages[0].attachments
    assert (picture.width, picture.height, picture.size) == (640, 480, len(PNG))
    assert (text.size, text.content_type) == (5, "image/png")


@pytest.mark.parametrize(
    ("how", "status", "body"),
    [
        ({"status": 403}, 403, b""),
        ({"cut": 3}, 200, b"wor (broken)"),
        ({"length": 99}, 200, b"words (broken)"),
        ({"redirect": "http://127.0.0.2/x"}, 302, b"302: Found"),
    ],
)
async def test_a_download_goes_wrong_as_told(place: Any, how: dict[str, Any], status: int, body: bytes):
    """Statuses, cut connections, lying lengths and redirects can each be had."""
    said = place.d.say(place.member, place.channel, "look", files=[("a.txt", b"words")])
    place.d.cdn.serve(said, **how)
    assert await got(said.attachments[0].url) == (status, body)


async def test_a_download_may_never_end(place: Any):
    """An endless file goes on for as long as somebody reads."""
    said = place.d.say(place.member, place.channel, "look", files=[("a.txt", b"words" * 1000)])
    place.d.cdn.serve(said, endless=True)
    assert len((await got(said.attachments[0].url))[1]) > 1_000_000


async def test_voice_messages_stickers_polls_and_forwards_arrive(place: Any, soon: Callable[..., Any]):
    """Each is what discord.py takes for it, in a direct message or as an answer to the bot."""
    client, d, member = await place.connect(), place.d, place.member
    direct = d.open_dm(member)
    poll = d.posts.poll(member, direct, "Which?", ["a", "b"])
    d.posts.vote(poll, 2)
    d.posts.voice(member, direct, b"OggS", 4.0)
    d.posts.sticker(member, direct, "wave", PNG)
    d.posts.forward(member, d.say(member, direct, "original", files=[("a.txt", b"a")]), direct)
    await soon(lambda: len(client.messages) == 5)
    asked, voice, sticker, _, forward = client.messages
    assert (asked.poll.question, [answer.text for answer in asked.poll.answers]) == ("Which?", ["a", "b"])
    assert (voice.flags.voice, voice.attachments[0].is_voice_message(), voice.attachments[0].duration) == (
        True,
        True,
        4.0,
    )
    assert [item.name for item in sticker.stickers] == ["wave"]
    [snapshot] = forward.message_snapshots
    assert (forward.content, snapshot.content, snapshot.attachments[0].filename) == ("", "original", "a.txt")
    counts = [a.vote_count for a in (await asked.channel.fetch_message(asked.id)).poll.answers]
    assert counts == [0, 1]


async def test_a_link_is_unfurled_later(place: Any, soon: Callable[..., Any]):
    """A message with a link gets its embed by an edit that its author did not make."""
    client, d = await place.connect(), place.d
    said = d.say(place.member, d.open_dm(place.member), "https://example.org")
    d.posts.unfurl(said, {"type": "article", "title": "Example"})
    await soon(lambda: client.seen("raw_message_edit"))
    assert client.seen("raw_message_edit")[0].data["embeds"][0]["title"] == "Example"


async def test_a_forward_is_blank_without_the_intent(place: Any, soon: Callable[..., Any]):
    """In a server, a forward that doesn't concern the bot tells it nothing but that it is one."""
    client, d = await place.connect(), place.d
    d.posts.forward(place.member, d.say(place.member, place.channel, "original"), place.channel)
    await soon(lambda: len(client.messages) == 2)
    assert client.messages[1].message_snapshots[0].content == ""
