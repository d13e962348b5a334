"""The routes of commands, interaction callbacks and their webhooks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiohttp import web

from playground.discord.api.rest import API, BODY, answer_json
from playground.discord.state import checks, codes
from playground.discord.state.payloads import message_json
from playground.discord.state.records import ApiError, Choice

if TYPE_CHECKING:
    from playground.discord.state.records import File, Interaction, Json, Message
    from playground.discord.state.world import World

ON_MESSAGE = {codes.DEFER_UPDATE, codes.UPDATE}  # only where the interaction began at a message
ANSWERS = {  # what each type of interaction may be answered with
    codes.COMMAND: {codes.ANSWER, codes.DEFER, codes.SHOW_MODAL},
    codes.COMPONENT: {codes.ANSWER, codes.DEFER, codes.SHOW_MODAL, *ON_MESSAGE},
    codes.AUTOCOMPLETE: {codes.CHOICES},
    codes.MODAL: {codes.ANSWER, codes.DEFER, *ON_MESSAGE},
}


class InteractionRoutes:
    def __init__(self, world: World, lifetime: float) -> None:
        self.world = world
        self.lifetime = lifetime  # seconds that an interaction's token is good for

    def add_to(self, app: web.Application) -> None:
        application, webhook = "/applications/{application_id}", "/webhooks/{application_id}/{token}"
        for method, path, handler in (
            ("GET", f"{application}/commands", self.list_commands),
            ("PUT", f"{application}/commands", self.put_commands),
            ("GET", f"{application}/guilds/{{guild_id}}/commands", self.list_commands),
            ("PUT", f"{application}/guilds/{{guild_id}}/commands", self.put_commands),
            ("POST", "/interactions/{interaction_id}/{token}/callback", self.callback),
            ("POST", webhook, self.follow_up),
            ("GET", f"{webhook}/messages/{{message_id}}", self.get),
            ("PATCH", f"{webhook}/messages/{{message_id}}", self.edit),
            ("DELETE", f"{webhook}/messages/{{message_id}}", self.delete),
        ):
            app.router.add_route(method, API + path, handler)

    # --- Commands -------------------------------------------------------------------------------------------

    def _scope(self, request: web.Request) -> int | None:
        guild = request.match_info.get("guild_id")
        if guild and int(guild) not in self.world.guilds:
            raise ApiError(403, 50001, "Missing Access")
        return int(guild) if guild else None

    async def list_commands(self, request: web.Request) -> web.Response:
        return answer_json(self.world.commands.get(self._scope(request), []))

    async def put_commands(self, request: web.Request) -> web.Response:
        """Replace all commands of a scope; those whose name stays keep their id."""
        scope, body = self._scope(request), request[BODY][0] or []
        checks.check_commands(body)
        known = {(c["type"], c["name"]): c["id"] for c in self.world.commands.get(scope, [])}
        self.world.commands[scope] = [self._registered(command, scope, known) for command in body]
        self.world.changed("commands", scope)
        return answer_json(self.world.commands[scope])

    def _registered(self, command: Json, scope: int | None, known: dict[tuple[int, str], str]) -> Json:
        kind = command.get("type", codes.SLASH)
        key = known.get((kind, command["name"]), str(self.world.snowflake()))
        defaults: Json = {"description": "", "options": [], "default_member_permissions": None, "nsfw": False}
        ids = {"id": key, "type": kind, "application_id": str(self.world.me.id), "version": key}
        return {**defaults, **command, **ids, **({"guild_id": str(scope)} if scope else {})}

    # --- The first answer -----------------------------------------------------------------------------------

    async def callback(self, request: web.Request) -> web.Response:
        (body, files), key = request[BODY], request.match_info["interaction_id"]
        interaction = self.world.interactions.get(request.match_info["token"])
        if interaction is None or str(interaction.id) != key or interaction.failed:
            raise ApiError(404, 10062, "Unknown interaction")
        if interaction.answer_type:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        allowed = ANSWERS[interaction.type] - (set() if interaction.message else ON_MESSAGE)
        if body.get("type") not in allowed:
            raise checks.invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {sorted(allowed)}.")
        self._answer(interaction, body["type"], body.get("data") or {}, files)
        interaction.answer_type = body["type"]
        interaction.answered.set()
        self.world.changed("interaction", interaction)
        if request.query.get("with_response") not in {"1", "true"}:
            return web.Response(status=204)
        return answer_json(self._resource(interaction))

    def _answer(self, interaction: Interaction, kind: int, data: Json, files: list[File]) -> None:
        match kind:
            case codes.ANSWER:
                self._post(interaction, data, files, first=True)
            case codes.DEFER:
                flags = (data.get("flags") or 0) & codes.EPHEMERAL | codes.LOADING
                self._post(interaction, {"flags": flags}, [], first=True)
            case codes.DEFER_UPDATE:
                interaction.original = interaction.message
            case codes.UPDATE if interaction.message:
                interaction.original = self.world.edit(interaction.message, data, files)
            case codes.CHOICES:
                checks.check_choices(data.get("choices") or [])
                interaction.choices = [Choice(c["name"], c["value"]) for c in data.get("choices") or []]
            case _:
                checks.check_modal(data)
                interaction.modal = data

    def _post(self, interaction: Interaction, data: Json, files: list[File], *, first: bool) -> Message:
        kind = codes.DEFAULT
        if first and interaction.type == codes.COMMAND:
            kind = codes.COMMAND_REPLY if interaction.data["type"] == codes.SLASH else codes.MENU_REPLY
        place, me = interaction.channel, self.world.me
        message = self.world.create(place, me, data, files=files, interaction=interaction, kind=kind)
        interaction.original = message if first else interaction.original
        interaction.messages.append(message)
        return message

    def _resource(self, interaction: Interaction) -> Json:
        about: Json = {"id": str(interaction.id), "type": interaction.type}
        resource: Json = {"type": interaction.answer_type}
        shown = interaction.original
        if shown and interaction.answer_type != codes.DEFER_UPDATE:
            about["response_message_id"] = str(shown.id)
            about["response_message_loading"] = bool(shown.flags & codes.LOADING)
            about["response_message_ephemeral"] = bool(shown.flags & codes.EPHEMERAL)
            resource["message"] = message_json(shown, self.world.me)
        return {"interaction": about, "resource": resource}

    # --- The webhook ----------------------------------------------------------------------------------------

    def _interaction(self, request: web.Request) -> Interaction:
        interaction = self.world.interactions.get(request.match_info["token"])
        if interaction is None or time.monotonic() > interaction.created + self.lifetime:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if interaction.answer_type is None:
            raise ApiError(404, 10015, "Unknown Webhook")
        return interaction

    def _message(self, request: web.Request) -> Message:
        interaction, key = self._interaction(request), request.match_info["message_id"]
        mine = {str(message.id): message for message in interaction.messages}
        if interaction.original:
            mine |= {"@original": interaction.original, str(interaction.original.id): interaction.original}
        if key not in mine or mine[key].deleted:
            raise ApiError(404, 10008, "Unknown Message")
        return mine[key]

    async def follow_up(self, request: web.Request) -> web.Response:
        interaction, (body, files) = self._interaction(request), request[BODY]
        # A webhook knows neither nonces nor replies.
        body = {key: body[key] for key in body.keys() - {"nonce", "enforce_nonce", "message_reference"}}
        original = interaction.original
        if original and original.flags & codes.LOADING and not original.deleted:
            # The first follow-up after a deferral fills the deferred message, private or not as that was.
            message = self.world.edit(original, body, files)
        else:
            message = self._post(interaction, body, files, first=False)
        return answer_json(message_json(message, self.world.me))

    async def get(self, request: web.Request) -> web.Response:
        return answer_json(message_json(self._message(request), self.world.me))

    async def edit(self, request: web.Request) -> web.Response:
        return answer_json(message_json(self.world.edit(self._message(request), *request[BODY]), self.world.me))

    async def delete(self, request: web.Request) -> web.Response:
        self.world.delete(self._message(request))
        return web.Response(status=204)
