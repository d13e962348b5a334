"""The import rule: who may know whom."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A package, and what its modules may import besides the standard library.
ALLOWED = {
    "bot.core": {"bot.core"},
    "bot.llm": {"bot.core", "bot.llm", "aiohttp", "httpx", "litellm"},
    "bot.storage": {"bot.core", "bot.storage", "aiosqlite"},
    "bot.ui": {"bot.core", "bot.ui", "discord", "aiohttp"},
    "bot.client": {"bot.core", "bot.ui", "discord", "aiohttp"},
    "bot.config": {"bot", "bot.core", "pydantic", "pydantic_settings", "dotenv"},
    "bot.doctor": {"bot.core", "discord", "aiohttp"},
    "bot.logs": {"bot.core"},
    "bot.plot": {"matplotlib"},
    "cogs": {"bot.client", "bot.core", "bot.ui", "discord"},
    "playground": {"playground", "aiohttp"},
}
SOURCES = sorted(path for folder in ("bot", "cogs", "playground") for path in (ROOT / folder).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def covers(package: str, name: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    """The composition root alone knows everything; every other module stays in its layer."""
    module = module_name(path)
    if module in {"bot", "bot.__main__", "bot.composition"}:
        return
    layer = next((package for package in ALLOWED if covers(package, module)), None)
    assert layer, f"{module} is in no layer: name it in ALLOWED, with what it may import"
    foreign = {name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names}
    strays = {
        name
        for name in foreign
        if not any(name == package if package == "bot" else covers(package, name) for package in ALLOWED[layer])
    }
    assert not strays


def test_litellm_has_one_importer() -> None:
    """Only the backend knows litellm, so that a bad release has one place to be worked around."""
    assert {module_name(p) for p in SOURCES if any(covers("litellm", n) for n in imports(p))} <= {
        "bot.llm.litellm_backend"
    }


def test_no_module_is_called_by_what_it_is_not() -> None:
    """Names that say nothing collect everything."""
    assert not {p.stem for p in SOURCES} & {"utils", "helpers", "manager", "misc", "common"}
