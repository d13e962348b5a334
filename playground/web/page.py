"""The server of the demo's page: its files, the news it gets, the actions it asks for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from playground.discord import PlaygroundError
from playground.loopback import HOST, listen
from playground.web.page_actions import PageActions
from playground.web.panel import Panel
from playground.web.views import message_view, place_view, user_view, world_view

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playground.discord import Change, Discord, Message
    from playground.discord.state.records import File
    from playground.processes import Reports
    from playground.web.stage import Stage
    from playground.web.views import Json

    Action = Callable[[Json, list[File]], Awaitable[Json]]

FOLDER = Path(__file__).parent
BACKLOG = 5000  # news that a page may be behind; then it is cut off, and starts over
UPLOAD_BYTES = 101 * 2**20  # ten files of Discord's 10 MB
PING_SECONDS = 20.0
HEADERS = {
    # `blob:` is a picture that was pasted and is not sent yet.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Page:
    """Serves one world to any number of pages; what it listens on is loopback alone."""

    def __init__(self, d: Discord, stage: Stage, reports: Reports | None) -> None:
        self.d = d
        self.stage = stage
        self.messages: dict[int, Message] = {}
        self.panel = Panel(d, reports, self.messages, self._tell)
        self.page_actions = PageActions(d, stage, self.messages)
        self.address = ""
        self._hosts: set[str] = set()
        self._pages: set[asyncio.Queue[str | None]] = set()
        self._end: Callable[[], Awaitable[None]] | None = None

    async def start(self, port: int = 0) -> None:
        """Listen on a port of 127.0.0.1, on any free one where it is taken."""
        try:
            taken, self._end = await listen(self._app(), port, shutdown_timeout=0.2)
        except OSError:
            taken, self._end = await listen(self._app(), shutdown_timeout=0.2)
        self.address = f"http://{HOST}:{taken}/"
        self._hosts = {f"{HOST}:{taken}", f"localhost:{taken}"}
        self.d.world.listeners.append(self._follow)

    async def close(self) -> None:
        if self._follow in self.d.world.listeners:
            self.d.world.listeners.remove(self._follow)
        for page in self._pages:
            page.put_nowait(None)
        await self.panel.close()
        if self._end:
            await self._end()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=UPLOAD_BYTES)
        app.router.add_get("/", self._index)
        app.router.add_static("/static", FOLDER / "static")
        app.router.add_static("/vendor", FOLDER / "vendor")
        app.router.add_get("/news", self._news)
        app.router.add_get("/files/{id:\\d+}/{name}", self._file)
        for name in (
            "say",
            "forward",
            "edit",
            "delete",
            "commands",
            "command",
            "complete",
            "menu",
            "press",
            "select",
            "submit",
        ):
            app.router.add_post(f"/do/{name}", self._doing(getattr(self.page_actions, name)))
        app.router.add_post("/do/set", self._doing(self.panel.set))
        app.router.add_post("/do/trouble", self._doing(self.panel.trouble))
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Let in what comes from this page alone.

        The Host header keeps out names that were pointed at this machine (DNS rebinding), the Origin header what
        other sites' pages send. A browser names the origin of every POST and every WebSocket.
        """
        origin = request.headers.get("Origin", "")
        own = origin.removeprefix("http://") in self._hosts and origin.startswith("http://")
        needed = request.method != "GET" or request.path == "/news"
        if request.host not in self._hosts or ((needed or origin) and not own):
            raise web.HTTPForbidden(text="This page is for a browser on this machine, at its own address.")
        response = await handler(request)
        if not response.prepared:
            response.headers.update({**HEADERS, **response.headers})
        return response

    # --- News -----------------------------------------------------------------------------------------------

    async def _news(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS)
        await socket.prepare(request)
        news: asyncio.Queue[str | None] = asyncio.Queue(BACKLOG)
        news.put_nowait(json.dumps({"type": "world", **self._world()}))
        self._pages.add(news)
        writing = asyncio.create_task(self._write(socket, news))
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    break
        finally:
            self._pages.discard(news)
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writing
        return socket

    async def _write(self, socket: web.WebSocketResponse, news: asyncio.Queue[str | None]) -> None:
        while (item := await news.get()) is not None:
            await socket.send_str(item)
        await socket.close()

    def _world(self) -> Json:
        messages = sorted(self.messages.values(), key=lambda message: message.id)
        return {**world_view(self.d, self.stage, messages), "panel": self.panel.view()}

    def _tell(self, news: Json) -> None:
        text = json.dumps(news) if self._pages else ""
        for page in list(self._pages):
            if page.full():
                self._pages.discard(page)
                page.get_nowait()
                page.put_nowait(None)
            else:
                page.put_nowait(text)

    def _follow(self, change: Change) -> None:
        """Pass a change on; for `World.listeners`."""
        subject: Any = change.subject
        match change.kind:
            case "message" | "edit" | "reaction":
                self.messages[subject.id] = subject
                self._tell({"type": "message", "message": message_view(subject)})
            case "delete":
                self.messages.pop(subject.id, None)
                self._tell({"type": "deleted", "id": str(subject.id), "place": str(subject.channel.id)})
            case "typing":
                self._tell({"type": "typing", "place": str(subject.id)})
            case "channel":
                gone = subject.id not in self.d.world.channels
                self._tell({"type": "place", "place": place_view(subject), "gone": gone})
            case "commands":
                self._tell({"type": "commands"})
            case "gateway":
                self._tell({"type": "bot", "bot": {**user_view(self.d.bot), "online": self.d.online}})
            case "request":
                self.panel.note(subject)

    # --- Requests -------------------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(FOLDER / "static" / "index.html")

    async def _file(self, request: web.Request) -> web.Response:
        """An attachment, to be saved; nothing that was uploaded is ever run as a part of the page."""
        file = self.d.cdn.files.get(int(request.match_info["id"]))
        if file is None:
            raise web.HTTPNotFound
        return web.Response(
            body=file.data, content_type=file.content_type, headers={"Content-Disposition": "attachment"}
        )

    def _doing(self, action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
        """An action as a route; a refusal is answered with its own sentence."""

        async def handle(request: web.Request) -> web.Response:
            try:
                return web.json_response(await action(*await _read(request)))
            except PlaygroundError as error:
                return web.json_response({"error": str(error)}, status=409)
            except (KeyError, TypeError, ValueError):
                return web.json_response(
                    {"error": "The page sent something that makes no sense here."}, status=400
                )

        return handle


async def _read(request: web.Request) -> tuple[Json, list[File]]:
    """What a page sent, and the files with it."""
    if not request.content_type.startswith("multipart/"):
        return await request.json(), []
    form = await request.post()
    uploads = [part for part in form.getall("file", []) if isinstance(part, web.FileField)]
    return json.loads(str(form["body"])), [(upload.filename, upload.file.read()) for upload in uploads]
