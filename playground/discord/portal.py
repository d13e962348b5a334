"""The developer portal's side: invite links, and what an application may change about itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from playground.discord.api.rest import API, BODY, answer_json
from playground.discord.state import codes
from playground.discord.state.payloads import user_json
from playground.discord.state.records import ApiError, PlaygroundError

if TYPE_CHECKING:
    from playground.discord.state.records import Guild, Json, User
    from playground.discord.state.world import World

AUTHORIZE = "/oauth2/authorize"
SCOPES = {"bot", "applications.commands"}
PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font:16px system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem"><h1>{title}</h1><p>{text}</p>"""


class Portal:
    """What an owner does in the browser, and the two routes that a set-up needs besides.

    `server` is the name of the one that the page of an invite link adds the bot to.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = "Harbour"

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(f"{API}/users/@me/guilds", self._guilds)
        app.router.add_get(f"{API}/applications/@me", self._application)
        app.router.add_get(f"{API}/oauth2/applications/@me", self._application)
        app.router.add_patch(f"{API}/applications/@me", self._edit)
        app.router.add_get(AUTHORIZE, self._authorize)

    def invite(self, link: str, name: str, owner: User | None = None) -> Guild:
        """Open an invite link, choose the server `name` there, and agree; it's `owner`'s.

        Raises:
            PlaygroundError: for what Discord's page refuses.
        """
        url = urlsplit(link)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path != AUTHORIZE or query.get("client_id") != str(self.world.me.id):
            raise PlaygroundError("Unknown Application")
        scopes = set(query.get("scope", "").replace("+", " ").split())
        if "bot" not in scopes or scopes - SCOPES:
            raise PlaygroundError("Invalid scope")
        owner = owner or self.world.add_user(f"{name} owner")
        permissions = int(query.get("permissions", 0))
        return self.world.add_guild(name, owner, bot_permissions=permissions, welcomes="general")

    async def _authorize(self, request: web.Request) -> web.Response:
        """The page of an invite link; opening it is agreeing to everything."""
        try:
            title = f"{self.world.me.name} was added to {self.invite(str(request.url), self.server).name}"
            text = "You can close this page."
        except PlaygroundError as error:
            title, text = "This link doesn't work", str(error)
        return web.Response(text=PAGE.format(title=escape(title), text=escape(text)), content_type="text/html")

    async def _guilds(self, _: web.Request) -> web.Response:
        common: Json = {"icon": None, "banner": None, "owner": False, "permissions": "0", "features": []}
        return answer_json([{"id": str(g.id), "name": g.name, **common} for g in self.world.guilds.values()])

    async def _application(self, _: web.Request) -> web.Response:
        me = self.world.me
        owner = next((guild.owner for guild in self.world.guilds.values()), me)
        named = {"id": str(me.id), "name": me.name, "description": "", "icon": None, "owner": user_json(owner)}
        flags = codes.CONTENT_GRANTED if self.world.message_content else 0
        more: Json = {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "type": None}
        more |= {"flags": flags, "flags_new": str(flags), "explicit_content_filter": 0, "team": None}
        more |= {"redirect_uris": [], "eligible_oauth2_scopes": [], "interactions_endpoint_url": None}
        more |= {"role_connections_verification_url": None, "approximate_guild_count": len(self.world.guilds)}
        more |= {"approximate_user_install_count": 0, "approximate_user_authorization_count": 0}
        return answer_json({**named, **more})

    async def _edit(self, request: web.Request) -> web.Response:
        """Of the flags, the API changes those of the limited intents alone."""
        flags = request[BODY][0].get("flags") or 0
        if flags & ~codes.CONTENT_GRANTED:
            raise ApiError(400, 50035, "Invalid Form Body")
        self.world.message_content = bool(flags)
        return await self._application(request)
