"""Rate limits, faults and the gateway, as discord.py meets them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest

from playground.discord import RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable

HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Reset-After"}


async def post(place: Any, path: str, **body: Any) -> aiohttp.ClientResponse:
    async with aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bot {place.d.token}"}
        async with session.post(place.d.api_base + path, json=body, headers=headers) as response:
            await response.read()
            return response


async def test_a_channel_takes_five_messages_in_five_seconds(place: Any):
    """The sixth create of a window is refused with a 429 that says how long to wait."""
    path = f"/channels/{place.channel.id}/messages"
    answers = [await post(place, path, content="x") for _ in range(6)]
    assert [a.status for a in answers] == [200] * 5 + [429]
    assert [a.headers["X-RateLimit-Remaining"] for a in answers] == ["4", "3", "2", "1", "0", "0"]
    assert all({k for k in a.headers if k.startswith("X-")} >= HEADERS for a in answers)
    assert {a.headers["Via"] for a in answers} == {"1.1 google"}
    refused = await answers[-1].json()
    assert refused["global"] is False
    assert 0 < refused["retry_after"] <= 5 <= int(answers[-1].headers["Retry-After"])
    assert answers[-1].headers["X-RateLimit-Scope"] == "user"
    assert (place.d.count_429, place.d.requests[-1].scope) == (1, "user")


async def test_a_channels_window_says_nothing_of_another_channel(place: Any):
    """The channel is the major parameter of its routes."""
    other = place.d.add_channel(place.guild, "other")
    for channel in (place.channel, other):
        answers = [await post(place, f"/channels/{channel.id}/messages", content="x") for _ in range(5)]
        assert {a.status for a in answers} == {200}


async def test_everything_together_has_a_limit(open_place: Callable[..., Any]):
    """Beyond the limit over all routes the 429 is global and has no bucket."""
    async with open_place(limits=RateLimits(everything=(3, 60.0))) as place:
        path = f"/channels/{place.channel.id}/typing"
        answers = [await post(place, path) for _ in range(4)]
        assert [a.status for a in answers] == [204] * 3 + [429]
        assert (await answers[-1].json())["global"] is True
        assert answers[-1].headers["X-RateLimit-Global"] == "true"
        assert answers[-1].headers["X-RateLimit-Scope"] == "global"
        assert "X-RateLimit-Bucket" not in answers[-1].headers
        assert (await post(place, "/webhooks/1/x")).status == 401  # outside it


async def test_discord_py_keeps_the_limits_it_is_told(open_place: Callable[..., Any]):
    """The headers are such that the library waits by itself and no 429 is provoked."""
    async with open_place(limits=RateLimits(create=(3, 0.3))) as place:
        channel = place.text_channel(await place.connect())
        await asyncio.gather(*(channel.send(str(n)) for n in range(8)))
        assert len(place.d.history(place.channel)) == 8
        assert place.d.count_429 == 0


async def test_discord_py_survives_a_429(open_place: Callable[..., Any]):
    """A refusal is of the form that the library waits out and repeats."""
    async with open_place(limits=RateLimits(create=(1, 0.2))) as place:
        first, second = [place.text_channel(await place.connect()) for _ in range(2)]
        await asyncio.gather(first.send("a"), second.send("b"))
        assert sorted(m.content for m in place.d.history(place.channel)) == ["a", "b"]
        assert place.d.count_429 == 1


async def test_latency_is_half_before_and_half_after(open_place: Callable[..., Any]):
    """A write is on show half a round trip before its answer arrives."""
    async with open_place(latency=0.2) as place:
        started = time.monotonic()
        await post(place, f"/channels/{place.channel.id}/messages", content="x")
        ended = time.monotonic()
        [message] = place.d.history(place.channel)
        assert message.history[0].at - started > 0.1
        assert ended - message.history[0].at > 0.1


async def test_a_fault_strikes_as_often_as_told(place: Any):
    """Only matching requests fail, every so many of them, and so many times."""
    place.d.fail("POST", "/channels/*/messages", status=503, code=0, every=2, times=1)
    path = f"/channels/{place.channel.id}/messages"
    assert (await post(place, f"/channels/{place.channel.id}/typing")).status == 204
    assert [(await post(place, path, content="x")).status for _ in range(4)] == [200, 503, 200, 200]
    assert len(place.d.history(place.channel)) == 3


async def test_a_write_may_happen_though_its_answer_is_lost(place: Any):
    """`applied` faults leave the message there."""
    place.d.fail("POST", "/channels/*/messages", reset=True, applied=True)
    with pytest.raises(aiohttp.ClientOSError):
        await post(place, f"/channels/{place.channel.id}/messages", content="x")
    assert len(place.d.history(place.channel)) == 1


async def test_a_request_may_hang(place: Any):
    """`hang` alone makes a request slow and nothing else."""
    place.d.fail("POST", "/channels/*/messages", hang=0.2)
    started = time.monotonic()
    assert (await post(place, f"/channels/{place.channel.id}/messages", content="x")).status == 200
    assert time.monotonic() - started > 0.2


async def test_unknown_routes_are_answered_and_noted(place: Any):
    """A route that this Discord does not have shows in the log of requests."""
    assert (await post(place, "/stickers")).status == 404
    assert place.d.requests[-1].route == "?/stickers"


async def test_a_wrong_token_is_refused_by_rest_and_gateway(place: Any):
    """401 from the one, close code 4004 from the other."""
    async with discord.Client(intents=discord.Intents.none()) as client:
        with pytest.raises(discord.LoginFailure):
            await client.login("wrong")
    async with aiohttp.ClientSession() as session, session.ws_connect(place.d.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 0}})
        await socket.receive()
        assert socket.close_code == 4004


async def test_a_privileged_intent_not_granted_ends_the_connection(place: Any):
    """Message content asked for and not granted is close code 4014, discord.py's own error."""
    intents = discord.Intents.default()
    intents.message_content = True
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with discord.Client(intents=intents) as client:
            await client.start(place.d.token)


async def test_a_dropped_connection_resumes_and_loses_nothing(place: Any, soon: Callable[..., Any]):
    """What happened while the bot was away is replayed, once and in order."""
    client = await place.connect()
    place.d.drop_gateway(resume=True)
    for n in range(3):
        place.d.say(place.member, place.channel, str(n), mention=True)
    await soon(lambda: client.seen("resumed"))
    await soon(lambda: len(client.messages) == 3)
    assert [m.content[-1] for m in client.messages] == ["0", "1", "2"]
    assert (place.d.gateway.identifies, place.d.gateway.resumes) == (1, 1)


async def test_a_lost_session_makes_the_bot_identify_again(place: Any, soon: Callable[..., Any]):
    """Without its session a RESUME is answered by INVALID_SESSION, and the bot starts over."""
    client = await place.connect()
    place.d.drop_gateway(resume=False)
    await soon(lambda: place.d.gateway.identifies == 2)
    place.d.say(place.member, place.channel, "still there?", mention=True)
    await soon(lambda: client.messages)
    assert place.d.gateway.resumes == 0


async def test_events_are_sharded_by_server(place: Any, soon: Callable[..., Any]):
    """A shard hears of its own servers only, the first of direct messages."""
    shards = [await place.connect(shard_id=n, shard_count=2) for n in range(2)]
    place.d.say(place.member, place.channel, "hello", mention=True)
    place.d.say(place.member, place.d.open_dm(place.member), "direct")
    mine = (place.guild.id >> 22) % 2
    await soon(lambda: shards[mine].messages and shards[0].messages)
    assert {len(shards[1 - mine].messages), len(shards[mine].messages)} == ({0, 2} if mine == 0 else {1})


async def test_changes_are_pushed_to_everybody_who_watches(place: Any):
    """A page can follow what happens without polling."""
    kinds = []

    async def watch() -> None:
        async for change in place.d.changes():
            kinds.append(change.kind)
            if change.kind == "delete":
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    message = place.d.say(place.member, place.channel, "a")
    place.d.edit(message, "b")
    place.d.delete(message)
    await asyncio.wait_for(watching, 5)
    assert kinds == ["message", "edit", "delete"]
    with pytest.raises(TimeoutError):
        await place.d.until(lambda: False, timeout=0.01)
