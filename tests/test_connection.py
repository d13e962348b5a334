"""Getting to Discord and staying there."""

from __future__ import annotations

import asyncio
import logging
import random
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from bot.connection import Gateway, NeedsPersonError, log_in
from bot.shards import IdentifyTurns
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable

UNREACHABLE = aiohttp.ClientConnectionError("Cannot connect to host discord.com:443")
DOWN = discord.DiscordServerError(SimpleNamespace(status=503, reason=""), "down")
REFUSED = discord.LoginFailure("Improper token has been passed.")


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(SimpleNamespace(close_code=code), shard_id=None)


class Socket:
    """A gateway connection that lives for so many seconds and ends as it's told."""

    def __init__(self, ending: Exception, *, lasts_s: float = 0.0, gateway: str = "resume") -> None:
        self.ending = ending
        self.lasts_s = lasts_s
        self.gateway = gateway
        self.session_id: str | None = "session"
        self.sequence = 7
        self.open = True

    async def poll_event(self) -> None:
        if self.lasts_s > 0:
            self.lasts_s -= 1
            await asyncio.sleep(1)
        else:
            raise self.ending

    async def close(self, _code: int) -> None:
        self.open = False


class Client:
    """What of a `discord.Client` a connection is made with; closes itself when the script is over."""

    def __init__(self, *script: Socket | Exception | None) -> None:
        self.script = list(script)
        self.tries: list[tuple[float, dict[str, Any]]] = []
        self.logins = 0
        self.http = SimpleNamespace(close=self.close_http, connector="open")
        self.dispatched: list[str] = []

    def is_closed(self) -> bool:
        return not self.script

    def dispatch(self, event: str) -> None:
        self.dispatched.append(event)

    async def close_http(self) -> None:
        self.http.connector = "closed"

    async def login(self, _token: str) -> None:
        self.tries.append((asyncio.get_running_loop().time(), {}))
        assert self.http.connector != "closed", "a session cannot be opened on a closed connector"
        if (failure := self.script.pop(0)) is not None:
            raise failure

    async def from_client(self, _client: object, **session: Any) -> Socket:
        self.tries.append((asyncio.get_running_loop().time(), session))
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        assert step
        return step


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Client]:
    """Stay connected through a script of connections."""

    def through(*script: Socket | Exception) -> Client:
        client = Client(*script)
        monkeypatch.setattr(DiscordWebSocket, "from_client", client.from_client)
        clock = VirtualClock()
        gateway = Gateway(client, clock, random.Random(1), turn=IdentifyTurns(clock).wait)  # type: ignore[arg-type] # a stand-in
        run(gateway.run([0]))
        return client

    return through


def log_in_through(*script: Exception | None) -> Client:
    client = Client(*script)
    run(log_in(client, "token", clock=VirtualClock(), rng=random.Random(1)))  # type: ignore[arg-type] # a stand-in
    return client


def gaps(client: Client) -> list[float]:
    times = [at for at, _ in client.tries]
    return [after - before for before, after in pairwise(times)]


LAST = Socket(closed(1000))


def test_a_login_is_tried_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    """No network, no DNS, a Discord that is down: one line when it begins, one when it's over, no traceback."""
    caplog.set_level(logging.INFO)
    client = log_in_through(UNREACHABLE, DOWN, OSError(-2, "Name or service not known"), TimeoutError(), None)
    assert len(client.tries) == 5
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "Cannot connect to host" in caplog.messages[0]
    assert not [record for record in caplog.records if record.exc_info]


def test_tries_come_further_apart() -> None:
    """And at most a minute."""
    waits = gaps(log_in_through(*[UNREACHABLE] * 12, None))
    assert waits[0] <= 1
    assert 2 <= waits[2] <= 4
    assert all(30 <= wait <= 60 for wait in waits[6:])


def test_a_rejected_token_needs_a_person() -> None:
    """Trying again would not change it."""
    with pytest.raises(NeedsPersonError, match="DISCORD_TOKEN"):
        log_in_through(UNREACHABLE, REFUSED)


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013, 4014])
def test_a_close_that_only_a_person_can_fix_ends_the_connection(connect: Callable[..., Client], code: int) -> None:
    """At the start and in mid-run alike."""
    with pytest.raises(NeedsPersonError) as raised:
        connect(Socket(closed(code), lasts_s=5), LAST)
    assert len(str(raised.value)) > 20


@pytest.mark.parametrize(
    "ending",
    [
        UNREACHABLE,
        DOWN,
        TimeoutError(),
        closed(1000),
        closed(4000),
        ReconnectWebSocket(None),
        KeyError("session_id"),
        ValueError("no JSON"),
        AttributeError("'list' object has no attribute 'get'"),
    ],
    ids=lambda ending: f"{type(ending).__name__} {getattr(ending, 'code', '')}",
)
@pytest.mark.parametrize("lasts_s", [None, 0, 100])
def test_whatever_else_ends_a_connection_another_is_made(
    connect: Callable[..., Client], caplog: pytest.LogCaptureFixture, ending: Exception, lasts_s: float | None
) -> None:
    """Also the first one, before there is any session; without a traceback."""
    first = ending if lasts_s is None else Socket(ending, lasts_s=lasts_s)
    client = connect(first, Socket(closed(1000), lasts_s=3))
    assert len(client.tries) == 2
    assert not [record for record in caplog.records if record.exc_info]
    if isinstance(first, Socket):
        assert not first.open, "and nothing of the old one is left"
        assert client.tries[1][1]["session"] == "session"


def test_a_routine_reconnect_is_made_at_once_and_not_logged(
    connect: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    """Discord asks for one every few hours."""
    client = connect(*[Socket(ReconnectWebSocket(None), lasts_s=100) for _ in range(5)], LAST)
    assert gaps(client) == [100] * 5
    assert not caplog.records


def test_a_discord_that_hangs_up_at_once_is_not_asked_in_a_busy_loop(
    connect: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand identifies use up the day's share."""
    client = connect(*[Socket(ReconnectWebSocket(None)) for _ in range(9)], LAST)
    assert gaps(client)[8] >= 30
    assert len(caplog.records) == 1


def test_a_connection_that_keeps_breaking_is_not_told_each_time(
    connect: Callable[..., Client], caplog: pytest.LogCaptureFixture
) -> None:
    """One line when it begins, one each twenty failures, and one when it has held for a minute."""
    caplog.set_level(logging.INFO)
    connect(*[Socket(UNREACHABLE, lasts_s=3) for _ in range(25)], Socket(UNREACHABLE, lasts_s=100), LAST)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO", "WARNING"]


def test_an_address_to_resume_at_that_is_gone_is_left(connect: Callable[..., Client]) -> None:
    """The usual address is asked instead, still to resume."""
    client = connect(Socket(ReconnectWebSocket(None), lasts_s=100), UNREACHABLE, LAST)
    assert [session.get("gateway") for _, session in client.tries] == [None, "resume", None]
    assert client.tries[2][1]["resume"]


def test_a_session_that_ends_every_connection_is_given_up(connect: Callable[..., Client]) -> None:
    """A frame that can't be read would be repeated with every resume."""
    client = connect(*[Socket(ValueError("no JSON")) for _ in range(3)], LAST)
    assert [session.get("resume", False) for _, session in client.tries] == [False, True, False, False]


def test_an_invalidated_session_is_begun_again(connect: Callable[..., Client]) -> None:
    """There's nothing to resume."""
    first = Socket(ReconnectWebSocket(None, resume=False), lasts_s=100)
    first.session_id = None
    assert "resume" not in connect(first, LAST).tries[1][1]
