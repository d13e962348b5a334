"""Servers on loopback, and a connection that breaks."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"


async def listen(app: web.Application, port: int = 0, **options: Any) -> tuple[int, Callable[[], Awaitable[None]]]:  # noqa: ANN401 - aiohttp's
    """Serve an app on a port, with 0 on any free one; returns the port, and what ends it.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(app, access_log=None, **options)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner.addresses[0][1], runner.cleanup


def reset(request: web.Request) -> None:
    """Send a TCP reset: closing with a linger time of zero does that."""
    if transport := request.transport:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
