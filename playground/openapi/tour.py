"""Asks the test Discord for something on each of its routes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

from playground.discord import Discord, RateLimits
from playground.discord.api.rest import API

if TYPE_CHECKING:
    from playground.discord import Guild, User

Json = dict[str, Any]
COMMAND = {"name": "ask", "description": "Ask", "type": 1}
BUTTON = {"type": 2, "style": 2, "label": "Stop", "custom_id": "stop"}
ROWS = [{"type": 1, "components": [BUTTON]}]


class Answer(NamedTuple):
    """What a route answered; `body` is None where there was none."""

    method: str
    route: str  # as the test Discord has it
    status: int
    body: Any


class Tour:
    """A bot without a library, and a member who uses its command."""

    def __init__(self, d: Discord, session: aiohttp.ClientSession) -> None:
        self.d = d
        self.session = session
        self.answers: list[Answer] = []
        self.member: User = d.add_user("Mo")
        self.guild: Guild = d.add_guild("Workshop", bot_permissions=(1 << 53) - 1)
        d.add_member(self.guild, self.member, nick="Captain")
        self.channel = d.add_channel(self.guild, "general")

    async def run(self) -> list[Answer]:
        """Visit every route; returns what each answered."""
        await self.who_and_where()
        await self.messages()
        await self.threads()
        await self.commands()
        await self.interactions()
        await self.ask("DELETE", f"/channels/{self.channel.id}")
        return self.answers

    async def ask(self, method: str, path: str, body: Any = None, files: dict[str, bytes] | None = None) -> Any:  # noqa: ANN401 - JSON
        """One request; returns the JSON of its answer."""
        options: Json = {"headers": {"Authorization": f"Bot {self.d.token}"}, "json": body}
        if files:
            form = aiohttp.FormData({"payload_json": json.dumps(body)})
            for number, (name, data) in enumerate(files.items()):
                form.add_field(f"files[{number}]", data, filename=name)
            options = {**options, "json": None, "data": form}
        async with self.session.request(method, self.d.api_base + path, **options) as response:
            read = await response.json() if response.content_type == "application/json" else None
        route = self.d.requests[-1].route
        self.answers.append(Answer(method, route, response.status, read))
        return read

    async def who_and_where(self) -> None:
        for path in ("/users/@me", f"/users/{self.member.id}", "/applications/@me", "/oauth2/applications/@me"):
            await self.ask("GET", path)
        for path in ("/gateway", "/gateway/bot", "/users/1", "/users/@me/guilds"):
            await self.ask("GET", path)
        await self.ask("PATCH", "/applications/@me", {"flags": 1 << 19})
        direct = await self.ask("POST", "/users/@me/channels", {"recipient_id": str(self.member.id)})
        self.d.overwrite(self.channel, self.member, allow=1 << 13)
        guild = f"/guilds/{self.guild.id}"
        for path in (guild, f"{guild}/members/{self.member.id}", f"/channels/{self.channel.id}"):
            await self.ask("GET", path)
        await self.ask("GET", f"/channels/{direct['id']}")
        await self.ask("PATCH", f"/channels/{self.channel.id}", {"name": "general"})

    async def messages(self) -> None:
        path = f"/channels/{self.channel.id}/messages"
        question = self.d.say(self.member, self.channel, "What is a tide?", mention=True, files=[("a.txt", b"a")])
        reference = {"message_id": str(question.id)}
        await self.ask("POST", f"/channels/{self.channel.id}/typing")
        body = {"content": "The sea.", "message_reference": reference, "components": ROWS, "nonce": "7"}
        sent = await self.ask("POST", path, body)
        filed = await self.ask("POST", path, {"content": "Look."}, {"a.png": b"\x89PNG"})
        self.d.say(self.d.add_user("Rolf", webhook=True), self.channel, "by a webhook")
        await self.ask("GET", path)
        await self.ask("PUT", f"{path}/{sent['id']}/reactions/%E2%8F%B3/@me")
        await self.ask("GET", f"{path}/{sent['id']}")
        await self.ask("PATCH", f"{path}/{sent['id']}", {"content": "The sea, twice a day."})
        await self.ask("POST", path, {"content": "x" * 2001})
        await self.ask("DELETE", f"{path}/{sent['id']}")
        await self.ask("POST", f"{path}/bulk-delete", {"messages": [filed["id"], str(question.id)]})

    async def threads(self) -> None:
        message = self.d.say(self.member, self.channel, "A long story")
        path = f"/channels/{self.channel.id}"
        begun = await self.ask("POST", f"{path}/messages/{message.id}/threads", {"name": "A long story"})
        private = await self.ask("POST", f"{path}/threads", {"name": "aside", "type": 12})
        await self.ask("PUT", f"/channels/{private['id']}/thread-members/{self.member.id}")
        await self.ask("GET", f"/channels/{begun['id']}")
        await self.ask("GET", f"{path}/messages/{message.id}")

    async def commands(self) -> None:
        for place in ("", f"/guilds/{self.guild.id}"):
            path = f"/applications/{self.d.application_id}{place}/commands"
            await self.ask("PUT", path, [COMMAND] if not place else [])
            await self.ask("GET", path)

    async def interactions(self) -> None:
        using = asyncio.create_task(self.d.command(self.member, self.channel, "ask"))
        used = (await self.d.until(lambda: list(self.d.world.interactions.values())))[-1]
        answer = {"type": 4, "data": {"content": "The sea.", "components": ROWS}}
        await self.ask("POST", f"/interactions/{used.id}/{used.token}/callback?with_response=true", answer)
        await using
        path = f"/webhooks/{self.d.application_id}/{used.token}"
        more = await self.ask("POST", f"{path}?wait=true", {"content": "More of it."})
        for message in ("@original", more["id"]):
            await self.ask("GET", f"{path}/messages/{message}")
            await self.ask("PATCH", f"{path}/messages/{message}", {"content": "Enough."})
            await self.ask("DELETE", f"{path}/messages/{message}")


async def tour() -> tuple[list[Answer], list[str]]:
    """What the routes answered, and those that were not visited."""
    d = Discord(limits=RateLimits(webhook=(50, 1.0)))
    await d.start()
    try:
        async with aiohttp.ClientSession() as session:
            answers = await Tour(d, session).run()
        visited = {(answer.method, answer.route) for answer in answers}
        return answers, [f"{method} {path}" for method, path in routes(d) if (method, path) not in visited]
    finally:
        await d.close()


def routes(d: Discord) -> list[tuple[str, str]]:
    """Every route of the REST API that the test Discord has."""
    known = [(route.method, route.resource.canonical) for route in d.app.router.routes() if route.resource]
    return [
        (method, path.removeprefix(API)) for method, path in known if path.startswith(API) and method != "HEAD"
    ]
