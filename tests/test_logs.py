"""What is logged, in which form, and what never is."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest

from bot.core.telemetry.trail import Trail, trail
from bot.logs import LITELLM, OURS, REDACTED, set_up_logging

TOKEN = "MTIzNDU2.GkItTk.not-a-real-token"
KEY = 'sk-or-v1-"quoted\\key"'


@dataclass(frozen=True)
class Wanted:
    log_level: str = "INFO"
    log_format: str = "text"
    secrets: tuple[str, ...] = (TOKEN, KEY, "none")


@pytest.fixture(autouse=True)
def leave_logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    libraries = [logging.getLogger(name) for name in (*OURS, *LITELLM)]
    before = [(library.level, library.handlers[:], library.filters[:]) for library in libraries]
    yield
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for library, (library_level, library_handlers, filters) in zip(libraries, before, strict=True):
        library.setLevel(library_level)
        library.handlers[:], library.filters[:] = library_handlers, filters


def set_up(**wanted: str) -> StringIO:
    stream = StringIO()
    set_up_logging(Wanted(**wanted), stream=stream)
    return stream


def entries(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def log_secrets() -> None:
    """Put the secrets everywhere in a record."""
    log = logging.getLogger("bot.test")
    log.info("message %s", TOKEN)
    log.info("message " + KEY)  # noqa: G003 - the secret in the format itself
    log.info("argument %s", {"token": TOKEN})
    error = ValueError(f"Bearer {TOKEN}")
    error.__cause__ = RuntimeError(KEY)
    log.error("failed with %s", TOKEN, exc_info=error)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_ever_logged(form: str) -> None:
    """Wherever in a record it stands: message, arguments, exception, its cause."""
    stream = set_up(log_format=form)
    log_secrets()
    text = stream.getvalue()
    assert text.count(REDACTED) >= 6
    for secret in (TOKEN, KEY, json.dumps(KEY)[1:-1]):
        assert secret not in text


def test_a_secret_too_short_to_be_one_is_left_alone() -> None:
    """A placeholder such as `none` is an ordinary word."""
    stream = set_up()
    logging.getLogger("bot.test").info("none of them")
    assert "none of them" in stream.getvalue()


def test_json_is_one_object_a_line() -> None:
    """With the documented keys; a traceback doesn't break the line."""
    stream = set_up(log_format="json")
    log = logging.getLogger("bot.test")
    log.info("hello %s\nworld", "ünï")
    try:
        {}["x"]
    except KeyError:
        log.exception("oh")
    first, second = entries(stream)
    assert set(first) == {"ts", "level", "logger", "message"}
    assert first["ts"].endswith("+00:00")
    assert (first["level"], first["logger"], first["message"]) == ("INFO", "bot.test", "hello ünï\nworld")
    assert second["exc"].startswith("Traceback")
    assert second["exc"].endswith("KeyError: 'x'")


def test_text_is_a_line_for_people() -> None:
    """When, how bad, where, what."""
    stream = set_up()
    logging.getLogger("bot.test").warning("reply %d failed", 7)
    date, time, level, logger, *message = stream.getvalue().split()
    assert len(date.split("-")) == len(time.split(":")) == 3
    assert (level, logger, message) == ("WARNING", "bot.test:", ["reply", "7", "failed"])


@pytest.mark.parametrize(
    ("level", "ours", "theirs"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"], ["WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"], ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"], ["ERROR"]),
    ],
)
@pytest.mark.parametrize("library", ["discord.gateway", "LiteLLM", "httpx", "PIL.Image", "anything"])
def test_libraries_are_heard_from_warning_up(level: str, ours: list[str], theirs: list[str], library: str) -> None:
    """Their chatter stays away at every level of ours; their warnings appear where ours do."""
    stream = set_up(log_level=level, log_format="json")
    for name in ("bot.test", library):
        for severity in ("debug", "info", "warning", "error"):
            getattr(logging.getLogger(name), severity)("x")
    heard = entries(stream)
    assert [entry["level"] for entry in heard if entry["logger"] == "bot.test"] == ours
    assert [entry["level"] for entry in heard if entry["logger"] == library] == theirs


def test_a_library_that_raises_its_own_level_stays_quiet() -> None:
    """Such as openai and litellm, which read OPENAI_LOG and LITELLM_LOG: they quote questions."""
    stream = set_up(log_level="DEBUG")
    for name in ("openai", "httpx", "LiteLLM"):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).debug("Request options: a secret question")
    assert stream.getvalue() == ""


def test_a_line_names_the_question_it_belongs_to() -> None:
    """The message that asked until the reply is stored, then the reply; nothing outside questions."""
    text, stored = set_up(), 0

    def log_three() -> None:
        nonlocal stored
        trail.set(Trail(question_id=123, reply_id=lambda: stored))
        logging.getLogger("bot.test").info("first")
        stored = 7
        logging.getLogger("discord.http").warning("second")

    contextvars.copy_context().run(log_three)
    logging.getLogger("bot.test").info("third")
    said = [line.partition(": ")[2] for line in text.getvalue().splitlines()]
    assert said == ["[question 123] first", "[reply 7] second", "third"]
    lines, stored = set_up(log_format="json"), 0
    contextvars.copy_context().run(log_three)
    assert [(entry.get("reply"), entry.get("question")) for entry in entries(lines)] == [(None, 123), (7, 123)]


def test_libraries_can_be_silenced() -> None:
    """For `check`, whose findings say what libraries would warn about."""
    stream = StringIO()
    set_up_logging(Wanted(log_format="json"), stream=stream, libraries=logging.CRITICAL)
    for name in ("bot.test", "discord", "httpx", *LITELLM):
        logging.getLogger(name).error("x")
    assert [entry["logger"] for entry in entries(stream)] == ["bot.test"]


def test_a_library_with_a_handler_of_its_own_is_heard_once_and_through_ours() -> None:
    """Such as litellm, which gives its loggers one when imported: it would print secrets, and all twice."""
    stream, own = set_up(), StringIO()
    library = logging.getLogger("LiteLLM")
    library.addHandler(logging.StreamHandler(own))
    for _ in range(2):
        library.warning("with %s", TOKEN)
    assert own.getvalue() == ""
    assert stream.getvalue().count(REDACTED) == 2


def test_setting_up_again_replaces_and_does_not_double() -> None:
    """Each record is written once, by the last to be set up."""
    old, new = set_up(), set_up()
    logging.getLogger("bot.test").info("x")
    assert old.getvalue() == ""
    assert new.getvalue().count("bot.test: x") == 1


def test_what_no_task_caught_is_logged() -> None:
    """A task that dies with nobody looking leaves its traceback, without secrets."""
    stream = set_up(log_format="json")

    async def die() -> None:
        raise ValueError(TOKEN)

    async def main() -> None:
        task = asyncio.create_task(die())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    (entry,) = entries(stream)
    assert entry["level"] == "ERROR"
    assert "never retrieved" in entry["message"]
    assert f"ValueError: {REDACTED}" in entry["exc"]
    assert TOKEN not in stream.getvalue()


def test_what_no_thread_caught_is_logged() -> None:
    """As a record, instead of a bare traceback on stderr."""
    stream = set_up(log_format="json")

    def die() -> None:
        raise ValueError(TOKEN)

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    (entry,) = entries(stream)
    assert f"ValueError: {REDACTED}" in entry["exc"]


def test_warnings_are_logged() -> None:
    """A deprecation is a line of the log, in the log's form."""
    stream = set_up(log_format="json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)  # inside, as catch_warnings brings its own way of showing them
        warnings.warn("old ways", stacklevel=1)
    assert "old ways" in entries(stream)[0]["message"]


@pytest.mark.parametrize(
    ("death", "code", "logged"), [(f"ValueError({TOKEN!r})", 1, True), ("KeyboardInterrupt()", -2, False)]
)
def test_what_ends_the_program_is_logged(death: str, code: int, logged: bool) -> None:
    """The last words are in the log's form and without secrets; Ctrl-C isn't a fault."""
    program = (
        "from bot.logs import set_up_logging\n"
        f"class Wanted: log_level, log_format, secrets = 'INFO', 'json', ({TOKEN!r},)\n"
        f"set_up_logging(Wanted)\nraise {death}\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert ended.returncode == code
    assert ended.stdout == ""
    if logged:
        assert f"ValueError: {REDACTED}" in json.loads(ended.stderr)["exc"]
    else:
        assert ended.stderr == ""


class Terminal(StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("settings", "colored"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_a_terminal_gets_colors_unless_its_owner_minds(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], colored: bool
):
    """The level alone, so that the rest stays easy to search; a file gets none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for stream, expected in ((Terminal(), colored), (StringIO(), False)):
        set_up_logging(Wanted(), stream=stream)
        logging.getLogger("bot").warning("careful")
        assert ("\x1b[33mWARNING \x1b[0m" in stream.getvalue()) is expected
