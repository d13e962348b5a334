"""Where files are kept and downloaded: by signed URLs that expire, and as badly as a test likes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import mimetypes
import secrets
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from playground.discord.state.records import Attachment
from playground.loopback import reset
from playground.pictures import pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from playground.discord.state.records import Channel, Json, Message

LIFETIME = 86_400.0  # seconds that a signed URL is good for: a day
PIECE = 2**16


@dataclass(slots=True, frozen=True, kw_only=True)
class Serving:
    """How a file is served, where not as it should be."""

    status: int = 200
    delay: float = 0.0  # seconds before the answer
    rate: float = 0.0  # bytes a second; 0: flat out
    cut: int | None = None  # the connection breaks after so many bytes
    endless: bool = False  # zeros, for as long as somebody reads
    length: int | None = None  # the Content-Length, where it lies
    redirect: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Cdn:
    """`hits` are the paths of all downloads with their status; `lifetime` is that of URLs given afterwards."""

    def __init__(self, snowflake: Callable[[], int]) -> None:
        self.base = ""
        self.lifetime = LIFETIME
        self.files: dict[int, Attachment] = {}
        self.hits: list[tuple[str, int]] = []
        self._snowflake = snowflake
        self._key = secrets.token_bytes(16)
        self._serving: dict[int, Serving] = {}

    def add(
        self,
        channel: Channel,
        name: str,
        data: bytes,
        claims: Json | None = None,
        *,
        description: str | None = None,
    ) -> Attachment:
        """Keep an upload; `claims` are fields of its JSON that say something else than Discord would."""
        key, kind = self._snowflake(), mimetypes.guess_type(name)[0] or "application/octet-stream"
        path = f"attachments/{channel.id}/{key}/{name}"
        size = pixels(data) if kind.startswith("image/") else None
        facts = {**({"width": size[0], "height": size[1]} if size else {}), **(claims or {})}
        file = self.files[key] = Attachment(key, name, data, path, kind, self.sign, description, facts)
        return file

    def add_sticker(self, name: str, data: bytes, kind: int) -> Json:
        """A sticker, as messages list it; its picture has an unsigned address that follows from its id."""
        key = self._snowflake()
        self.files[key] = Attachment(key, f"{key}.png", data, f"stickers/{key}.png", "image/png", self.sign)
        return {"id": str(key), "name": name, "format_type": kind}

    def sign(self, path: str) -> str:
        now = int(time.time())
        begin, end = f"{now:x}", f"{int(now + self.lifetime):x}"
        return f"{self.base}/{path}?ex={end}&is={begin}&hm={self._signature(path, begin, end)}&"

    def _signature(self, path: str, begin: str, end: str) -> str:
        return hmac.new(self._key, f"{path} {begin} {end}".encode(), hashlib.sha256).hexdigest()

    def serve(self, subject: Attachment | Message, **how: Any) -> None:  # noqa: ANN401 - the fields of Serving
        """Serve a file, or all files of a message, as `Serving` says from now on."""
        for file in [subject] if isinstance(subject, Attachment) else subject.attachments:
            self._serving[file.id] = replace(Serving(), **how)

    # --- The route ------------------------------------------------------------------------------------------

    async def download(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        file = next((file for file in self.files.values() if file.path == path), None)
        if file is None or not self._admits(path, request.query):
            self.hits.append((path, 404))
            raise web.HTTPNotFound
        how = self._serving.get(file.id, Serving())
        self.hits.append((path, how.status))
        await asyncio.sleep(how.delay)
        if how.redirect:
            raise web.HTTPFound(how.redirect)
        if how.status != 200:
            return web.Response(status=how.status)
        return await self._send(request, file, how)

    def _admits(self, path: str, query: Any) -> bool:  # noqa: ANN401 - a multi-dict
        if path.startswith("stickers/"):
            return True
        begin, end = query.get("is", ""), query.get("ex", "0")
        return query.get("hm") == self._signature(path, begin, end) and int(end, 16) > time.time()

    async def _send(self, request: web.Request, file: Attachment, how: Serving) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": file.content_type, **how.headers})
        if not how.endless:
            response.content_length = len(file.data) if how.length is None else how.length
        await response.prepare(request)
        data = file.data if how.cut is None else file.data[: how.cut]
        size = min(PIECE, max(1, round(how.rate / 10))) if how.rate else PIECE
        while how.endless:
            await response.write(bytes(PIECE))
        for at in range(0, len(data), size):
            await response.write(data[at : at + size])
            await asyncio.sleep(size / how.rate if how.rate else 0)
        if how.cut is not None or how.length is not None:
            reset(request)
        return response
