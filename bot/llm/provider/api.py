"""One way to fetch a JSON document from the provider: bounded in time, size and depth."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.core.errors import ModelError
from bot.llm import failures
from bot.llm.documents import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.core.ports import Clock
    from bot.llm.config import ProviderConfig

ANSWER_S = 15.0
SMALL_BYTES = 2**18  # far more than the key's standing or a generation's record take
LIST_BYTES = 16 * 2**20  # for a list of models: OpenRouter's is one or two megabytes
OK = 200
_GZIP_OR_ZLIB = 47  # zlib's window bits for "either, by the header"


class ProviderApi:
    """The provider's paths beside completions. It shares the session, and knows one host only."""

    def __init__(self, session: aiohttp.ClientSession, provider: ProviderConfig, clock: Clock) -> None:
        self._session = session
        self._base = provider.url
        self._clock = clock

    async def fetch(
        self, path: str, *, timeout_s: float = ANSWER_S, limit_bytes: int = SMALL_BYTES, **query: str
    ) -> Mapping[str, Any]:
        """The JSON object at a path; an empty one where the answer is something else.

        Raises:
            ModelError: no answer in time, a status other than 200, or an answer larger than the limit.
        """
        return await self._request("GET", path, timeout_s=timeout_s, limit_bytes=limit_bytes, params=query)

    async def send(self, path: str, form: aiohttp.FormData, *, timeout_s: float = ANSWER_S) -> Mapping[str, Any]:
        """The JSON object that answers a form; see `fetch`."""
        return await self._request("POST", path, timeout_s=timeout_s, limit_bytes=SMALL_BYTES, data=form)

    async def send_json(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        """The JSON object that answers another; see `fetch`."""
        return await self._request("POST", path, timeout_s=ANSWER_S, limit_bytes=SMALL_BYTES, json=body)

    async def _request(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        limit_bytes: int,
        **options: Any,  # noqa: ANN401 - aiohttp's
    ) -> Mapping[str, Any]:
        url = f"{self._base}/{path}"
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._session.request(
                    method, url, allow_redirects=False, auto_decompress=False, **options
                ) as response,
            ):
                body = await _read(response, limit_bytes)
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:  # a TimeoutError is an OSError
            raise failures.from_connection("", error) from error
        if response.status != OK:
            headers = {name.lower(): value for name, value in response.headers.items()}
            raise failures.from_response("", response.status, headers, body, now=self._clock.time())
        if len(body) > limit_bytes:
            raise ModelError(status=OK, detail=f"an answer of more than {limit_bytes} bytes")
        return await asyncio.to_thread(document, body) if len(body) > SMALL_BYTES else document(body)


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """A body up to just above the limit, also where it's compressed although nobody asked for that."""
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    inflate = None if plain else zlib.decompressobj(_GZIP_OR_ZLIB)
    body = bytearray()
    async for data in response.content.iter_any():
        body += inflate.decompress(data, limit_bytes + 1 - len(body)) if inflate else data
        if len(body) > limit_bytes:
            break
    return bytes(body[: limit_bytes + 1])
