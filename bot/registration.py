"""Registering the slash commands with Discord, when they differ from what it has."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from bot.core.background import Background
from bot.ui.targets.failures import DISCORD_FAILURES, place, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    import discord
    from discord import app_commands

    from bot.core.ports import Clock

log = logging.getLogger(__name__)

PAUSE_S, PAUSE_CAP_S = 5.0, 3600.0  # before another try: at first, at most
# What Discord adds to a command; and what it fills in where the command leaves it out.
ADDED = {"id", "application_id", "version", "guild_id", "default_permission", "dm_permission", "handler"}
FILLED_IN = ("integration_types", "contexts")


class CommandRegistration:
    """Sees to it that Discord has these commands, however often it takes; meanwhile the bot does everything else.

    Belongs to one event loop.
    """

    def __init__(self, tree: app_commands.CommandTree[Any], clock: Clock) -> None:
        self._tree = tree
        self._clock = clock
        self._tried = asyncio.Event()
        self._work = Background("registering the commands", self._until_registered, clock)

    async def begin(self, *, patience_s: float) -> None:
        """Start, and wait for the first try; what takes longer goes on in the background."""
        self._work.start()
        trying = asyncio.ensure_future(self._tried.wait())
        await asyncio.wait({trying}, timeout=patience_s)
        trying.cancel()

    async def again(self) -> int | None:
        """Send the commands once, whatever Discord has; how many, None where it refuses."""
        try:
            return len(await self._tree.sync())
        except Exception as error:  # noqa: BLE001 - as for each try
            log.warning("The commands weren't registered again: %s", _why(error))
            return None

    async def aclose(self) -> None:
        await self._work.aclose()

    async def _until_registered(self) -> None:
        pause = PAUSE_S
        while not await self._try():
            await self._clock.sleep(pause)
            pause = min(PAUSE_CAP_S, pause * 2)

    async def _try(self) -> bool:
        try:
            await self._register()
        except Exception as error:  # noqa: BLE001 - an answer that makes no sense, too, keeps nobody from asking
            log.warning("The commands aren't registered yet (%s). Mentions work; I'll try again.", _why(error))
            return False
        finally:
            self._tried.set()
        return True

    async def _register(self) -> None:
        """Discord allows 200 new commands a day, so send them only where it has others."""
        client: discord.Client = self._tree.client
        wanted = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        assert client.application_id is not None  # noqa: S101 - known since the login
        there = await client.http.get_global_commands(client.application_id)
        if same_commands(wanted, there):
            return
        await self._tree.sync()
        log.info("registered %d commands", len(wanted))


def _why(error: Exception) -> str:
    return reason(error) if isinstance(error, DISCORD_FAILURES) else place(error)


def same_commands(wanted: Sequence[Any], there: Sequence[Any]) -> bool:
    """Whether Discord has exactly the commands wanted; what it adds by itself makes no difference."""
    have = {_key(command): command for command in there}
    return len(wanted) == len(there) and all(
        _plain(command, like=command) == _plain(have.get(_key(command), {}), like=command) for command in wanted
    )


def _key(command: Any) -> tuple[int, str]:  # noqa: ANN401 - Discord's JSON
    return command.get("type", 1), command["name"]


def _plain(command: dict[str, Any], *, like: dict[str, Any]) -> dict[str, Any]:
    """A command without what Discord adds, nor what it fills in where `like` leaves it out."""
    left_out = {key for key in FILLED_IN if not like.get(key)}
    plain: dict[str, Any] = _bare({key: value for key, value in command.items() if key not in ADDED | left_out})
    if (bits := plain.get("default_member_permissions")) is not None:
        plain["default_member_permissions"] = str(bits)
    return plain


def _bare(value: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON without empty fields: Discord leaves some out and gives others as null or false."""
    if isinstance(value, dict):
        bare = {key: _bare(item) for key, item in value.items()}
        return {key: item for key, item in bare.items() if item not in (None, "", [], {}) and item is not False}
    return [_bare(item) for item in value] if isinstance(value, list) else value
