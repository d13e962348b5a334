"""Which messages the bot deletes itself: memory doesn't need to hear of those, and of no others."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import SimpleNamespace

    import aiohttp

    from bot.core.ports import Clock

MOST = 1000  # kept at a time; the gateway tells of each within seconds
DOUBT_S = 30.0  # how long a deletion without a clear answer may have happened
SERVER_ERROR = 500  # HTTP
_MESSAGE = re.compile(r"/messages/(\d+)$")


class OwnDeletions:
    """Notes the deletions among the bot's requests, before Discord can tell of them by the gateway."""

    def __init__(self, trace: aiohttp.TraceConfig, clock: Clock) -> None:
        self._clock = clock
        self._until: OrderedDict[int, float] = OrderedDict()  # monotonic; infinity unless in doubt
        trace.on_request_start.append(self._on_request_start)
        trace.on_request_end.append(self._on_request_end)
        trace.on_request_exception.append(self._on_request_exception)

    def take(self, message_id: int) -> bool:
        """Whether the bot deleted this message; asked once."""
        return self._until.pop(message_id, -math.inf) > self._clock.monotonic()

    async def _on_request_start(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        if message_id := _deleted(params):
            self._until[message_id] = math.inf
            if len(self._until) > MOST:
                self._until.popitem(last=False)

    async def _on_request_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        status = params.response.status
        if params.response.ok or (message_id := _deleted(params)) not in self._until:
            return
        if status >= SERVER_ERROR:
            self._until[message_id] = self._clock.monotonic() + DOUBT_S
        else:  # refused: if it goes now, somebody else deleted it
            del self._until[message_id]

    async def _on_request_exception(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if (message_id := _deleted(params)) in self._until:
            self._until[message_id] = self._clock.monotonic() + DOUBT_S


def _deleted(
    params: aiohttp.TraceRequestStartParams | aiohttp.TraceRequestEndParams | aiohttp.TraceRequestExceptionParams,
) -> int:
    """The message that a request deletes, 0 for other requests."""
    match = _MESSAGE.search(params.url.path) if params.method == "DELETE" else None
    return int(match[1]) if match else 0
