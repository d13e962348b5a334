"""discord.py's own HTTP client against a server that limits, delays and hangs. Our time-outs don't break it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
import discord
import pytest
from aiohttp import web

from bot.display.errors import WriteFailedError, WriteRefusedError
from bot.display.target import Controls
from bot.ui.targets import requests as requests_module
from bot.ui.targets import watchdog
from bot.ui.targets.channels import DiscordChannels
from bot.ui.targets.requests import DiscordRequests
from bot.ui.targets.watchdog import CHECK_S, MUTE_S, HTTPState, Watchdog
from tests.ui.targets.wire import VIA, Connection, answer, connected, limited, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from bot.ui.targets.reply_targets import ChannelTarget

NONE = Controls()


@dataclass
class Wire:
    """The Discord that a bot asks. `script` answers the next requests, one each."""

    bot: Connection = field(init=False)
    script: list[Callable[[], Awaitable[web.Response]]] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)  # method and content, as they were applied

    @property
    def client(self) -> discord.Client:
        return self.bot.client

    @property
    def requests(self) -> DiscordRequests:
        return self.bot.requests

    @property
    def target(self) -> ChannelTarget:
        return self.bot.target

    @property
    def channels(self) -> DiscordChannels:
        bot = SimpleNamespace(
            user=SimpleNamespace(id=1), get_partial_messageable=self.client.get_partial_messageable
        )
        return DiscordChannels(bot, requests=self.requests, target=lambda *_, **__: self.target)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else {}
        if self.script:
            scripted = await self.script.pop(0)()
            if scripted.status != 200:
                return scripted
        self.seen.append((request.method, body.get("content", "")))
        return answer([message("old")] if request.method == "GET" else message(body.get("content", "")))

    def next(
        self, *, wait: asyncio.Event | None = None, response: Callable[[], web.Response] | None = None
    ) -> None:
        """The next request is answered so, once `wait` is set."""

        async def play() -> web.Response:
            if wait is not None:
                await wait.wait()
            return response() if response else answer({})

        self.script.append(play)


@pytest.fixture
async def wire(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    here = Wire()
    async with connected(here.handle, monkeypatch) as here.bot:
        yield here


async def test_a_global_limit_longer_than_a_write_may_take_is_waited_out(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
):
    """The write that met it ends well, and so does everything after it."""
    monkeypatch.setattr(requests_module, "WRITE_TIMEOUT_S", 0.1)
    wire.next(response=lambda: limited(0.4))
    await wire.target.edit(34, "one", None)
    await wire.target.edit(34, "two", None)
    assert wire.seen == [("PATCH", "one"), ("PATCH", "two")]


async def test_whoever_loses_patience_in_a_global_limit_mutes_nobody(wire: Wire):
    """A question waits three seconds for a look at the channel: the look goes on, and other requests after it."""
    wire.next(response=lambda: limited(0.3))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await wire.channels.newest(12, limit=5)
    await asyncio.wait_for(wire.target.edit(34, "one", None), 5)
    assert sorted(method for method, _ in wire.seen) == ["GET", "PATCH"]


async def test_a_cancelled_write_in_a_global_limit_mutes_nobody(wire: Wire):
    """As when the scheduler closes, or a person presses Stop."""
    wire.next(response=lambda: limited(0.3))
    writing = asyncio.create_task(wire.target.create("one", NONE, nonce=1))
    while not wire.requests.health.held_s:  # noqa: ASYNC110 - the trace has no event to wait for
        await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait_for(wire.target.edit(34, "two", None), 5)
    assert ("PATCH", "two") in wire.seen


async def test_a_hold_longer_than_any_wait_is_told_at_once(wire: Wire):
    """discord.py doesn't sleep in it, and nobody asks into it."""
    wire.next(response=lambda: limited(600))
    with pytest.raises(WriteFailedError) as written:
        await wire.target.edit(34, "one", None)
    with pytest.raises(WriteFailedError) as read:
        await wire.channels.newest(12, limit=5)
    assert written.value.retry_after == 600
    assert read.value.retry_after == pytest.approx(600, abs=5)
    assert not HTTPState(wire.client.http).is_held
    assert wire.seen == []


async def test_an_overdue_edit_ends_before_the_next_begins(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """Else the older text could arrive last."""
    monkeypatch.setattr(requests_module, "WRITE_TIMEOUT_S", 0.05)
    go = asyncio.Event()
    wire.next(wait=go)
    target = wire.target
    for _ in range(2):
        with pytest.raises(WriteFailedError):
            await target.edit(34, "one", None)
    go.set()
    await target.edit(34, "two", None)
    assert wire.seen == [("PATCH", "one"), ("PATCH", "two")]


async def test_an_overdue_create_posts_once(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """Trying again returns the message that the first attempt posted after all."""
    monkeypatch.setattr(requests_module, "WRITE_TIMEOUT_S", 0.05)
    go = asyncio.Event()
    wire.next(wait=go)
    target = wire.target
    with pytest.raises(WriteFailedError):
        await target.create("one", NONE, nonce=1)
    go.set()
    assert await target.create("one and more", NONE, nonce=1) == 34
    assert wire.seen == [("POST", "one")]
    assert await target.create("two", NONE, nonce=2) == 34
    assert wire.seen == [("POST", "one"), ("POST", "two")]


async def test_a_write_is_done_when_discord_has_taken_it(wire: Wire):
    """discord.py's sleep at the end of a used-up window holds no writer up, and ends with the bot."""
    headers = VIA | {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "60"}
    wire.next(response=lambda: answer(message("one"), status=201, headers=headers))
    await asyncio.wait_for(wire.target.edit(34, "one", None), 5)
    assert wire.requests.health.outstanding == 0
    await asyncio.wait_for(wire.requests.aclose(), 5)


async def test_the_log_says_once_why_discord_refuses(wire: Wire, caplog: pytest.LogCaptureFixture):
    """Status, code, and Discord's text for the field; a storm of the same is one line."""
    errors = {
        "content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]}
    }
    body = {"code": 50035, "message": "Invalid Form Body", "errors": errors}
    for _ in range(3):
        wire.next(response=lambda: answer(body, status=400))
        with pytest.raises(WriteRefusedError):
            await wire.target.edit(34, "one", None)
    refusals = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    why = "Invalid Form Body In content: Must be 2000 or fewer in length."
    assert refusals == [f"Discord refused to edit a message: 400, code 50035: {why}"]


async def test_a_request_that_nobody_answers_ends_by_itself(wire: Wire, monkeypatch: pytest.MonkeyPatch):
    """Aiohttp gives up for it, inside discord.py, so that nothing is left half done."""
    monkeypatch.setattr(watchdog, "TIMEOUT", aiohttp.ClientTimeout(total=None, sock_read=0.1))
    HTTPState(wire.client.http).limit_waits()
    wire.next(wait=asyncio.Event())
    with pytest.raises(WriteFailedError):
        await asyncio.wait_for(wire.target.edit(34, "one", None), 5)
    assert wire.requests.health.outstanding == 0
    await wire.target.edit(34, "two", None)
    assert wire.seen == [("PATCH", "two")]


class Clock:
    """A clock to be set."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now


async def test_the_watchdog_ends_a_hold_that_nobody_ends(wire: Wire, caplog: pytest.LogCaptureFixture):
    """Whatever cancelled discord.py in its sleep: the bot is mute for seconds, not until a restart."""
    clock, state = Clock(), HTTPState(wire.client.http)
    dog = Watchdog(DiscordRequests(clock), state, clock)
    wire.client.http._global_over.clear()
    writing = asyncio.create_task(wire.target.edit(34, "one", None))
    dog.check()
    assert state.is_held
    clock.now += CHECK_S
    dog.check()
    await asyncio.wait_for(writing, 5)
    assert "releasing them" in caplog.text


async def test_the_watchdog_looks_only_while_requests_wait(monkeypatch: pytest.MonkeyPatch):
    """It sleeps while there is nothing to watch, and finds a request that doesn't come back."""
    monkeypatch.setattr(watchdog, "CHECK_S", 0.001)
    clock = Clock()
    runs: list[asyncio.Task[None]] = []
    requests = DiscordRequests(clock, on_busy=lambda: runs.append(asyncio.create_task(dog.run())))
    dog = Watchdog(requests, HTTPState(SimpleNamespace(_global_over=asyncio.Event())), clock)
    await requests.outcome(requests.begin(asyncio.sleep(0)), timeout_s=5)
    await asyncio.wait_for(runs[0], 5)
    assert not dog.is_mute
    requests.begin(asyncio.Event().wait())
    clock.now += MUTE_S
    async with asyncio.timeout(5):
        while not dog.is_mute:  # noqa: ASYNC110 - nobody waits for it
            await asyncio.sleep(0.001)
    await requests.aclose()
    await asyncio.wait_for(runs[1], 5)
    assert not dog.is_mute


async def test_the_watchdog_gives_up_what_never_comes_back(wire: Wire, caplog: pytest.LogCaptureFixture):
    """A request that got lost inside discord.py fails as if it had timed out, and the next one goes through."""
    clock, state = Clock(), HTTPState(wire.client.http)
    requests = DiscordRequests(clock)
    dog = Watchdog(requests, state, clock)
    lost = asyncio.create_task(requests.outcome(requests.begin(asyncio.Event().wait()), timeout_s=60))
    await asyncio.sleep(0)
    for _ in range(2):
        clock.now += MUTE_S
        dog.check()
    with pytest.raises(TimeoutError):
        await lost
    assert "giving up 1 requests" in caplog.text
    dog.check()
    assert not dog.is_mute
    await asyncio.wait_for(wire.target.edit(34, "one", None), 5)


async def test_a_silent_gateway_is_no_request(monkeypatch: pytest.MonkeyPatch):
    """The limit on the wait for an answer ends when a WebSocket opens: events may be minutes apart."""
    monkeypatch.setattr(watchdog, "TIMEOUT", aiohttp.ClientTimeout(total=None, sock_read=0.1))

    async def gateway(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await asyncio.sleep(0.3)
        await socket.send_str("an event")
        await socket.close()
        return socket

    async with connected(gateway, monkeypatch) as bot:
        HTTPState(bot.client.http).limit_waits()
        socket = await bot.client.http.ws_connect(f"{discord.http.Route.BASE}/gateway")
        assert (await socket.receive()).data == "an event"
        await socket.close()


async def test_the_watchdog_leaves_a_rate_limit_alone(wire: Wire):
    """While Discord wants nothing, nothing is sent."""
    clock, state = Clock(), HTTPState(wire.client.http)
    requests = DiscordRequests(clock)
    dog = Watchdog(requests, state, clock)
    requests.held(retry_after=60)
    wire.client.http._global_over.clear()
    for _ in range(10):
        clock.now += CHECK_S
        dog.check()
    assert state.is_held
    state.release()


async def test_the_watchdog_tells_of_a_bot_that_gets_no_answers(caplog: pytest.LogCaptureFixture):
    """Once when it begins and once when it is over; a long wait alone, beside others' answers, is none."""
    caplog.set_level(logging.INFO)
    clock = Clock()
    requests = DiscordRequests(clock)
    dog = Watchdog(requests, HTTPState(SimpleNamespace(_global_over=asyncio.Event())), clock)
    over = asyncio.Event()
    requests.begin(over.wait())
    clock.now += 10
    requests.heard()
    clock.now += 2
    dog.check()
    assert not dog.is_mute
    clock.now += MUTE_S
    for _ in range(3):
        dog.check()
        assert dog.is_mute
    over.set()
    await requests.aclose()
    requests.heard()
    dog.check()
    assert not dog.is_mute
    told = [record.message for record in caplog.records if record.name == watchdog.__name__]
    assert [line.split(" while ")[0] for line in told if "held" not in line] == [
        f"Discord hasn't answered for {MUTE_S + 2:.0f} s",
        "Discord answers again",
    ]
