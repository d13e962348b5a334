"""What Discord refuses: the checks of messages, components, modals, commands and choices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playground.discord.state import codes
from playground.discord.state.permissions import can
from playground.discord.state.records import ApiError, Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Sized

    from playground.discord.state.records import Channel, Json, Message, User

NAME = re.compile(r"[-_'\w]{1,32}")  # of a slash command or an option; lower case where there is one
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def invalid(path: str, code: str, message: str) -> ApiError:
    """The 50035 that names a fault by its place in the body, as `0.options.1.name`."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for key in reversed(path.split(".")):
        errors = {key: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def sized(value: Sized | None, path: str, low: int, high: int) -> None:
    size = len(value or "")
    if size > high:
        raise invalid(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
    if size < low:
        raise invalid(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")


def unique(values: Iterable[object], path: str, code: str) -> None:
    values = list(values)
    if len(values) != len(set(values)):
        raise invalid(path, code, "Names and ids must not repeat.")


# --- Messages ---------------------------------------------------------------------------------------------


def check_message(body: Json, message: Message, *, files: int) -> None:
    """Check a create's or an edit's body against the message it would be applied to.

    Raises:
        ApiError: 50035 for a field that isn't valid, 50006 if nothing would be left to show.
    """
    content = body.get("content", message.content) or ""
    embeds, components = body.get("embeds", message.embeds), body.get("components", message.components) or []
    sized(content, "content", 0, codes.MESSAGE_CHARS)
    sized(embeds, "embeds", 0, 10)
    sized(str(body.get("nonce", "")), "nonce", 0, 25)
    _check_components(components)
    allowed = body.get("allowed_mentions") or {}
    if any(kind in allowed.get("parse", []) and allowed.get(kind) for kind in ("users", "roles")):
        raise invalid("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", "Parse excludes ids.")
    kept = body.get("attachments", message.attachments)
    v2 = (body.get("flags") or message.flags) & codes.COMPONENTS_V2
    special = any(body.get(key) for key in ("sticker_items", "poll", "snapshot"))
    if not (content.strip() or embeds or files or kept or special or (v2 and components)):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _check_components(rows: list[Json]) -> None:
    sized(rows, "components", 0, 5 if all(row["type"] == codes.ROW for row in rows) else 40)
    ids = []
    for number, row in enumerate(row for row in rows if row["type"] == codes.ROW):
        widths = [1 if control["type"] == codes.BUTTON else 5 for control in row["components"]]
        if not 1 <= sum(widths) <= 5:
            raise invalid(f"components.{number}", "BASE_TYPE_BAD_LENGTH", "Five buttons, or one menu.")
        for place, control in enumerate(row["components"]):
            _check_control(control, f"components.{number}.components.{place}")
            ids += [control["custom_id"]] if "custom_id" in control else []
    unique(ids, "components", "COMPONENT_CUSTOM_ID_DUPLICATED")


def _check_control(control: Json, path: str) -> None:
    if control.get("style") != codes.LINK_STYLE or control["type"] != codes.BUTTON:
        sized(control.get("custom_id"), f"{path}.custom_id", 1, 100)
    if control["type"] == codes.BUTTON:
        sized(control.get("label"), f"{path}.label", 0 if control.get("emoji") else 1, 80)
    elif control["type"] == codes.SELECT:
        sized(control.get("options"), f"{path}.options", 1, 25)
        for number, option in enumerate(control["options"]):
            for key in ("label", "value"):
                sized(option.get(key), f"{path}.options.{number}.{key}", 1, 100)
        unique(
            (o["value"] for o in control["options"]), f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
        )


def check_modal(modal: Json) -> None:
    sized(modal.get("title"), "title", 1, 45)
    sized(modal.get("custom_id"), "custom_id", 1, 100)
    sized(modal.get("components"), "components", 1, 5)


def check_reply(target: Message | None, channel: Channel) -> None:
    if target is None or target.deleted or target.channel is not channel:
        raise invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")


def mentioned(
    message: Message, allowed: Json | None, people: dict[int, User]
) -> tuple[list[User], list[int], bool]:
    """Whom a message mentions: people, role ids, and whether everyone. Code mentions nobody."""
    rule: Json = {"parse": ["users", "roles", "everyone"], "replied_user": True} if allowed is None else allowed
    parse, text = rule.get("parse", []), CODE.sub("", message.content)

    def named(kind: str, pattern: str) -> list[int]:
        listed = {int(key) for key in rule.get(kind) or []}
        return [key for key in map(int, re.findall(pattern, text)) if kind in parse or key in listed]

    users = [people[key] for key in named("users", r"<@!?(\d+)>") if key in people]
    if message.reply_to and rule.get("replied_user"):
        users.append(message.reply_to.author)
    loud = can(message.author, message.channel, Permission.MENTION_EVERYONE)
    everyone = loud and "everyone" in parse and bool(re.search("@everyone|@here", text))
    known = message.channel.guild.roles if message.channel.guild else {}
    roles = [key for key in named("roles", r"<@&(\d+)>") if key in known and (loud or known[key].mentionable)]
    return list(dict.fromkeys(users)), roles, everyone


# --- Commands ---------------------------------------------------------------------------------------------


def check_commands(commands: list[Json]) -> None:
    sized([c for c in commands if c.get("type", codes.SLASH) == codes.SLASH], "commands", 0, 100)
    names = [(c.get("type", codes.SLASH), c.get("name")) for c in commands]
    unique(names, "name", "APPLICATION_COMMANDS_DUPLICATE_NAME")
    for number, command in enumerate(commands):
        if command.get("type", codes.SLASH) == codes.SLASH:
            _check_named(command, str(number))
            _check_options(command.get("options") or [], f"{number}.options")
        else:
            sized(command.get("name"), f"{number}.name", 1, 32)


def _check_named(item: Json, path: str) -> None:
    name = item.get("name") or ""
    if not NAME.fullmatch(name) or name != name.lower():
        raise invalid(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    sized(item.get("description"), f"{path}.description", 1, 100)


def _check_options(options: list[Json], path: str) -> None:
    sized(options, path, 0, 25)
    unique((option.get("name") for option in options), path, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID")
    optional = False
    for number, option in enumerate(options):
        here = f"{path}.{number}"
        _check_named(option, here)
        if option["type"] in {codes.SUBCOMMAND, codes.GROUP}:
            _check_options(option.get("options") or [], f"{here}.options")
            continue
        check_choices(option.get("choices") or [], f"{here}.choices")
        if option.get("required") and optional:
            raise invalid(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", "Required options come first.")
        optional |= not option.get("required")


def check_choices(choices: list[Json], path: str = "data.choices") -> None:
    sized(choices, path, 0, 25)
    for number, choice in enumerate(choices):
        sized(choice.get("name"), f"{path}.{number}.name", 1, 100)
        sized(str(choice.get("value", "")), f"{path}.{number}.value", 0, 100)
