"""The test OpenRouter, and a plain HTTP client that sees its bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from playground.openrouter import OpenRouter, Script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODEL = "openai/gpt-4o-mini"


@dataclass
class Client:
    """Sends what a test wants, and returns what came back as it is."""

    server: OpenRouter
    session: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.server.base_url}{path}", headers=self.own) as response:
            return response.status, await response.json()

    async def ask(self, script: Script | None = None, **body: Any) -> tuple[aiohttp.ClientResponse, bytes]:
        """Ask for a stream; with a `script` that is what the call gets."""
        if script:
            self.server.answer = lambda _: script
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "stream": True, **body}
        url = f"{self.server.base_url}/chat/completions"
        async with self.session.post(url, json=body, headers=self.own, allow_redirects=False) as response:
            return response, await response.read()

    async def error(self, script: Script | None = None, **body: Any) -> dict[str, Any]:
        """The error that a request is answered with."""
        return json.loads((await self.ask(script, **body))[1])["error"]

    @property
    def own(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.server.key}"}


def chunks(data: bytes) -> list[dict[str, Any]]:
    """The JSON of a stream in OpenRouter's own framing."""
    lines = [line.removeprefix("data: ") for line in data.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    server = OpenRouter()
    await server.start()
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield Client(server, session)
    await server.close()
