"""The `.env` file: settings go in where they belong, and everything else in it stays as it is."""

from __future__ import annotations

import io
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from bot.ui.texts.terminal import setup as texts

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = Path(__file__).parents[2] / ".env.example"  # its comments explain each setting; absent in a container
PLAIN = re.compile(r"[\w./:@%+,=~*-]*", re.ASCII)  # what needs no quotes
REMARK = re.compile(r"[ \t]+#[^\r\n]*(?=[\r\n]*\Z)")  # behind a value
OWNER_ONLY = 0o600


class EnvFile:
    """One file of settings. Raises `OSError` and `UnicodeDecodeError` as reading and writing do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def values(self) -> dict[str, str]:
        """The settings it has a line for, empty ones too."""
        return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(self._text())).items()}

    def put(self, settings: Mapping[str, str]) -> None:
        """Write settings, each over its old line, else over the comment that shows it, else at the end."""
        text = self._text() if self.path.exists() else _template()
        for name, value in settings.items():
            text = _with(text, name, f"{name}={quoted(value)}")
        self._replace(text)

    def protect(self) -> None:
        """Let nobody else read it, also where somebody wrote it by hand."""
        if self.path.exists():
            self.path.chmod(OWNER_ONLY)

    def _text(self) -> str:
        if not self.path.exists():
            return ""
        return self.path.read_bytes().decode("utf-8-sig")  # Windows editors put a byte order mark in front

    def _replace(self, text: str) -> None:
        """Write the whole text to a file beside it, for its owner alone, and swap that in: never half a file."""
        target = self.path.resolve()
        draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def quoted(value: str) -> str:
    """A value as dotenv reads it back."""
    if PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _template() -> str:
    """A new file: the example with its comments, under another head."""
    if not EXAMPLE.exists():
        return f"{texts.ENV_HEAD}\n"
    _, _, rest = EXAMPLE.read_text(encoding="utf-8").partition("\n\n")
    return f"{texts.ENV_HEAD}\n\n{rest}"


def _with(text: str, name: str, line: str) -> str:
    """A file's text with a line in it for a setting."""
    bindings = list(parse_stream(io.StringIO(text)))
    parts = [binding.original.string for binding in bindings]
    end = "\r\n" if "\r\n" in text else "\n"
    # The last line of a name is the one that counts.
    for place in reversed(range(len(parts))):
        if bindings[place].key == name:
            before = parts[place][: len(parts[place]) - len(parts[place].lstrip())]
            comment = REMARK.search(parts[place]) if "#" not in (bindings[place].value or "") else None
            after = parts[place][len(parts[place].rstrip("\r\n")) :]
            parts[place] = f"{before}{line}{comment[0] if comment else ''}{after}"
            return "".join(parts)
    shown = re.compile(rf"^#[ \t]?{name}=[^\r\n]*", re.MULTILINE)
    for place in range(len(parts)):
        if shown.search(parts[place]):
            parts[place] = shown.sub(lambda _: line, parts[place], count=1)
            return "".join(parts)
    gap = "" if not text or text.endswith(("\n", "\r")) else end
    return f"{text}{gap}{line}{end}"
