"""What goes wrong on order: limits, outages, closes, events that come twice or make no sense."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from playground.discord import RateLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MESSAGES = "/channels/*/messages"


async def send(place: Any, content: str = "x") -> tuple[aiohttp.ClientResponse, Any]:
    """Post as the bot, without a library's patience."""
    url = f"{place.d.api_base}/channels/{place.channel.id}/messages"
    headers = {"Authorization": f"Bot {place.d.token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json={"content": content}, headers=headers) as answer,
    ):
        return answer, await (answer.text() if answer.content_type == "text/html" else answer.json())


async def test_a_refusals_headers_may_tell_another_end(place: Any):
    """`Retry-After` and the body are the truth; `X-RateLimit-Reset-After` is the bucket's own."""
    place.d.trouble.limit("POST", MESSAGES, 7.5, scope="shared", reset_after=0.4)
    answer, body = await send(place)
    assert (answer.status, body["retry_after"], body["global"]) == (429, 7.5, False)
    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Scope"]) == ("8", "shared")
    assert answer.headers["X-RateLimit-Reset-After"] == "0.400"
    assert place.d.count_429 == 0, "faults that were ordered don't count"


async def test_a_shared_limit_is_everybodys(open_place: Callable[..., Any]):
    """The bot's own bucket has room; the channel's has none: 20028, and its end only in `Retry-After`."""
    async with open_place(limits=RateLimits(shared=(2, 30.0))) as place:
        answers = [await send(place) for _ in range(3)]
        answer, body = answers[-1]
        assert [each.status for each, _ in answers] == [200, 200, 429]
        assert (body["code"], answer.headers["X-RateLimit-Scope"]) == (20028, "shared")
        assert int(answer.headers["X-RateLimit-Remaining"]) > 0
        assert float(answer.headers["X-RateLimit-Reset-After"]) < 6 < body["retry_after"]
        assert place.d.count_429 == 0


async def test_a_global_refusal_says_so(place: Any):
    """Whatever request comes next is refused for all."""
    place.d.trouble.limit_globally(60.0)
    answer, body = await send(place)
    assert (answer.status, body["global"], answer.headers["X-RateLimit-Global"]) == (429, True, "true")
    assert (await send(place))[0].status == 200


async def test_the_networks_edge_sends_a_page(place: Any):
    """A 429 without one header of Discord's, which discord.py raises at once."""
    place.d.trouble.block_at_the_edge("POST", MESSAGES, times=2)
    answer, page = await send(place)
    assert (answer.status, answer.content_type) == (429, "text/html")
    assert "Cloudflare" in page
    assert not [name for name in answer.headers if name.startswith(("X-RateLimit", "Retry", "Via"))]
    client = await place.connect()
    with pytest.raises(discord.HTTPException) as caught:
        await place.text_channel(client).send("x")
    assert caught.value.status == 429


async def test_what_cannot_be_reached_comes_back(place: Any, soon: Callable[..., Any]):
    """While it is cut off every connection breaks; then the session goes on."""
    client = await place.connect()
    place.d.trouble.cut_off()
    with pytest.raises(aiohttp.ClientError):
        await send(place)
    assert not place.d.online
    place.d.trouble.restore()
    place.d.say(place.member, place.channel, "hello", mention=True)
    await soon(lambda: client.messages)
    assert (await send(place))[0].status == 200


@asynccontextmanager
async def identified(place: Any) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A session on the bare gateway."""
    async with aiohttp.ClientSession() as session, session.ws_connect(place.d.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": place.d.token, "intents": 1}})
        yield socket


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_the_gateway_closes_with_a_code(place: Any, code: int):
    """Connections that are open, and every later one, until it is over."""
    async with identified(place) as socket:
        assert (await socket.receive_json())["t"] == "READY"
        place.d.trouble.close_gateway(code)
        async for _ in socket:
            pass
        assert socket.close_code == code
    async with identified(place) as socket:
        await socket.receive()
        assert socket.close_code == code
    place.d.trouble.restore()
    async with identified(place) as socket:
        assert (await socket.receive_json())["t"] == "READY"


async def test_an_event_may_come_twice(place: Any, soon: Callable[..., Any]):
    """By itself, or because a session that resumes gets old events again."""
    client = await place.connect()
    said = place.d.say(place.member, place.channel, "hello", mention=True)
    place.d.trouble.redeliver(said)
    await soon(lambda: len(client.messages) == 2)
    place.d.trouble.drop_gateway(repeats=2)
    await soon(lambda: len(client.messages) == 4)
    assert {message.id for message in client.messages} == {said.id}


async def test_an_interaction_may_come_twice(place: Any, soon: Callable[..., Any]):
    """With the same id and token."""
    client = await place.connect()

    @client.tree.command(name="hello", description="Say hello")
    async def hello(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_message("Hello.")

    await client.tree.sync()
    used = await place.d.command(place.member, place.channel, "hello")
    place.d.trouble.redeliver(used)
    await soon(lambda: len(client.seen("interaction")) == 2)
    assert len({interaction.token for interaction in client.seen("interaction")}) == 1


async def test_what_makes_no_sense_is_sent_as_it_is(place: Any):
    """An event that no library can parse."""
    async with identified(place) as socket:
        begun = [(await socket.receive_json())["t"] for _ in range(2)]
        place.d.trouble.send("MESSAGE_CREATE", {"id": "not a number"}, place.guild)
        frame = await socket.receive_json()
    assert begun == ["READY", "GUILD_CREATE"]
    assert (frame["t"], frame["d"]) == ("MESSAGE_CREATE", {"id": "not a number"})


async def test_a_servers_outage_leaves_its_messages(place: Any, soon: Callable[..., Any]):
    """A client that knew the server marks it unavailable; one that connects then gets messages without it."""
    known = await place.connect()
    place.d.trouble.lose_guild(place.guild)
    await soon(lambda: known.get_guild(place.guild.id).unavailable)
    client = await place.connect()
    place.d.say(place.member, place.channel, "hello", mention=True)
    await soon(lambda: client.messages)
    assert client.messages[0].guild is None
    place.d.trouble.find_guild(place.guild)
    await soon(lambda: client.get_guild(place.guild.id))


async def test_login_may_meet_an_outage(place: Any):
    """A 5xx is Discord's own trouble; discord.py tries five times."""
    place.d.fail("GET", "/users/@me", status=502, times=1)
    began = time.monotonic()
    await place.connect()
    assert time.monotonic() - began >= 1
    assert [request.status for request in place.d.requests[:2]] == [502, 200]
