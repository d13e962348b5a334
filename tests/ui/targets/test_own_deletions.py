"""Telling the bot's own deletions from other people's."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp
import pytest
import yarl

from bot.ui.targets.own_deletions import MOST, OwnDeletions


@pytest.fixture
def trace() -> aiohttp.TraceConfig:
    return aiohttp.TraceConfig()


async def request(trace: aiohttp.TraceConfig, method: str, path: str) -> None:
    (listener,) = trace.on_request_start
    await listener(None, SimpleNamespace(), SimpleNamespace(method=method, url=yarl.URL(f"http://d{path}")))


async def test_a_message_the_bot_deletes_is_known_before_the_answer_comes(trace: aiohttp.TraceConfig):
    """By a channel's route or a webhook's, and asked once."""
    own = OwnDeletions(trace)
    await request(trace, "DELETE", "/api/v10/channels/1/messages/11")
    await request(trace, "DELETE", "/api/v10/webhooks/1/token/messages/12")
    assert [own.take(message_id) for message_id in (11, 12, 11)] == [True, True, False]


async def test_other_requests_are_no_deletions(trace: aiohttp.TraceConfig):
    """An edit of the same message says nothing of the kind."""
    own = OwnDeletions(trace)
    await request(trace, "PATCH", "/api/v10/channels/1/messages/11")
    await request(trace, "DELETE", "/api/v10/webhooks/1/token/messages/@original")
    assert not own.take(11)


async def test_what_is_never_asked_about_does_not_pile_up(trace: aiohttp.TraceConfig):
    """The oldest are let go."""
    own = OwnDeletions(trace)
    for message_id in range(MOST + 1):
        await request(trace, "DELETE", f"/api/v10/channels/1/messages/{message_id}")
    assert not own.take(0)
    assert own.take(1)
