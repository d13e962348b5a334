"""What Discord's refusals mean for a reply, and why it refused, for the log."""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import aiohttp
import discord

from bot.core.units import DAY_S
from bot.display.errors import MessageGoneError, NoAccessError, ScreenError, WriteFailedError, WriteRefusedError
from bot.ui.targets.failures import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

# Discord's error codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
NO_REPLIES = 160002  # a reply needs Read Message History
UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
EXPIRED = (10015, 10062, 50027)  # an interaction: its webhook or itself is unknown, its token invalid
TOO_MANY_OLD_EDITS = 30046  # messages over an hour old are edited rarely
TOO_MANY_REQUESTS = 429  # HTTP
EMPTY_MESSAGE = 50006
DISCORD = discord.http.Route.BASE  # before the owner's settings apply
MOST_KINDS = 1000  # kinds of refusals remembered


class ExpiredError(ScreenError):
    """The interaction's token has expired."""


class HeldError(TimeoutError):
    """Discord takes no request for longer than anybody would wait; `retry_after` is in seconds."""

    def __init__(self, *, retry_after: float) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


def screen_error(error: discord.HTTPException) -> ScreenError:
    """What a failed request means for a reply."""
    if error.code in (UNKNOWN_MESSAGE, UNKNOWN_CHANNEL):
        return MessageGoneError()
    if error.code in EXPIRED:
        return ExpiredError()
    if isinstance(error, discord.Forbidden | discord.NotFound):
        return NoAccessError()
    if error.status == TOO_MANY_REQUESTS or error.code == TOO_MANY_OLD_EDITS:
        return WriteFailedError(retry_after=seconds(error.response.headers.get("Retry-After")))
    # @discordjs/proxy sends no body when it repeats a request after a 429. What a reply sends is never empty.
    lost_body = error.code == EMPTY_MESSAGE and discord.http.Route.BASE != DISCORD
    if isinstance(error, discord.DiscordServerError) or lost_body:
        return WriteFailedError()
    return WriteRefusedError()


def seconds(value: object) -> float | None:
    """A header's number of seconds; None where it is no sensible one."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if 0 <= number < DAY_S else None


class Refusals:
    """Says in the log why Discord refused something: once for each kind, so that a storm is one line."""

    def __init__(self) -> None:
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()

    @contextmanager
    def mapped(self, action: str) -> Iterator[None]:
        """Turn what a request can fail with into a `ScreenError`; `action` says for the log what was refused."""
        try:
            yield
        except discord.HTTPException as error:
            self._tell(action, error)
            raise screen_error(error) from error
        except (discord.RateLimited, HeldError) as error:
            raise WriteFailedError(retry_after=error.retry_after) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.debug("%s: no answer from Discord: %s", action, reason(error))
            raise WriteFailedError from error

    def _tell(self, action: str, error: discord.HTTPException) -> None:
        kind = (action, reason(error))
        level = logging.DEBUG if kind in self._told else logging.WARNING
        log.log(level, "Discord refused to %s: %s", *kind)
        self._told[kind] = None
        if len(self._told) > MOST_KINDS:
            self._told.popitem(last=False)
