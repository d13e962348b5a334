"""Failures of Discord, as the log tells them."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import aiohttp
import discord
import pytest

from bot.display.errors import ScreenError, WriteFailedError, WriteRefusedError
from bot.ui.targets.failures import DISCORD_FAILURES, logged_failures, place, plain_failures, reason
from bot.ui.targets.refusals import screen_error

log = logging.getLogger("test")


def refused(status: int, body: object) -> discord.HTTPException:
    """A refusal as discord.py raises it."""
    return discord.HTTPException(SimpleNamespace(status=status, reason="Nope"), body)


TOO_LONG = {
    "code": 50035,
    "message": "Invalid Form Body",
    "errors": {"content": {"_errors": [{"code": "X", "message": "Must be 2000 or fewer in length."}]}},
}
CASES = [
    (
        refused(400, TOO_LONG),
        "400, code 50035: Invalid Form Body In content: Must be 2000 or fewer in length.",
    ),
    (refused(403, {"code": 50013, "message": "Missing Permissions"}), "403, code 50013: Missing Permissions"),
    (refused(502, "<html>cloudflare page</html>"), "502, code 0"),
    (discord.RateLimited(7.0), "rate limited for 7 s"),
    (aiohttp.ServerDisconnectedError(), "ServerDisconnectedError: Server disconnected"),
    (
        ConnectionResetError(104, "Connection reset by peer"),
        "ConnectionResetError: [Errno 104] Connection reset by peer",
    ),
    (TimeoutError(), "TimeoutError"),
]


@pytest.mark.parametrize(("error", "said"), CASES, ids=lambda case: type(case).__name__)
def test_the_log_says_why(error: Exception, said: str) -> None:
    """Status, code, and Discord's text for the field; or what became of the connection."""
    assert reason(error) == said


@pytest.mark.parametrize("error", [error for error, _ in CASES], ids=lambda error: type(error).__name__)
def test_a_side_request_may_fail_in_any_way(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """What was going on goes on, with one line of log."""
    with logged_failures(log, "no thread in channel %d", 7):
        raise error
    assert caplog.messages == [f"no thread in channel 7: {reason(error)}"]


def test_a_bug_is_not_taken_for_a_failure_of_discord() -> None:
    """It's for the one who handles bugs."""
    with pytest.raises(KeyError), logged_failures(log, "nothing"):
        raise KeyError("bug")


def test_nothing_private_gets_into_the_log() -> None:
    """Neither what somebody wrote, which Discord may quote, nor a webhook's token."""
    quoting = {"code": 50035, "message": 'Value "a long private sentence" is not one of'}
    assert "private" not in reason(refused(400, quoting))
    assert "TOKEN" not in reason(aiohttp.InvalidURL("https://discord.com/api/webhooks/1/TOKEN"))
    assert len(reason(refused(400, {"message": "long " * 500}))) < 400


@pytest.mark.parametrize("error", [error for error, _ in CASES], ids=lambda error: type(error).__name__)
def test_a_library_that_logs_a_failure_with_its_traceback_is_cut_short(error: Exception) -> None:
    """One line that says why; a bug keeps its traceback."""
    record = log.makeRecord("x", logging.ERROR, "f", 1, "Ignoring %s", ("it",), (type(error), error, None))
    assert plain_failures(record)
    assert (record.getMessage(), record.exc_info) == (f"Ignoring it: {reason(error)}", None)
    bug = KeyError("bug")
    record = log.makeRecord("x", logging.ERROR, "f", 1, "Ignoring %s", ("it",), (KeyError, bug, None))
    assert plain_failures(record)
    assert record.exc_info


def test_an_unexpected_error_is_named_by_its_place() -> None:
    """Its text could quote anything."""
    with pytest.raises(ValueError, match="secret") as raised:
        int("secret")
    assert place(raised.value).startswith("ValueError at test_failures.py:")


def test_every_kind_of_failure_is_covered() -> None:
    """Also those that are no HTTPException."""
    assert all(isinstance(error, DISCORD_FAILURES) for error, _ in CASES)


@pytest.mark.parametrize(
    ("base", "kind"), [(None, WriteRefusedError), ("http://127.0.0.1:1/api/v10", WriteFailedError)]
)
def test_a_body_that_a_proxy_lost_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, base: str | None, kind: type[ScreenError]
) -> None:
    """Discord itself refuses an empty message for good; behind a REST proxy it wasn't empty when it was sent."""
    if base:
        monkeypatch.setattr(discord.http.Route, "BASE", base)
    response = SimpleNamespace(status=400, reason="Bad Request", headers={})
    error = discord.HTTPException(response, {"code": 50006, "message": "Cannot send an empty message"})
    assert type(screen_error(error)) is kind
