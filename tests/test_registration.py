"""Registering commands: only those that Discord doesn't have, for as long as it takes."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bot.registration import CommandRegistration, same_commands
from tests.virtual import VirtualClock, run

MINE = {
    "name": "ask",
    "type": 1,
    "description": "Ask",
    "nsfw": False,
    "default_member_permissions": 32,
    "options": [
        {"type": 3, "name": "prompt", "description": "…", "required": True, "max_length": 6000},
        {"type": 5, "name": "private", "description": "…", "required": False},
    ],
}
# The same as Discord gives it back.
THEIRS = {
    "id": "1",
    "application_id": "2",
    "version": "3",
    "default_permission": True,
    "dm_permission": True,
    "integration_types": [0],
    "contexts": None,
    "name_localizations": None,
    "description_localizations": None,
    "name": "ask",
    "type": 1,
    "description": "Ask",
    "nsfw": False,
    "default_member_permissions": "32",
    "options": [
        {"type": 3, "name": "prompt", "description": "…", "required": True, "max_length": 6000},
        {"type": 5, "name": "private", "description": "…"},
    ],
}
OTHER = {"name": "Regenerate", "type": 3}
THEIR_OTHER = {**OTHER, "id": "9", "description": "", "options": []}


def test_what_discord_adds_makes_no_difference() -> None:
    """Nor does the order of commands, or a null for what was left out."""
    assert same_commands([MINE, OTHER], [THEIR_OTHER, THEIRS])


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Ask!"},
        {"name": "asked"},
        {"default_member_permissions": None},
        {"default_member_permissions": "0"},
        {"nsfw": True},
        {"options": THEIRS["options"][:1]},
        {"options": [*THEIRS["options"], {"type": 3, "name": "old", "description": "…"}]},
        {"options": [{**THEIRS["options"][0], "min_length": 1}, THEIRS["options"][1]]},
        {"options": list(reversed(THEIRS["options"]))},
    ],
    ids=str,
)
def test_any_change_is_seen(change: dict[str, Any]) -> None:
    """Also what another version left there."""
    assert not same_commands([MINE], [THEIRS | change])


def test_a_command_too_many_or_too_few_is_seen() -> None:
    """In either direction."""
    assert not same_commands([MINE], [THEIRS, THEIR_OTHER])
    assert not same_commands([MINE, OTHER], [THEIRS])
    assert not same_commands([MINE], [])


class Tree:
    """A command tree whose Discord fails as it's told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.there: list[Any] = []
        self.client = SimpleNamespace(application_id=1, http=self)
        self.synced = 0
        self.done = asyncio.Event()

    def get_commands(self) -> list[Any]:
        return [SimpleNamespace(to_dict=lambda _tree: MINE)]

    async def get_global_commands(self, _application_id: int) -> list[Any]:
        await asyncio.sleep(1)
        return self.there

    async def sync(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.synced += 1
        self.done.set()
        self.there = [THEIRS]


FAILURES = [
    aiohttp.ServerDisconnectedError(),
    discord.DiscordServerError(SimpleNamespace(status=503, reason=""), "down"),
    discord.HTTPException(SimpleNamespace(status=400, reason=""), {"code": 50035, "message": "bad"}),
    discord.RateLimited(3600.0),
    TimeoutError(),
    KeyError("retry_after"),  # what discord.py makes of a 429 that lacks it
]


def test_it_tries_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever Discord fails with takes one line, and the next try comes later each time."""
    tree = Tree(*FAILURES)

    async def register() -> float:
        registration = CommandRegistration(tree, VirtualClock())  # type: ignore[arg-type] # a stand-in
        await registration.begin(patience_s=5)
        assert not tree.synced
        began = asyncio.get_running_loop().time()
        await tree.done.wait()
        await registration.aclose()
        return asyncio.get_running_loop().time() - began

    assert 5 + 10 + 20 + 40 + 80 + 160 <= run(register()) < 400
    assert len(caplog.records) == len(FAILURES)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_start_does_not_wait_for_a_discord_that_does_not_answer() -> None:
    """The commands come when they can; the request is left to itself, not canceled."""
    tree = Tree()

    async def register() -> tuple[float, int]:
        registration = CommandRegistration(tree, VirtualClock())  # type: ignore[arg-type] # a stand-in
        await registration.begin(patience_s=0.5)
        waited = asyncio.get_running_loop().time()
        await asyncio.sleep(5)
        await registration.aclose()
        return waited, tree.synced

    assert run(register()) == (0.5, 1)


def test_commands_that_are_there_are_not_sent() -> None:
    """A restart costs one request."""
    tree = Tree()
    tree.there = [THEIRS]

    async def register() -> None:
        registration = CommandRegistration(tree, VirtualClock())  # type: ignore[arg-type] # a stand-in
        await registration.begin(patience_s=5)
        await registration.aclose()

    run(register())
    assert not tree.synced
