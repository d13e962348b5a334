"""Logging, set up once: lines of text or JSON on stderr, without secrets and library chatter."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TextIO

from bot.core.telemetry.trail import trail

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

log = logging.getLogger(__name__)

TEXT_FORM = "%(asctime)s %(levelname)-8s %(name)s: %(message)s"
REDACTED = "[redacted]"
SHORTEST_SECRET = 8  # a placeholder key ("none") is an ordinary word, not a secret
COLORS = {logging.INFO: "32", logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "1;31"}  # ANSI
OURS = ("bot", "cogs")
LITELLM = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")


class LogSettings(Protocol):
    """The settings that logging needs."""

    @property
    def log_level(self) -> str: ...

    @property
    def log_format(self) -> str: ...

    @property
    def secrets(self) -> tuple[str, ...]: ...


class Redactor:
    """Removes secrets from finished text, wherever in a record they came from."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # The longest first: one may be part of another.
        self._secrets = sorted((s for s in secrets if len(s) >= SHORTEST_SECRET), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text


class TextFormatter(logging.Formatter):
    """Records as people read them, with the reply's id; an exception's traceback follows its line."""

    def __init__(self, redact: Redactor, *, colors: bool = False) -> None:
        super().__init__(TEXT_FORM)
        self._redact = redact
        self._colors = COLORS if colors else {}

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        ids = " ".join(f"{name} {id_}" for name, id_ in list(_ids().items())[:1])
        record.message = f"[{ids}] {record.message}" if ids else record.message
        line, color = super().formatMessage(record), self._colors.get(record.levelno)
        level = f"{record.levelname:<8}"
        return line.replace(level, f"\x1b[{color}m{level}\x1b[0m", 1) if color else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ts (ISO 8601, UTC), level, logger, message, and exc where there is one.

    What belongs to a question has the numbers `reply` and `question`, as far as they're known.
    """

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exc"] = self.formatException(record.exc_info)
        # Before JSON escapes characters of a secret, which hides it from the redactor.
        safe: dict[str, str | int] = {key: self._redact(value) for key, value in entry.items()}
        return json.dumps(safe | _ids(), ensure_ascii=False)


def _ids() -> dict[str, int]:
    followed = trail.get()
    return followed.ids if followed else {}


class _RootHandlerOnly(logging.Filter):
    """Removes handlers that a library adds to its own logger, since ours prints what reaches the root."""

    def filter(self, record: logging.LogRecord) -> bool:
        logging.getLogger(record.name).handlers.clear()
        return True


class _NoChatter(logging.Filter):
    """Keeps out what libraries say below a level: it quotes what people wrote.

    Their loggers' own levels aren't enough: some raise theirs when imported, as OPENAI_LOG and LITELLM_LOG ask.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level or record.name.partition(".")[0] in OURS


def set_up_logging(
    settings: LogSettings, *, stream: TextIO | None = None, libraries: int = logging.WARNING
) -> None:
    """Log to `stream` (stderr by default), uncaught exceptions included; asyncio itself logs those of tasks.

    Records of libraries appear from level `libraries` up, or from ours if that is higher.
    """
    redact, out = Redactor(settings.secrets), stream or sys.stderr
    handler = logging.StreamHandler(out)
    text = TextFormatter(redact, colors=_has_colors(out))
    handler.setFormatter(JsonFormatter(redact) if settings.log_format == "json" else text)
    root = logging.getLogger()
    level = logging.getLevelNamesMapping()[settings.log_level]
    handler.addFilter(_NoChatter(libraries))
    root.handlers[:] = [handler]
    root.setLevel(max(libraries, level))  # every library's, whatever comes with the next release
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in LITELLM:
        library = logging.getLogger(name)
        if not any(isinstance(entry, _RootHandlerOnly) for entry in library.filters):
            library.addFilter(_RootHandlerOnly())
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _has_colors(stream: TextIO) -> bool:
    """Whether it's a terminal with colors, whose owner doesn't mind them (https://no-color.org)."""
    return stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(death: threading.ExceptHookArgs) -> None:
    if death.exc_value is not None:
        _log_uncaught(death.exc_type, death.exc_value, death.exc_traceback)
