"""What a request to Discord can fail with, and how the log says why."""

from __future__ import annotations

import logging
import re
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import discord

if TYPE_CHECKING:
    from collections.abc import Iterator

# Not only HTTPExceptions: also broken connections, rate limits that discord.py won't wait for, and interactions
# that were answered twice. A TimeoutError is an OSError.
DISCORD_FAILURES = (
    discord.HTTPException,
    discord.RateLimited,
    discord.InteractionResponded,
    aiohttp.ClientError,
    OSError,
)
REASON_LIMIT = 300  # characters of Discord's text in a log line
# What a text may quote of somebody's words or of an interaction's token.
_QUOTED = re.compile(r'"[^"]*"|https?://\S+')


def reason(error: BaseException) -> str:
    """Why Discord refused or couldn't be reached, on one line: status, code and Discord's text for each field."""
    if isinstance(error, discord.HTTPException):
        text = "" if error.text.lstrip().startswith("<") else _one_line(error.text)  # a proxy's page says nothing
        return f"{error.status}, code {error.code}" + (f": {text}" if text else "")
    if isinstance(error, discord.RateLimited):
        return f"rate limited for {error.retry_after:.0f} s"
    text = _one_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place(error: Exception) -> str:
    """An unexpected error by its kind and where it was raised: its text could quote what somebody wrote."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def plain_failures(record: logging.LogRecord) -> bool:
    """A filter for log handlers: a failure of Discord takes one line that says why, in every library's log."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, DISCORD_FAILURES):
        record.msg, record.args = "%s: %s", (record.getMessage(), reason(error))
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def _one_line(text: str) -> str:
    return _QUOTED.sub("…", " ".join(text.split()))[:REASON_LIMIT]


@contextmanager
def logged_failures(log: logging.Logger, what: str, *args: object) -> Iterator[None]:
    """Go on where a side request to Discord fails; the log says `what` didn't happen, and why."""
    try:
        yield
    except DISCORD_FAILURES as error:
        log.warning("%s: %s", what % args, reason(error))
