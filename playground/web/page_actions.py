"""What people do on the page, done on the test Discord in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.discord import Permission, PlaygroundError
from playground.discord.state.permissions import can

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playground.discord import Channel, Discord, Interaction, Message, User
    from playground.discord.client_actions import Entity
    from playground.discord.state.records import File
    from playground.web.stage import Stage
    from playground.web.views import Json

KEPT_FORMS = 100  # modals that wait to be filled in


class PageActions:
    """Each public coroutine is an action: it takes what the page sent and its files, and returns the answer.

    Raises `PlaygroundError` for what a client would not offer, and KeyError, TypeError or ValueError for what a
    page would not send.
    """

    def __init__(self, d: Discord, stage: Stage, messages: Mapping[int, Message]) -> None:
        self.d = d
        self.stage = stage
        self.messages = messages
        self._forms: dict[str, Interaction] = {}

    # --- Messages -------------------------------------------------------------------------------------------

    async def say(self, body: Json, files: Sequence[File]) -> Json:
        reply = self._message(body["reply"]) if body.get("reply") else None
        ping = bool(body.get("ping", True))
        said = self.d.say(
            self._user(body), self._place(body), str(body["text"]), reply_to=reply, ping=ping, files=files
        )
        return {"id": str(said.id)}

    async def forward(self, body: Json, _: Sequence[File]) -> Json:
        forwarded = self.d.posts.forward(self._user(body), self._message(body["message"]), self._place(body))
        return {"id": str(forwarded.id)}

    async def edit(self, body: Json, _: Sequence[File]) -> Json:
        message = self._message(body["message"])
        if message.author is not self._user(body):
            raise PlaygroundError("people edit their own messages only")
        self.d.edit(message, str(body["text"]))
        return {}

    async def delete(self, body: Json, _: Sequence[File]) -> Json:
        message, user = self._message(body["message"]), self._user(body)
        if message.author is not user and not can(user, message.channel, Permission.MANAGE_MESSAGES):
            raise PlaygroundError(f"{user.name} may delete their own messages only")
        self.d.delete(message)
        return {}

    # --- Commands, menus, buttons, forms --------------------------------------------------------------------

    async def commands(self, body: Json, _: Sequence[File]) -> Json:
        """What the picker offers."""
        shown = ("type", "name", "description", "options")
        offered = self.d.offered(self._user(body), self._place(body))
        return {"commands": [{key: command.get(key) for key in shown} for command in offered]}

    async def command(self, body: Json, files: Sequence[File]) -> Json:
        given = self._options(body, files)
        done = await self.d.command(self._user(body), self._place(body), str(body["path"]), **given)
        return self._outcome(done)

    async def complete(self, body: Json, files: Sequence[File]) -> Json:
        given, option = self._options(body, files), str(body["option"])
        typed = str(given.pop(option, ""))
        user, place = self._user(body), self._place(body)
        choices = await self.d.autocomplete(user, place, str(body["path"]), option, typed, **given)
        return {"choices": [{"name": choice.name, "value": choice.value} for choice in choices]}

    async def menu(self, body: Json, _: Sequence[File]) -> Json:
        done = await self.d.menu(self._user(body), self._message(body["message"]), str(body["name"]))
        return self._outcome(done)

    async def press(self, body: Json, _: Sequence[File]) -> Json:
        done = await self.d.press(self._user(body), self._message(body["message"]), str(body["control"]))
        return self._outcome(done)

    async def select(self, body: Json, _: Sequence[File]) -> Json:
        values = [self._value(value, ()) for value in body["values"]]
        user, message = self._user(body), self._message(body["message"])
        return self._outcome(await self.d.select(user, message, *values, label=str(body["control"])))

    async def submit(self, body: Json, _: Sequence[File]) -> Json:
        form = self._forms[body["form"]]
        if form.user is not self._user(body):
            raise PlaygroundError("that form was shown to somebody else")
        answers = {str(key): str(value) for key, value in body["answers"].items()}
        done = await self.d.submit(form, answers)
        self._forms.pop(body["form"], None)
        return self._outcome(done)

    def _outcome(self, done: Interaction) -> Json:
        if done.modal is None:
            return {"failed": done.failed}
        while len(self._forms) >= KEPT_FORMS:
            del self._forms[next(iter(self._forms))]
        self._forms[str(done.id)] = done
        return {"form": str(done.id), "modal": {key: done.modal[key] for key in ("title", "components")}}

    # --- Who and what is meant ------------------------------------------------------------------------------

    def _user(self, body: Json) -> User:
        return self.stage.people[body["as"]]

    def _place(self, body: Json) -> Channel:
        return self.d.world.channels[int(body["place"])]

    def _message(self, key: str) -> Message:
        if found := self.messages.get(int(key)):
            return found
        raise PlaygroundError("that message is gone")

    def _options(self, body: Json, files: Sequence[File]) -> dict[str, Any]:
        return {str(name): self._value(value, files) for name, value in body.get("options", {}).items()}

    def _value(self, value: object, files: Sequence[File]) -> Any:  # noqa: ANN401 - an option's value
        """A plain value as it is; `{"user": id}` and its like as what they name."""
        if not isinstance(value, dict):
            return value
        (kind, key), *_ = value.items()
        return self._entity(str(kind), int(key), files)

    def _entity(self, kind: str, key: int, files: Sequence[File]) -> Entity:
        match kind:
            case "user":
                return self.d.world.users[key]
            case "channel":
                return self.d.world.channels[key]
            case "role":
                return self.stage.guild.roles[key]
            case "file":
                return files[key]
            case _:
                raise ValueError(kind)
