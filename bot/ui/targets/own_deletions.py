"""Which messages the bot deletes itself: of those, and only those, memory need not hear."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import SimpleNamespace

    import aiohttp

MOST = 1000  # kept at a time; the gateway tells of each within seconds
_MESSAGE = re.compile(r"/messages/(\d+)$")


class OwnDeletions:
    """Notes the deletions among the bot's requests, before Discord can tell of them by the gateway."""

    def __init__(self, trace: aiohttp.TraceConfig) -> None:
        self._ids: OrderedDict[int, None] = OrderedDict()
        trace.on_request_start.append(self._on_request_start)

    def take(self, message_id: int) -> bool:
        """Whether the bot deleted this message; asked once."""
        return self._ids.pop(message_id, self) is None

    async def _on_request_start(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
    ) -> None:
        match = _MESSAGE.search(params.url.path) if params.method == "DELETE" else None
        if match:
            self._ids[int(match[1])] = None
            if len(self._ids) > MOST:
                self._ids.popitem(last=False)
