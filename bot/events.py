"""Events on their way into discord.py: unreadable ones are skipped, repeated interactions dropped."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.ui.incoming.arrivals import Recent
from bot.ui.targets.failures import place

if TYPE_CHECKING:
    from collections.abc import Callable

    import discord

log = logging.getLogger(__name__)

NEEDED = ("READY", "RESUMED")  # without them there's no session, so their errors end the connection


class EventGuard:
    """Stands before discord.py's parsers, which have no public place to catch what they raise."""

    def __init__(self, client: discord.Client) -> None:
        self._unreadable: set[str] = set()
        self._interactions: Recent[None] = Recent()
        parsers = client._connection.parsers  # noqa: SLF001 - see above
        for name, parser in parsers.items():
            if name not in NEEDED:
                parsers[name] = partial(self._parse, name, parser)

    def _parse(self, name: str, parser: Callable[[Any], None], data: Any) -> None:  # noqa: ANN401 - Discord's JSON
        try:
            if name == "INTERACTION_CREATE" and self._interactions.repeats(int(data["id"])):
                log.debug("interaction %s came twice", data["id"])
            else:
                parser(data)
        except Exception as error:  # noqa: BLE001 - whatever fails in discord.py, the other events go on
            if name not in self._unreadable:  # once each: whatever Discord changed comes again and again
                self._unreadable.add(name)
                log.error("Skipped an event %s that can't be read: %s", name, place(error))  # noqa: TRY400 - one line
