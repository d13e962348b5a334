"""Everything people read is short, plain and modern: the bot's words, its errors, its settings, its help."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bot
from bot.__main__ import parse
from bot.config.settings import Settings
from bot.core.errors import HeadwaterError
from bot.settings.catalog import SETTINGS
from bot.settings.system_prompt import PLACEHOLDERS
from tests.sentences import ROOT, comments, docstrings, faults, of_errors, of_module, stilted

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = sorted((ROOT / "bot/ui/texts").rglob("*.py"))
TOPS = ("bot", "cogs", "playground", "bench", "tests")
CODE = sorted(path for top in TOPS for path in (ROOT / top).rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SPOKEN_ELSEWHERE = (
    "bot/__main__.py",
    "bot/access/refusals.py",
    "bot/config/fields.py",
    "bot/config/reading.py",
    "bot/doctor.py",
    "bot/money/limits.py",
)
WORDS_OF_A_PHRASE = 5  # shorter ones, such as "the bot owner's setting", may be said twice
SPELLED_OUT = {"sentences.py"}  # the words that are not to be used


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def subclasses(root: type) -> Iterator[type]:
    for each in root.__subclasses__():
        yield each
        yield from subclasses(each)


def errors() -> list[type[HeadwaterError]]:
    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if module.name != "bot.__main__" and not module.name.endswith("plot"):  # which needs a display's library
            importlib.import_module(module.name)
    return sorted(set(subclasses(HeadwaterError)), key=lambda each: each.__name__)


def test_the_rules_find_what_they_are_for():
    """A rule that finds nothing would let everything through."""
    assert faults("It begins anew at noon.") == ["stilted: anew"]
    assert faults("I cannot do that.") == ["not contracted: cannot"]
    assert faults("Two  spaces, and one behind. ") == ["spaces"]
    assert faults("word " * 30 + "end.")
    assert not faults("I can't do that here. Ask an admin to run `/doctor`.")


@pytest.mark.parametrize("path", TEXTS, ids=named(TEXTS))
def test_what_the_bot_says_reads_well(path: Path):
    """Every sentence of replies, commands, views and forms."""
    assert not [(text, found) for text in of_module(path) if (found := faults(text))]


@pytest.mark.parametrize("path", SPOKEN_ELSEWHERE)
def test_what_other_modules_say_reads_well(path: str):
    """Refusals, budgets, and what the start and the check print."""
    assert not [(text, found) for text in of_module(ROOT / path) if (found := faults(text))]


def test_a_sentence_stands_in_one_place():
    """Two copies of a sentence drift apart."""
    code = [path for top in ("bot", "cogs") for path in (ROOT / top).rglob("*.py")]
    sentences = Counter(
        text for path in code for text in {*of_module(path)} if len(text.split()) > WORDS_OF_A_PHRASE
    )
    assert not [text for text, places in sentences.items() if places > 1]


@pytest.mark.parametrize("error", errors(), ids=lambda each: each.__name__)
def test_what_an_error_says_reads_well(error: type[HeadwaterError]):
    """Each failure that a person meets has its own plain sentence."""
    texts = [*of_errors(error), error.text]
    assert not [(text, found) for text in texts if (found := faults(text))]


@pytest.mark.parametrize("spec", SETTINGS, ids=lambda spec: spec.key)
def test_what_a_setting_says_reads_well(spec: object):
    """What it does, what it takes, and what applies without it."""
    for text in (spec.description, spec.kind.expected, spec.when_unset):
        assert not faults(text)


def test_what_a_placeholder_stands_for_reads_well():
    assert not [found for text in PLACEHOLDERS.values() if (found := faults(text))]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_what_the_environment_may_hold_reads_well(name: str):
    """As the start's errors say it."""
    assert not faults(Settings.model_fields[name].description or "")


def test_the_example_environment_reads_well():
    """Its comments, a paragraph each."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    text = " ".join(line.lstrip("# ") if line.startswith("# ") else "\n" for line in lines)
    assert not [found for each in text.split("\n") if (found := faults(" ".join(each.split())))]


def test_help_reads_well(capsys: pytest.CaptureFixture[str]):
    """The command line's own words."""
    with pytest.raises(SystemExit):
        parse(["--help"])
    text = capsys.readouterr().out
    assert not stilted(text)


@pytest.mark.parametrize("path", PAGES, ids=named(PAGES))
def test_a_page_is_not_stilted(path: Path):
    """The README and what it leads to."""
    assert not stilted(path.read_text())


@pytest.mark.parametrize("path", CODE, ids=named(CODE))
def test_what_maintainers_read_is_not_stilted(path: Path):
    """Docstrings and comments, of tests as well."""
    if path.name in SPELLED_OUT:
        return
    source = path.read_text()
    assert not [text for text in (*docstrings(source), *comments(source)) if stilted(text)]
