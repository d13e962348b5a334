"""The routes of users, servers, channels, messages and threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from playground.discord.api.rest import API, BODY, answer_json
from playground.discord.state import codes
from playground.discord.state.checks import invalid, sized
from playground.discord.state.payloads import channel_json, guild_json, member_json, message_json, user_json
from playground.discord.state.permissions import can, demand, may_write
from playground.discord.state.records import ApiError, Permission
from playground.discord.state.rules import check_open

if TYPE_CHECKING:
    from playground.discord.api.gateway import Gateway
    from playground.discord.state.records import Channel, Guild, Message, User
    from playground.discord.state.world import World

NO_CONTENT = 204


class ChannelRoutes:
    """What a bot does outside interactions."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self.world = world
        self.gateway = gateway

    def add_to(self, app: web.Application) -> None:
        guild, channel = "/guilds/{guild_id}", "/channels/{channel_id}"
        message = f"{channel}/messages/{{message_id}}"
        for method, path, handler in (
            ("GET", "/users/@me", self.me),
            ("GET", "/users/{user_id}", self.user),
            ("POST", "/users/@me/channels", self.open_dm),
            ("GET", "/gateway", self.gateway_url),
            ("GET", "/gateway/bot", self.gateway_bot),
            ("GET", guild, self.guild),
            ("GET", f"{guild}/members/{{user_id}}", self.member),
            ("GET", channel, self.channel),
            ("PATCH", channel, self.edit_channel),
            ("DELETE", channel, self.delete_channel),
            ("POST", f"{channel}/typing", self.typing),
            ("POST", f"{channel}/threads", self.start_thread),
            ("POST", f"{message}/threads", self.start_thread),
            ("GET", f"{channel}/messages", self.history),
            ("POST", f"{channel}/messages", self.create),
            ("POST", f"{channel}/messages/bulk-delete", self.bulk_delete),
            ("GET", message, self.message),
            ("PATCH", message, self.edit),
            ("DELETE", message, self.delete),
            ("PUT", f"{message}/reactions/{{emoji}}/@me", self.react),
            ("PUT", f"{channel}/thread-members/{{user_id}}", self.add_to_thread),
        ):
            app.router.add_route(method, API + path, handler)

    # --- Who and where --------------------------------------------------------------------------------------

    async def me(self, _: web.Request) -> web.Response:
        return answer_json({**user_json(self.world.me), "verified": True, "mfa_enabled": False, "locale": "en-US"})

    def _user(self, key: str) -> User:
        if user := self.world.users.get(int(key)):
            return user
        raise ApiError(404, 10013, "Unknown User")

    async def user(self, request: web.Request) -> web.Response:
        return answer_json(user_json(self._user(request.match_info["user_id"])))

    async def open_dm(self, request: web.Request) -> web.Response:
        return answer_json(channel_json(self.world.open_dm(self._user(request[BODY][0]["recipient_id"]))))

    async def gateway_url(self, _: web.Request) -> web.Response:
        return answer_json({"url": self.gateway.url})

    async def gateway_bot(self, _: web.Request) -> web.Response:
        limit = {
            "total": 1000,
            "remaining": 1000 - self.gateway.identifies,
            "reset_after": 0,
            "max_concurrency": 1,
        }
        return answer_json({"url": self.gateway.url, "shards": self.gateway.shards, "session_start_limit": limit})

    def _guild(self, request: web.Request) -> Guild:
        if guild := self.world.guilds.get(int(request.match_info["guild_id"])):
            return guild
        raise ApiError(404, 10004, "Unknown Guild")

    async def guild(self, request: web.Request) -> web.Response:
        return answer_json(guild_json(self._guild(request)))

    async def member(self, request: web.Request) -> web.Response:
        if member := self._guild(request).members.get(int(request.match_info["user_id"])):
            return answer_json(member_json(member))
        raise ApiError(404, 10007, "Unknown Member")

    def _channel(self, request: web.Request, needed: int = 0) -> Channel:
        """The channel of the path, if the bot may see it and do what is `needed`."""
        key = request.match_info["channel_id"]
        channel = self.world.channels.get(int(key)) if key.isdecimal() else None
        if channel is None:
            raise ApiError(404, 10003, "Unknown Channel")
        demand(self.world.me, channel, needed)
        return channel

    def _managed(self, request: web.Request) -> Channel:
        channel = self._channel(request)
        needed = Permission.MANAGE_THREADS if channel.parent else Permission.MANAGE_CHANNELS
        demand(self.world.me, channel, 0 if channel.owner is self.world.me else needed)
        return channel

    async def channel(self, request: web.Request) -> web.Response:
        return answer_json(channel_json(self._channel(request)))

    async def edit_channel(self, request: web.Request) -> web.Response:
        channel, body = self._managed(request), request[BODY][0]
        changes = {key: body[key] for key in ("name", "archived", "locked") if key in body}
        self.world.update_channel(channel, **changes)
        return answer_json(channel_json(channel))

    async def delete_channel(self, request: web.Request) -> web.Response:
        channel = self._managed(request)
        self.world.remove_channel(channel)
        return answer_json(channel_json(channel))

    async def typing(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        may_write(self.world.me, channel, files=False, reply=False)
        self.world.changed("typing", channel)
        return web.Response(status=NO_CONTENT)

    async def start_thread(self, request: web.Request) -> web.Response:
        body, start = request[BODY][0], request.match_info.get("message_id")
        kind = codes.THREAD if start else body.get("type", codes.PRIVATE_THREAD)
        public = kind == codes.THREAD
        needed = Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS
        channel = self._channel(request, needed)
        message = self._message(request) if start else None
        thread = self.world.add_thread(channel, body.get("name"), self.world.me, message=message, kind=kind)
        return answer_json(channel_json(thread), 201)

    async def add_to_thread(self, request: web.Request) -> web.Response:
        thread, user = self._channel(request), self._user(request.match_info["user_id"])
        check_open(thread)
        if thread.parent is None or not can(user, thread.parent, Permission.VIEW_CHANNEL):
            raise ApiError(403, 50001, "Missing Access")
        thread.members.add(user)
        return web.Response(status=NO_CONTENT)

    # --- Messages -------------------------------------------------------------------------------------------

    def _shown(self, *messages: Message) -> list[object]:
        intent = self.world.message_content
        return [message_json(message, self.world.me, intent=intent) for message in messages]

    def _message(self, request: web.Request) -> Message:
        channel, key = self._channel(request), request.match_info["message_id"]
        if key.isdecimal() and int(key) in channel.messages:
            return channel.messages[int(key)]
        raise ApiError(404, 10008, "Unknown Message")

    async def create(self, request: web.Request) -> web.Response:
        (body, files), channel = request[BODY], self._channel(request)
        may_write(self.world.me, channel, files=bool(files), reply=bool(body.get("message_reference")))
        self.world.rules.check_post(self.world.me, channel)
        message = self.world.create(channel, self.world.me, body, files=files)
        named = {} if message.nonce is None else {"nonce": message.nonce}
        return answer_json({**message_json(message, self.world.me), **named})

    async def edit(self, request: web.Request) -> web.Response:
        (body, files), message = request[BODY], self._message(request)
        if message.author is not self.world.me:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        demand(self.world.me, message.channel, Permission.ATTACH_FILES if files else 0)
        self.world.rules.check_edit(message)
        return answer_json(self._shown(self.world.edit(message, body, files))[0])

    async def delete(self, request: web.Request) -> web.Response:
        message = self._message(request)
        own = message.author is self.world.me
        demand(self.world.me, message.channel, 0 if own else Permission.MANAGE_MESSAGES)
        check_open(message.channel)
        self.world.delete(message)
        return web.Response(status=NO_CONTENT)

    async def bulk_delete(self, request: web.Request) -> web.Response:
        channel, keys = self._channel(request, Permission.MANAGE_MESSAGES), request[BODY][0]["messages"]
        sized(keys, "messages", 2, 100)
        if found := [channel.messages[int(key)] for key in keys if int(key) in channel.messages]:
            self.world.delete(*found)
        return web.Response(status=NO_CONTENT)

    async def message(self, request: web.Request) -> web.Response:
        message = self._message(request)
        demand(self.world.me, message.channel, Permission.READ_MESSAGE_HISTORY)
        return answer_json(self._shown(message)[0])

    async def react(self, request: web.Request) -> web.Response:
        message = self._message(request)
        demand(self.world.me, message.channel, Permission.READ_MESSAGE_HISTORY | Permission.ADD_REACTIONS)
        self.world.react(message, request.match_info["emoji"])
        return web.Response(status=NO_CONTENT)

    async def history(self, request: web.Request) -> web.Response:
        """Newest first."""
        channel, query = self._channel(request), request.query
        limit = int(query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
        keys = sorted(channel.messages) if can(self.world.me, channel, Permission.READ_MESSAGE_HISTORY) else []
        if "around" in query:
            middle = sum(key < int(query["around"]) for key in keys)
            keys = keys[max(0, middle - limit // 2) :][:limit]
        elif "after" in query:
            keys = [key for key in keys if key > int(query["after"])][:limit]
        else:
            keys = [key for key in keys if key < int(query.get("before", 2**63))][-limit:]
        return answer_json(self._shown(*(channel.messages[key] for key in reversed(keys))))
