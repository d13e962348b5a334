"""Fetching JSON from the provider: what arrives is bounded, and every failure is one of ours."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.core import errors
from bot.core.clock import SystemClock
from bot.core.model_ids import Provider
from bot.llm.config import ProviderConfig
from bot.llm.provider.api import ProviderApi
from bot.llm.provider.generations import OpenRouterGenerations
from bot.llm.provider.session import open_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

KEY = "sk-or-v1-0123456789abcdef"
LIMIT = 100_000


class Server:
    """Answers every path with what the test put there."""

    def __init__(self) -> None:
        self.body = b'{"data": {}}'
        self.status = 200
        self.drips = False
        self.headers: dict[str, str] = {}
        self.seen: list[web.Request] = []
        self.api: ProviderApi
        self.address = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request)
        response = web.StreamResponse(status=self.status, headers=self.headers)
        await response.prepare(request)
        await response.write(self.body)
        while self.drips:
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async def fetch(self) -> Mapping[str, object]:
        return await self.api.fetch("generation", limit_bytes=LIMIT, timeout_s=1.0, id="gen-1")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    provider = ProviderConfig(kind=Provider.OPENROUTER, api_base=f"{server.address}/api/v1", api_key=KEY)
    async with open_session(provider) as session:
        server.api = ProviderApi(session, provider, SystemClock())
        yield server
    await runner.cleanup()


@pytest.mark.parametrize(
    "body", [b'{"data": {"a": 1}}', gzip.compress(b'{"data": {"a": 1}}')], ids=["plain", "packed"]
)
async def test_a_document_is_fetched_with_its_query(server: Server, body: bytes):
    """Also from a server that compresses without being asked."""
    server.body = body
    server.headers = {"Content-Encoding": "gzip"} if body[:1] != b"{" else {}
    assert await server.fetch() == {"data": {"a": 1}}
    assert server.seen[0].path_qs == "/api/v1/generation?id=gen-1"


@pytest.mark.parametrize(("size", "packed"), [(LIMIT, False), (300_000_000, True)], ids=["large", "a gzip bomb"])
async def test_a_body_above_the_limit_is_refused_unread(server: Server, size: int, packed: bool):
    """No more of it is kept or unpacked than the limit."""
    server.body = b'{"data": "' + b"x" * size + b'"}'
    if packed:
        server.body, server.headers = gzip.compress(server.body, 1), {"Content-Encoding": "gzip"}
    with pytest.raises(errors.ModelError) as told:
        await server.fetch()
    assert "more than 100000 bytes" in told.value.detail


@pytest.mark.parametrize(
    "headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Content-Encoding": "nonsense"}]
)
async def test_what_cannot_be_unpacked_is_a_broken_answer(server: Server, headers: dict[str, str]):
    """An encoding that lies is the provider's failure, not a bug."""
    server.headers = headers
    with pytest.raises(errors.ProviderUnavailableError):
        await server.fetch()


@pytest.mark.parametrize("body", [b"[" * 50_000, b"<html>", b"", b"null"])
async def test_what_is_no_object_is_an_empty_one(server: Server, body: bytes):
    """Pages and deep nesting are no documents."""
    server.body = body
    assert await server.fetch() == {}


async def test_a_redirect_is_not_followed(server: Server):
    """The key goes to no other host."""
    server.status, server.headers = 302, {"Location": "http://example.invalid/"}
    with pytest.raises(errors.ModelError):
        await server.fetch()
    assert len(server.seen) == 1


async def test_a_refusal_tells_how_long_to_wait(server: Server):
    """Retry-After of a document counts as that of a completion."""
    server.status, server.headers = 429, {"Retry-After": "7"}
    with pytest.raises(errors.RateLimitedError) as told:
        await server.fetch()
    assert told.value.retry_after == 7


async def test_a_server_that_never_ends_is_left(server: Server):
    """The whole answer has one deadline, however it drips."""
    server.drips = True
    with pytest.raises(errors.ProviderUnavailableError):
        await server.api.fetch("models", timeout_s=0.2)


async def test_requests_go_by_the_proxy_that_the_environment_names(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    """And not by it where NO_PROXY excepts the provider."""
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.setenv("no_proxy", "excepted.invalid")
    for host, reached in (("models.invalid", True), ("excepted.invalid", False)):
        provider = ProviderConfig(kind=Provider.OPENAI, api_base=f"http://{host}/v1", api_key=KEY)
        async with open_session(provider) as session:
            api = ProviderApi(session, provider, SystemClock())
            try:
                assert await api.fetch("models") == {"data": {}}
            except errors.ProviderUnavailableError:
                assert not reached
    assert [request.host for request in server.seen] == ["models.invalid"]


@pytest.mark.parametrize(
    ("record", "nano_usd"),
    [
        (b'{"data": {"id": "gen-1", "total_cost": 0.25}}', 250_000_000),
        (b'{"data": {"id": "gen-1", "total_cost": "0.25"}}', 250_000_000),
        (b'{"data": {"total_cost": 0.01, "is_byok": true, "upstream_inference_cost": 0.2}}', 210_000_000),
        (b'{"data": {"total_cost": 0.01, "is_byok": false, "upstream_inference_cost": 0.01}}', 10_000_000),
        (b'{"data": {"id": "gen-2", "total_cost": 0.25}}', None),
        (b'{"data": {"id": "gen-1", "total_cost": null}}', None),
        (b'{"data": {"id": "gen-1", "total_cost": -1}}', None),
        (b'{"data": {"id": "gen-1", "total_cost": NaN}}', None),
        (b'{"data": {"id": "gen-1", "total_cost": 1e12}}', None),
        (b'{"data": []}', None),
        (b"", None),
    ],
)
async def test_the_record_of_a_generation(server: Server, record: bytes, nano_usd: int | None):
    """It counts where it is about this generation and says a sound amount; else it's not there yet."""
    server.body = record
    assert await OpenRouterGenerations(server.api).cost("gen-1") == nano_usd


async def test_a_record_that_is_not_there_yet(server: Server):
    """404 is "not yet"; every other failure is one."""
    server.status = 404
    assert await OpenRouterGenerations(server.api).cost("gen-1") is None
    server.status = 500
    with pytest.raises(errors.ProviderUnavailableError):
        await OpenRouterGenerations(server.api).cost("gen-1")
