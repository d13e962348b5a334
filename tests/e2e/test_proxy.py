"""A machine that reaches the world by a proxy alone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.conftest import World


class Proxy:
    """Forwards plain HTTP and WebSockets, and remembers what came from the bot."""

    def __init__(self) -> None:
        self.asked = b""
        self.url = ""

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        _method, target, _ = head.split(b" ", 2)
        url = urlsplit(target.decode())
        self.asked += head
        near, far = await asyncio.open_connection(url.hostname, url.port)
        far.write(head)
        await asyncio.gather(self._pipe(reader, far, note=True), self._pipe(near, writer))

    async def _pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, note: bool = False
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                self.asked += data if note else b""
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await proxy.start()
    yield proxy
    server.close()


async def test_discord_its_gateway_and_the_provider_are_reached_by_the_proxy(world: World, proxy: Proxy):
    """One setting for all of them."""
    await world.start(HTTP_PROXY=proxy.url)
    await world.reply(world.ask("hello"), "Hello.")
    for address in (world.discord.api_base, world.router.base_url, world.discord.gateway_url):
        assert f" {address}".encode() in proxy.asked


async def test_no_proxy_keeps_addresses_direct(world: World, proxy: Proxy):
    """As curl and everybody else understands it."""
    await world.start(HTTP_PROXY=proxy.url, NO_PROXY="localhost,127.0.0.1")
    await world.reply(world.ask("hello"), "Hello.")
    assert not proxy.asked
