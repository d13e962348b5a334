"""How `/help` writes commands: a few lines for each thing that people come for."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from discord import app_commands

    AnyCommand = app_commands.Command[Any, ..., Any]

HELLO = (
    "Hello! Mention me with a question, or use `/ask`. `/help` shows the rest, and `/privacy` what I store. "
    "Admins: start with `/doctor`, then `/model set`."
)
ASK = "Mention me, reply to me, or send me a direct message. I remember the conversation in each channel."
MENUS = "Right-click a message and open Apps for"
ADMINS_MARK = " (admins)"  # in a description; under the admins' heading it would say so twice


class Topic(StrEnum):
    """What a command is about, as its heading says, in the order of the page."""

    ASK = "Ask"
    MEMORY = "History and privacy"
    MODELS = "Model and costs"
    ADMINS = "For admins"


TOPICS = {  # in the order of the page; `/help` itself isn't on it
    "ask": Topic.ASK,
    "history": Topic.MEMORY,
    "privacy": Topic.MEMORY,
    "forget": Topic.MEMORY,
    "model": Topic.MODELS,
    "prompt": Topic.MODELS,
    "usage": Topic.MODELS,
    "status": Topic.MODELS,
    "settings": Topic.ADMINS,
    "budget": Topic.ADMINS,
    "doctor": Topic.ADMINS,
}


def page(
    usable: Sequence[AnyCommand], for_admins: Sequence[AnyCommand], menus: Iterable[app_commands.ContextMenu]
) -> str:
    """Everything somebody can do where they are; what they can do as an admin stands apart."""
    shown = {topic: [command for command in usable if TOPICS.get(_root(command).name) is topic] for topic in Topic}
    shown[Topic.ADMINS] += for_admins
    lines = {topic: _lines(commands) for topic, commands in shown.items()}
    names = ", ".join(f"**{menu.name}**" for menu in menus)
    lines[Topic.ASK] = [ASK, *lines[Topic.ASK], f"{MENUS} {names}."]
    return "\n".join("\n".join([f"### {topic}", *those]) for topic, those in lines.items() if those)


def _lines(commands: Iterable[AnyCommand]) -> list[str]:
    """A line for each command or group; a group's commands share theirs."""
    places = {name: place for place, name in enumerate(TOPICS)}
    ordered = sorted(commands, key=lambda command: places[_root(command).name])
    return [_line(list(group)) for _, group in groupby(ordered, key=_root)]


def _line(commands: Sequence[AnyCommand]) -> str:
    """`/history show`, `export` and what they're about."""
    first, *others = commands
    names = ", ".join([f"`/{first.qualified_name}`", *(f"`{other.name}`" for other in others)])
    about = _root(first).description if others else first.description
    return f"{names} · {about.removesuffix(ADMINS_MARK)}"


def _root(command: AnyCommand) -> AnyCommand | app_commands.Group:
    return command.root_parent or command
