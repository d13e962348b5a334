"""Telling the bot's own deletions from other people's."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import pytest
import yarl

from bot.ui.targets.own_deletions import DOUBT_S, MOST, OwnDeletions


@pytest.fixture
def trace() -> aiohttp.TraceConfig:
    return aiohttp.TraceConfig()


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


async def request(trace: aiohttp.TraceConfig, method: str, path: str, status: int | None = None) -> None:
    """A request sets out and, with a status, is answered; 0 is a broken connection."""
    params = SimpleNamespace(method=method, url=yarl.URL(f"http://d{path}"))
    (listener,) = trace.on_request_start
    await listener(None, SimpleNamespace(), params)
    if status is not None:
        (listener,) = trace.on_request_end if status else trace.on_request_exception
        params.response = SimpleNamespace(status=status, ok=200 <= status < 300)
        await listener(None, SimpleNamespace(), params)


async def test_a_message_the_bot_deletes_is_known_before_the_answer_comes(trace: aiohttp.TraceConfig):
    """By a channel's route or a webhook's, and asked once."""
    own = OwnDeletions(trace, Clock())
    await request(trace, "DELETE", "/api/v10/channels/1/messages/11")
    await request(trace, "DELETE", "/api/v10/webhooks/1/token/messages/12")
    assert [own.take(message_id) for message_id in (11, 12, 11)] == [True, True, False]


async def test_other_requests_are_no_deletions(trace: aiohttp.TraceConfig):
    """An edit of the same message says nothing of the kind."""
    own = OwnDeletions(trace, Clock())
    await request(trace, "PATCH", "/api/v10/channels/1/messages/11")
    await request(trace, "DELETE", "/api/v10/webhooks/1/token/messages/@original")
    assert not own.take(11)


async def test_what_is_never_asked_about_does_not_pile_up(trace: aiohttp.TraceConfig):
    """The oldest are let go."""
    own = OwnDeletions(trace, Clock())
    for message_id in range(MOST + 1):
        await request(trace, "DELETE", f"/api/v10/channels/1/messages/{message_id}")
    assert not own.take(0)
    assert own.take(1)


@pytest.mark.parametrize(
    ("status", "at_once", "later"),
    [
        (204, True, True),
        (403, False, False),
        (404, False, False),
        (429, False, False),
        (502, True, False),
        (0, True, False),
    ],
)
async def test_a_refused_deletion_is_nobodys(trace: aiohttp.TraceConfig, status: int, at_once: bool, later: bool):
    """A person who deletes the message afterwards is heard; a lost answer leaves half a minute of doubt."""
    clock = Clock()
    own = OwnDeletions(trace, clock)
    for message_id in (11, 12):
        await request(trace, "DELETE", f"/api/v10/channels/1/messages/{message_id}", status)
    assert own.take(11) is at_once
    clock.now = DOUBT_S
    assert own.take(12) is later
