"""Downloads from Discord's hosts and from nowhere else: bounded in time and size, without redirects."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from bot.attachments.limits import DOWNLOAD_S
from bot.attachments.problems import FileProblemError
from bot.conversation.extras.unread import FILE_BYTES, Problem
from bot.core.proxies import proxy_for

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)

# https://discord.com/developers/docs/reference#image-formatting, and where its copies are
DISCORD_HOSTS = ("https://cdn.discordapp.com", "https://media.discordapp.net")
CONNECT_S = 10.0
OK = 200
GONE = {403, 404, 410}


def origin_of(url: URL) -> URL | None:
    """Scheme, host and port: what an address has to share with an allowed one; None where it has none."""
    try:
        return url.origin()
    except ValueError:
        return None


class Downloads:
    """Fetches files from the hosts of `bases`; the session is its own, without cookies and keys."""

    def __init__(self, bases: Iterable[str] = DISCORD_HOSTS, *, timeout_s: float = DOWNLOAD_S) -> None:
        self._origins = {origin_of(URL(base)) for base in bases}
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str, *, limit_bytes: int = FILE_BYTES) -> bytearray:
        """The contents of a file.

        Raises:
            FileProblemError: it isn't there, too large, too slow, cut off, or somewhere else.
        """
        try:
            # Discord's addresses are encoded already. What is compared is what is fetched.
            address = URL(url, encoded=True)
            if (origin := origin_of(address)) is None or origin not in self._origins:
                log.warning("a file that isn't on Discord's hosts was not fetched")
                raise FileProblemError(Problem.UNREACHABLE)
            async with asyncio.timeout(self._timeout_s):
                return await self._read(address, limit_bytes)
        except TimeoutError:
            raise FileProblemError(Problem.SLOW) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            log.info("a download broke off: %s", type(error).__name__)
            raise FileProblemError(Problem.UNREACHABLE) from error

    async def _read(self, url: URL, limit_bytes: int) -> bytearray:
        data = bytearray()
        options = {"allow_redirects": False, "auto_decompress": False, "proxy": proxy_for(str(url))}
        async with self._open().get(url, **options) as response:  # type: ignore[arg-type] # options of three kinds
            if response.status != OK or response.headers.get("Content-Encoding", "identity") != "identity":
                gone = response.status in GONE
                raise FileProblemError(Problem.GONE if gone else Problem.UNREACHABLE)
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > limit_bytes:
                    raise FileProblemError(Problem.TOO_LARGE)
        return data

    def _open(self) -> aiohttp.ClientSession:
        """The session, opened with the first download: nearly all questions have no files."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": "Headwater", "Accept-Encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
