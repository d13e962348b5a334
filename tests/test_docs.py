"""The documents say what is so: links lead somewhere, names exist, nothing is left out."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from discord.ext import commands

from bot.config.settings import Settings
from bot.settings.catalog import BY_KEY

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
SOURCES = [
    path for room in ("bot", "cogs", "playground", "bench", "tests") for path in (ROOT / room).rglob("*.py")
]
LINES = 150  # of a page; a longer one is two
LINK = re.compile(r"\]\(([^)#\s]+)")
# Files, folders, modules, and names that a module defines: `bot.core.units`, `bot/core/`, `bot.core.units.NANO`.
NAME = re.compile(r"`((?:bot|cogs|playground|bench|tests)[./][\w./]+)`")
NAME_OF = re.compile(r"`(\w+)`s? of `(bot\.[\w.]+)`")  # `ScreenError` of `bot.display.errors`
TEST = re.compile(r"^(?:async )?def (test_[a-z0-9_]+)", re.MULTILINE)


def exists(name: str) -> bool:
    """Whether a path or a dotted name leads to a file, or to a name that a module defines."""
    place = ROOT / (name if "/" in name else name.replace(".", "/"))
    if place.exists() or place.with_suffix(".py").exists():
        return True
    module, _, attribute = name.rpartition(".")
    file = (ROOT / module.replace(".", "/")).with_suffix(".py")
    return "/" not in name and file.exists() and re.search(rf"\b{attribute}\b", file.read_text()) is not None


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_short_and_its_links_lead_somewhere(page: Path):
    """Links to other sites aren't followed."""
    text = page.read_text()
    assert len(text.splitlines()) < LINES
    assert not {link for link in LINK.findall(text) if "://" not in link and not (page.parent / link).exists()}


def test_modules_that_are_named_exist():
    """In the documents, docstrings and comments: a moved module takes what names it along."""
    texts = {path: path.read_text() for path in (*PAGES, *SOURCES)}
    named = {(path, name) for path, text in texts.items() for name in NAME.findall(text)}
    named |= {(path, f"{of}.{name}") for path, text in texts.items() for name, of in NAME_OF.findall(text)}
    assert not {f"{name_of(path)}: {name}" for path, name in named if not exists(name)}


def test_every_room_says_what_it_is_and_what_it_may_import():
    """In the docstring of its `__init__`: one line for each."""
    rooms = [path for path in SOURCES if path.name == "__init__.py" and path != ROOT / "bot" / "__init__.py"]
    silent = {name_of(path) for path in rooms if not re.match(r'""".+\n\n(May i|I)mport.+\n"""', path.read_text())}
    assert not silent


def test_every_setting_of_the_owner_is_documented():
    """By its name, in the page of settings."""
    page = (ROOT / "docs" / "settings.md").read_text()
    assert not {name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in page}


def test_every_setting_of_admins_is_documented():
    """By its name, in the page of commands."""
    page = (ROOT / "docs" / "commands.md").read_text()
    assert not {key for key in BY_KEY if f"`{key}`" not in page}


def command_names() -> set[str]:
    """Every slash command, by the classes that define them."""
    names = set()
    for path in (ROOT / "cogs").glob("[!_]*.py"):
        for value in vars(importlib.import_module(f"cogs.{path.stem}")).values():
            if (
                isinstance(value, type)
                and issubclass(value, commands.Cog)
                and value.__module__ == f"cogs.{path.stem}"
            ):
                group = f"{value.__cog_group_name__} " if value.__cog_is_app_commands_group__ else ""
                names |= {f"/{group}{command.name}" for command in value.__cog_app_commands__}
    return names


def test_every_command_is_documented():
    """By its name; a group's commands may share a line: `/budget show`, `set`."""
    page = (ROOT / "docs" / "commands.md").read_text()
    names = command_names()
    assert "/model list" in names
    lines = [line for line in page.splitlines() if line.startswith("| `/")]
    for name in names:
        group, _, own = name.partition(" ")
        assert any(f"`{group}" in line and re.search(rf"\b{own or group[1:]}\b", line) for line in lines), name


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/faults.md"])
def test_tests_that_are_named_exist(page: str):
    """A promise that names its test is kept by one."""
    written = {name for path in (ROOT / "tests").rglob("test_*.py") for name in TEST.findall(path.read_text())}
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", (ROOT / page).read_text()))
    assert len(named) > 10
    assert not named - written
