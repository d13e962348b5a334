"""What a person's client sends when they use a command, a button, a menu or a modal, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.discord.state import codes
from playground.discord.state.payloads import (
    attachment_json,
    channel_json,
    member_json,
    message_json,
    role_json,
    user_json,
)
from playground.discord.state.permissions import permissions
from playground.discord.state.records import Channel, File, Permission, PlaygroundError, Role, User, label_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playground.discord.state.records import Json, Message
    from playground.discord.state.world import World

Entity = User | Channel | Role | File
PLAIN = {codes.STRING: (str,), codes.INTEGER: (int,), codes.BOOLEAN: (bool,), codes.NUMBER: (int, float)}


def offered(world: World, user: User, channel: Channel) -> list[Json]:
    """The commands that a person's client shows in a channel: the server's own hide the global ones."""
    held = permissions(user, channel)
    if not held & Permission.USE_APPLICATION_COMMANDS:
        return []
    own = world.commands.get(channel.guild.id, []) if channel.guild else []
    commands = {(c["type"], c["name"]): c for c in [*world.commands[None], *own]}
    return [command for command in commands.values() if _shown(command, channel, held)]


def _shown(command: Json, channel: Channel, held: int) -> bool:
    contexts = command.get("contexts")
    if channel.guild is None:
        return 1 in contexts if contexts is not None else command.get("dm_permission") is not False
    needed = command.get("default_member_permissions")
    # Zero means that only administrators may use it, and they may do everything.
    allowed = (
        needed is None or held & Permission.ADMINISTRATOR or (int(needed) and held & int(needed) == int(needed))
    )
    return bool(allowed and (contexts is None or 0 in contexts))


class Typist:
    """Puts what a person does in a channel into the data of an interaction."""

    def __init__(self, world: World, user: User, channel: Channel) -> None:
        self.world = world
        self.user = user
        self.channel = channel
        self.resolved: Json = {}

    # --- Commands -------------------------------------------------------------------------------------------

    def slash(self, path: str, given: Mapping[str, object], focus: str | None = None) -> Json:
        """The data of a slash command typed as `model set`; `focus` is the option being completed."""
        name, *below = path.removeprefix("/").split()
        command = self._command(name, codes.SLASH)
        options, nest = command["options"], []
        for step in below:
            nest += [o for o in options if o["name"] == step and o["type"] in {codes.SUBCOMMAND, codes.GROUP}]
            options = nest[-1].get("options") or [] if nest else []
        nested = any(option["type"] in {codes.SUBCOMMAND, codes.GROUP} for option in options)
        if nested or len(nest) != len(below):
            raise PlaygroundError(f"there is no command /{path}")
        filled = self._fill(path, options, given, focus)
        for inner in reversed(nest):
            filled = [{"type": inner["type"], "name": inner["name"], "options": filled}]
        return self._data(command, {"options": filled})

    def menu(self, name: str, message: Message) -> Json:
        command = self._command(name, codes.MESSAGE_MENU)
        self.resolved["messages"] = {str(message.id): message_json(message, self.world.me)}
        return self._data(command, {"target_id": str(message.id)})

    def _command(self, name: str, kind: int) -> Json:
        shown = [c for c in offered(self.world, self.user, self.channel) if c["type"] == kind]
        if found := next((c for c in shown if c["name"] == name), None):
            return found
        names = ", ".join(sorted(c["name"] for c in shown)) or "nothing"
        raise PlaygroundError(f"{self.user.name} can't use {name} in {self.channel.name}. Available: {names}")

    def _data(self, command: Json, more: Json) -> Json:
        data = {key: command[key] for key in ("id", "name", "type", "guild_id") if key in command} | more
        return {**data, "resolved": self.resolved} if self.resolved else data

    def _fill(self, path: str, options: list[Json], given: Mapping[str, object], focus: str | None) -> list[Json]:
        if strange := given.keys() - {option["name"] for option in options}:
            raise PlaygroundError(f"/{path} has no option {', '.join(sorted(strange))}")
        filled = []
        for option in options:
            name, item = option["name"], {"type": option["type"], "name": option["name"]}
            if name == focus and option.get("autocomplete"):
                filled.append({**item, "value": str(given[name]), "focused": True})
            elif name == focus:
                raise PlaygroundError(f"/{path} has no suggestions for {name}")
            elif name in given:
                filled.append({**item, "value": self._value(option, given[name])})
            elif option.get("required") and focus is None:
                raise PlaygroundError(f"/{path} needs {name}")
        return filled

    def _value(self, option: Json, value: object) -> object:
        kind = option["type"]
        if isinstance(value, User | Channel | Role | tuple) and kind not in PLAIN:
            return self._entity(value)
        choices = {choice["name"]: choice["value"] for choice in option.get("choices") or []}
        value = choices.get(value, value)
        size = len(value) if isinstance(value, str) else value
        low, high = ("min_length", "max_length") if kind == codes.STRING else ("min_value", "max_value")
        if (
            type(value) not in PLAIN.get(kind, ())
            or (choices and value not in choices.values())
            or not option.get(low, size) <= size <= option.get(high, 6000 if kind == codes.STRING else size)
        ):
            raise PlaygroundError(f"{option['name']} does not take {value!r}")
        return value

    def _entity(self, value: Entity) -> str:
        """A person, channel, role or file as a value, its object among the resolved ones."""
        guild = self.channel.guild
        if isinstance(value, tuple):
            file = self.world.cdn.add(self.channel, *value)
            return self._resolve("attachments", file.id, attachment_json(file))
        if isinstance(value, Channel):
            json = {**channel_json(value), "permissions": str(permissions(self.user, value))}
            return self._resolve("channels", value.id, json)
        if isinstance(value, Role):
            return self._resolve("roles", value.id, role_json(value))
        if guild and value.id in guild.members:
            self._resolve("members", value.id, member_json(guild.members[value.id]))
        return self._resolve("users", value.id, user_json(value))

    def _resolve(self, kind: str, key: int, json: Json) -> str:
        self.resolved.setdefault(kind, {})[str(key)] = json
        return str(key)

    # --- Components and modals ------------------------------------------------------------------------------

    def press(self, message: Message, label: str) -> Json:
        button = self._control(message, label, {codes.BUTTON})
        if button.get("style") == codes.LINK_STYLE:
            raise PlaygroundError(f"{label} is a link")
        return {"component_type": codes.BUTTON, "custom_id": button["custom_id"], "id": button.get("id", 0)}

    def select(self, message: Message, values: Sequence[str | Entity], label: str | None) -> Json:
        """Choose from a menu, found by its placeholder or custom id; the only one where `label` is None."""
        menu = self._control(message, label, codes.MENUS)
        if not menu.get("min_values", 1) <= len(values) <= menu.get("max_values", 1):
            raise PlaygroundError(f"{label_of(menu)} does not take {len(values)} values")
        chosen = [self._entity(value) for value in values if not isinstance(value, str)] or _choose(menu, values)
        json = {"component_type": menu["type"], "custom_id": menu["custom_id"], "id": menu.get("id", 0)}
        return {**json, "values": chosen, **({"resolved": self.resolved} if self.resolved else {})}

    def _control(self, message: Message, label: str | None, types: set[int]) -> Json:
        hidden = message.deleted or (message.ephemeral_to or self.user) is not self.user
        if hidden or not permissions(self.user, self.channel):
            raise PlaygroundError(f"{self.user.name} does not see that message")
        controls = [c for c in message.controls if c["type"] in types]
        found = next((c for c in controls if label in {None, label_of(c), c.get("custom_id")}), None)
        if found is None or found.get("disabled"):
            raise PlaygroundError(f"{label} can't be used here; there are {[label_of(c) for c in controls]}")
        return found


def submission(modal: Json, answers: Mapping[str, str]) -> Json:
    """A modal filled in; `answers` by label or custom id. What is not answered keeps its default."""
    left = dict(answers)
    rows = [_row(row, left) for row in modal["components"]]
    if left:
        raise PlaygroundError(f"the modal has no {', '.join(left)}")
    return {"custom_id": modal["custom_id"], "components": rows}


def _row(row: Json, answers: dict[str, str]) -> Json:
    """One row of a submitted modal; takes its answer out of `answers`."""
    json = {"type": row["type"], "id": row.get("id", 0)}
    if row["type"] == codes.ROW:
        return {**json, "components": [_field(row["components"][0], "", answers)]}
    return {**json, "component": _field(row["component"], row["label"], answers)} if "component" in row else json


def _field(field: Json, label: str, answers: dict[str, str]) -> Json:
    json = {"type": field["type"], "id": field.get("id", 0), "custom_id": field["custom_id"]}
    key = next((key for key in (field.get("label") or label, field["custom_id"]) if key in answers), "")
    value = answers.pop(key, field.get("value") or "")
    if field["type"] == codes.SELECT:
        return {**json, "values": _choose(field, [value] if value else [])}
    low, high = field.get("min_length") or 0, field.get("max_length") or 4000
    if not low <= len(value) <= high and (value or field.get("required", True)):
        raise PlaygroundError(f"{key or label} does not take {len(value)} characters")
    if field.get("required", True) and not value:
        raise PlaygroundError(f"{label_of(field)} must be filled in")
    return {**json, "value": value}


def _choose(menu: Json, values: Sequence[object]) -> list[str]:
    """The values of a menu's options named by label or value."""
    found = [o["value"] for value in values for o in menu.get("options", []) if value in {o["label"], o["value"]}]
    if len(found) != len(values):
        raise PlaygroundError(f"the menu offers {[o['label'] for o in menu.get('options', [])]}")
    return found
