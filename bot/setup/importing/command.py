"""`python -m bot import` from its flags to its exit code."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.core.errors import StorageError
from bot.settings.catalog import BY_KEY
from bot.setup.env_file import EnvFile
from bot.setup.importing.llmcord import Note, read
from bot.ui.texts.terminal import importing as texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Mapping

    from bot.setup.importing.llmcord import Imported

    # Stores settings of a server by their key; raises `StorageError`.
    Store = Callable[[int, Mapping[str, str]], Awaitable[None]]

SOURCES = ("llmcord", "js-llmcord")
UNUSABLE = 65  # sysexits.h: the input is wrong


def add_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", choices=SOURCES, help=texts.HELP_FROM)
    parser.add_argument("file", type=Path, help=texts.HELP_FILE)
    parser.add_argument("--server", type=int, metavar="ID", help=texts.HELP_SERVER)
    parser.add_argument("--force", action="store_true", help=texts.HELP_FORCE)


def run(arguments: argparse.Namespace, path: Path, *, store: Store) -> int:
    """Read the file, write `.env` at a path, and print what became of each line."""
    try:
        imported = read(arguments.file.read_bytes())
        env_file = EnvFile(path)
        notes = [
            *_to_file(imported, env_file, force=arguments.force),
            *_to_server(imported, arguments.server, store),
        ]
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    except (OSError, StorageError) as error:
        why = error.reason if isinstance(error, StorageError) else error.strerror or str(error)
        sys.stderr.write(f"{texts.unreadable(why)}\n")
        return UNUSABLE
    for fate, head in texts.HEAD.items():
        lines = [texts.line(note.name, note.what) for note in notes if note.fate == fate]
        sys.stdout.write("\n".join([f"{head}:", *lines, ""]) if lines else "")
    sys.stdout.write(f"{texts.NEXT}\n")
    return 0


def _to_file(imported: Imported, env_file: EnvFile, *, force: bool) -> list[Note]:
    """Write what `.env` lacks; the notes about everything but a server's settings."""
    there = {name for name, value in env_file.values().items() if value} if not force else set()
    env_file.put({name: value for name, value in imported.settings.items() if name not in there})
    skipped = {texts.became(name): name for name in there & imported.settings.keys()}
    return [
        Note(note.name, texts.CHANGED, texts.kept(skipped[note.what])) if note.what in skipped else note
        for note in imported.notes
        if note.what not in imported.server
    ]


def _to_server(imported: Imported, server: int | None, store: Store) -> list[Note]:
    """Store what is a server's, or say what to type there."""
    notes, kept = [], {}
    for note in imported.notes:
        if (value := imported.server.get(note.what)) is None:
            continue
        try:
            kept[note.what] = BY_KEY[note.what].kind.parse(value)
        except ValueError:
            notes.append(Note(note.name, texts.LEFT, texts.wrong(note.what)))
            continue
        told = texts.in_server(note.what) if server else texts.to_type(note.what, value)
        notes.append(Note(note.name, texts.TAKEN if server else texts.CHANGED, told))
    if server and kept:
        asyncio.run(_stored(store, server, kept))
    return notes


async def _stored(store: Store, server: int, settings: Mapping[str, str]) -> None:
    await store(server, settings)
