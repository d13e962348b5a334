"""The gateway: sessions that identify, resume, beat, and get their events in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from playground.discord.state import codes
from playground.discord.state.payloads import guild_create_json, member_json, user_json

if TYPE_CHECKING:
    from playground.discord.state.records import Guild, Json
    from playground.discord.state.world import World

KEPT_EVENTS = 5000  # for a session that resumes


@dataclass(slots=True, eq=False)
class Session:
    """What survives a connection: the events sent so far, for a client that resumes."""

    id: str
    intents: int
    shard: tuple[int, int]
    sequence: int = 0
    events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    connection: Connection | None = None

    def wants(self, guild: Guild | None, intent: int) -> bool:
        index, count = self.shard
        mine = ((guild.id >> 22) % count if guild else 0) == index
        return mine and (intent == 0 or bool(self.intents & intent))

    def send(self, event: str, data: str) -> None:
        self.sequence += 1
        frame = f'{{"op":0,"t":"{event}","s":{self.sequence},"d":{data}}}'
        self.events.append((self.sequence, frame))
        if self.connection and not self.connection.deaf:
            self.connection.outbox.put_nowait(frame)


@dataclass(slots=True, eq=False)
class Connection:
    transport: asyncio.BaseTransport | None
    outbox: asyncio.Queue[str | int] = field(default_factory=asyncio.Queue)  # frames, or a code to close with
    session: Session | None = None
    deaf: bool = False  # half open: heartbeats are answered, and no event comes through

    def send(self, op: int, data: object = None) -> None:
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what is put into the outbox, in order."""
        with contextlib.suppress(ConnectionError):
            while isinstance(item := await self.outbox.get(), str):
                await socket.send_str(item)
            await socket.close(code=item)


class Gateway:
    def __init__(self, world: World, token: str, *, latency: float = 0.0) -> None:
        self.world = world
        self.token = token
        # An acknowledgement that comes in no time overtakes discord.py's note of when it asked.
        self.latency = latency
        self.url = ""
        self.reachable = True  # when false, every connection breaks at once
        self.refuses_with = 0  # the close code that every identify or resume gets; 0: none
        self.repeats = 0  # how many events a resumed session gets a second time
        self.sessions: list[Session] = []
        self.shards = 1  # as many as it recommends
        self.identifies = 0
        self.resumes = 0
        world.dispatch = self.dispatch

    @property
    def live(self) -> list[Connection]:
        return [session.connection for session in self.sessions if session.connection]

    def dispatch(
        self, event: str, data: Json, *, guild: Guild | None, intent: int = 0, blank: Json | None = None
    ) -> None:
        whole = json.dumps(data)
        hidden = whole if blank is None else json.dumps(blank)
        for session in self.sessions:
            if session.wants(guild, intent):
                session.send(event, whole if session.intents & codes.MESSAGE_CONTENT else hidden)

    def close(self, code: int) -> None:
        """Close every connection with a code."""
        for connection in self.live:
            connection.outbox.put_nowait(code)

    def drop(self, *, resume: bool) -> None:
        """Break every connection; without `resume` the sessions are forgotten as well."""
        for session in self.sessions:
            if session.connection and isinstance(session.connection.transport, asyncio.WriteTransport):
                session.connection.transport.abort()
            session.connection = None
        if not resume:
            self.sessions.clear()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        if not self.reachable and request.transport:
            request.transport.close()
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(request.transport)
        connection.send(codes.HELLO, {"heartbeat_interval": codes.HEARTBEAT_MS})
        writer = asyncio.create_task(connection.write(socket))
        try:
            async for frame in socket:
                if code := self._receive(frame.data if frame.type is WSMsgType.TEXT else "", connection):
                    await socket.close(code=code)
        finally:
            writer.cancel()
            if connection.session and connection.session.connection is connection:
                connection.session.connection = None
            self.world.changed("gateway", connection.session)
        return socket

    def _receive(self, text: str, connection: Connection) -> int:
        """Act on a frame; returns the code to close the connection with, 0 to go on."""
        try:
            op, data = (frame := json.loads(text))["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            return codes.DECODE_ERROR
        if op == codes.HEARTBEAT:
            asyncio.get_running_loop().call_later(self.latency, connection.send, codes.ACK)
        elif op in {codes.IDENTIFY, codes.RESUME}:
            return self._begin(op, data, connection)
        elif connection.session is None:
            return codes.NOT_AUTHENTICATED
        elif op == codes.REQUEST_MEMBERS:
            self._tell_members(data, connection.session)
        # Presences and voice are taken and never answered.
        return 0 if op <= codes.ACK else codes.UNKNOWN_OP

    def _tell_members(self, data: Json, session: Session) -> None:
        """Members asked for by their ids, which takes no intent."""
        guild = self.world.guilds.get(int(data["guild_id"]))
        wanted = {int(user_id) for user_id in data.get("user_ids", [])}
        if guild is not None:
            found = [member_json(member) for member in guild.members.values() if member.user.id in wanted]
            chunk: Json = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1}
            session.send("GUILD_MEMBERS_CHUNK", json.dumps(chunk))

    def _begin(self, op: int, data: Json, connection: Connection) -> int:
        forbidden = codes.GUILD_MEMBERS | codes.PRESENCES
        forbidden |= 0 if self.world.message_content else codes.MESSAGE_CONTENT
        if connection.session:
            return codes.ALREADY_IDENTIFIED
        if data["token"] != self.token:
            return codes.BAD_TOKEN
        if self.refuses_with:
            return self.refuses_with
        if data.get("intents", 0) & forbidden:
            return codes.DISALLOWED_INTENTS
        (self._identify if op == codes.IDENTIFY else self._resume)(data, connection)
        self.world.changed("gateway", connection.session)
        return 0

    def _identify(self, data: Json, connection: Connection) -> None:
        self.identifies += 1
        index, count = data.get("shard", [0, 1])
        session = Session(secrets.token_hex(16), data["intents"], (index, count))
        session.connection, connection.session = connection, session
        me, guilds = self.world.me, [g for g in self.world.guilds.values() if session.wants(g, 0) and not g.hidden]
        ready: Json = {"v": 10, "user": user_json(me), "session_id": session.id, "resume_gateway_url": self.url}
        ready |= {"shard": [index, count], "application": {"id": str(me.id), "flags": 0}}
        ready["guilds"] = [{"id": str(guild.id), "unavailable": True} for guild in guilds]
        session.send("READY", json.dumps(ready))
        for guild in guilds if session.intents & codes.GUILDS else []:
            session.send("GUILD_CREATE", json.dumps(guild_create_json(guild, me)))
        # A client that identifies as a shard won't resume what that shard lost.
        self.sessions = [s for s in self.sessions if s.connection or s.shard != session.shard] + [session]

    def _resume(self, data: Json, connection: Connection) -> None:
        """Replay what the session missed; one that is unknown, or missed too much, must identify again."""
        session = next((s for s in self.sessions if s.id == data["session_id"]), None)
        missed = [frame for number, frame in session.events if number > data["seq"]] if session else []
        lost = session is None or len(missed) != session.sequence - data["seq"]
        if session is None or lost:
            connection.send(codes.INVALID_SESSION, data=False)
            return
        self.resumes += 1
        session.connection, connection.session = connection, session
        for _, frame in list(session.events)[-(len(missed) + self.repeats) or len(session.events) :]:
            connection.outbox.put_nowait(frame)
        session.send("RESUMED", "{}")
