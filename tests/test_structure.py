"""The rooms: which there are, who may import whom, and how large they get."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES_A_FOLDER = 12
# The inner rooms from the bottom up: each may import itself, those before it, and the standard library.
INNER = ("bot.core", "bot.display", "bot.settings", "bot.money", "bot.access", "bot.conversation")
# The outer rooms: what each may import besides the inner rooms and itself.
OUTER = {
    "bot.attachments": {"aiohttp", "yarl", "PIL", "pypdfium2", "charset_normalizer"},
    "bot.llm": {"aiohttp", "httpx", "litellm", "tiktoken"},
    "bot.storage": {"aiosqlite", "asyncpg"},
    "bot.ui": {"discord", "aiohttp", "PIL"},
    "bot.services": set(),
    "bot.client": {
        "bot.connection",
        "bot.events",
        "bot.registration",
        "bot.services",
        "bot.shards",
        "bot.ui",
        "discord",
    },
    "bot.connection": {"bot.ui", "discord"},
    "bot.events": {"bot.ui", "discord"},
    "bot.copying": {"bot.config", "bot.storage", "pydantic", "tqdm"},
    "bot.shards": set(),
    "bot.registration": {"bot.ui", "discord"},
    "bot.config": {"pydantic", "pydantic_settings", "dotenv"},
    "bot.doctor": {"bot.ui", "discord", "aiohttp"},
    "bot.monitoring": {"aiohttp", "bot", "bot.client", "bot.ui", "discord", "prometheus_client"},
    "bot.logs": set(),
    "bot.setup": {"bot.config", "bot.llm", "bot.ui", "discord", "dotenv", "prompt_toolkit", "segno", "yaml"},
    "cogs": {"bot", "bot.client", "bot.ui", "discord"},
}
# Pure libraries that one module of an inner room needs.
LIBRARIES = {"bot.display.text.rich.math": {"pylatexenc"}}
PROGRAM = {"bot", "bot.__main__", "bot.app"}  # builds everything, so it may know everything
LINES_A_FUNCTION = 40
PARTS_A_CLASS = 12
# Environment variables, the columns of a stored reply, what applies to a question.
LISTS = {"bot.config.settings", "bot.conversation.ports", "bot.settings.profile"}
FOLDERS = ("bot", "cogs", "playground", "bench", "tests")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path for folder in ("bot", "cogs", "playground") for path in (ROOT / folder).rglob("*.py")
}


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it, for types as well."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (whole & MODULES.keys()) or {node.module}
    return names


def covers(package: str, name: str) -> bool:
    """Whether a name lies in a package; `bot` stands for itself alone."""
    return name == package or (package != "bot" and name.startswith(package + "."))


def allowed(module: str) -> set[str]:
    """The packages that a module may import besides the standard library."""
    for number, room in enumerate(INNER, start=1):
        if covers(room, module):
            return {*INNER[:number], *LIBRARIES.get(module, ())}
    room = next((room for room in OUTER if covers(room, module)), None)
    assert room, f"{module} is in no room: add it to INNER or OUTER"
    return {*INNER, room, *OUTER[room]}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The length of what a function does, without its signature and docstring."""
    body = node.body[1 if ast.get_docstring(node) is not None else 0 :]
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def parts_of(node: ast.ClassDef) -> int:
    """A record's fields, or what a class is made with."""
    fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
    made = [each.args for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    return max(len(fields), *(len(each.args) + len(each.kwonlyargs) - 1 for each in made), 0)


@pytest.mark.parametrize("module", sorted(MODULES.keys() - PROGRAM))
def test_a_module_imports_only_what_its_room_may(module: str) -> None:
    """Arrows between rooms run one way; the playground knows nothing of the bot."""
    may = {"playground", "aiohttp"} if covers("playground", module) else allowed(module)
    foreign = {name for name in imports(MODULES[module]) if name.split(".")[0] not in sys.stdlib_module_names}
    assert not {name for name in foreign if not any(covers(package, name) for package in may)}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even for their types: what is in a circle can only be read, moved and tested as one."""
    graph = {module: imports(path) & MODULES.keys() - {module} for module, path in MODULES.items()}
    while leaves := {module for module, needs in graph.items() if not needs}:
        graph = {module: needs - leaves for module, needs in graph.items() if module not in leaves}
    assert not graph


@pytest.mark.parametrize("top", FOLDERS)
def test_a_folder_can_be_taken_in_at_a_glance(top: str) -> None:
    """A folder with more modules than this has rooms of its own inside."""
    folders = {path.parent for path in (ROOT / top).rglob("*.py")}
    sizes = {
        folder.relative_to(ROOT): len({*folder.glob("*.py")} - {folder / "__init__.py"}) for folder in folders
    }
    assert not {folder: size for folder, size in sizes.items() if size > MODULES_A_FOLDER}


def test_litellm_has_one_importer() -> None:
    """Only the backend knows litellm, so that a bad release has one place to be worked around."""
    importers = {module for module, path in MODULES.items() if any(covers("litellm", n) for n in imports(path))}
    assert importers <= {"bot.llm.litellm_backend"}


def test_what_people_see_reaches_no_services_through_discord() -> None:
    """Views and checks are handed what they work with, typed; they don't look for it behind an interaction."""
    reaching = {
        module
        for module, path in MODULES.items()
        if covers("bot.ui", module)
        and any(isinstance(node, ast.Attribute) and node.attr == "services" for node in ast.walk(parsed(path)))
    }
    assert not reaching


def test_no_function_is_too_long_to_read() -> None:
    """What it does fits on a screen."""
    lengths = {
        f"{module}.{node.name}": lines_of(node)
        for module, path in MODULES.items()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: lines for name, lines in lengths.items() if lines > LINES_A_FUNCTION}


def test_no_class_takes_more_than_it_can_name() -> None:
    """Settings and stored rows are lists by nature; whatever else has as many parts has groups of its own."""
    parts = {
        f"{module}.{node.name}": parts_of(node)
        for module, path in MODULES.items()
        if module not in LISTS and not covers("playground", module)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    }
    assert not {name: count for name, count in parts.items() if count > PARTS_A_CLASS}


def test_no_module_is_called_by_what_it_is_not() -> None:
    """Names that say nothing collect everything."""
    assert not {path.stem for path in MODULES.values()} & {"utils", "helpers", "manager", "misc", "common"}
