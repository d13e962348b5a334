"""The panel for the curious: the bot's requests, how fresh the text is, and the settings of the playground."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playground.discord import PlaygroundError, RateLimits
from playground.discord.api.limits import Limiter
from playground.openrouter.controls import FAULTS
from playground.web.freshness import Freshness
from playground.web.views import KINDS_OF_REQUESTS, request_view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from playground.discord import Discord, Message, Request
    from playground.discord.state.records import File
    from playground.discord.trouble import Trouble
    from playground.processes import Reports
    from playground.web.views import Json

TICK_SECONDS = 0.1
LATEST = 60  # requests given to a page that has just been opened
STREAM_SHARE = 4  # ticks to each view of the figures that the pages are sent
LIMITS = {
    "usual": RateLimits(),
    "tight": RateLimits(create=(2, 5.0), edit=(2, 5.0), webhook=(2, 5.0)),
    "shared": RateLimits(shared=(2, 5.0)),
    "none": RateLimits(create=(1000, 1.0), edit=(1000, 1.0), webhook=(1000, 1.0), everything=(1000, 1.0)),
}
EDITS = "/channels/*/messages/*"
TROUBLES: Mapping[str, Callable[[Trouble], None]] = {
    "edit": lambda trouble: trouble.fail("PATCH", EDITS, status=500),
    "edge": lambda trouble: trouble.block_at_the_edge("PATCH", EDITS),
    "shared": lambda trouble: trouble.limit("PATCH", EDITS, 3.0, scope="shared", reset_after=0.5),
    "global": lambda trouble: trouble.limit_globally(5.0),
    "gateway": lambda trouble: trouble.drop_gateway(),
    "again": lambda trouble: trouble.drop_gateway(repeats=20),
}
SPANS = {"tokens_per_second": (1, 1000), "first_token_after": (0, 30), "latency": (0, 5)}


@dataclass(slots=True)
class Settings:
    """What the page has set; None leaves the scripted model its own figures."""

    tokens_per_second: float | None = None
    first_token_after: float | None = None  # seconds
    fault: str = ""  # of the next answer
    latency: float = 0.0  # seconds of a round trip to Discord
    limits: str = "usual"


@dataclass(slots=True)
class Panel:
    """`tell` sends news to every page; without `reports` the model is a real one, which nothing here controls."""

    d: Discord
    reports: Reports | None
    messages: Mapping[int, Message]
    tell: Callable[[Json], None]
    settings: Settings = field(default_factory=Settings)
    freshness: Freshness = field(default_factory=Freshness)
    counts: dict[str, int] = field(default_factory=lambda: {"creates": 0, "edits": 0, "others": 0, "refused": 0})
    _ticking: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.settings.latency = self.d.door.latency
        if self.reports:
            self.reports.listeners.append(self._report)

    def view(self) -> Json:
        return {
            "scripted": self.reports is not None,
            "counts": self.counts,
            "requests": [request_view(request) for request in self.d.requests[-LATEST:]],
            "freshness": self.freshness.view(time.monotonic()),
            "settings": self._settings(),
        }

    def _settings(self) -> Json:
        names = ("tokens_per_second", "first_token_after", "fault", "latency", "limits")
        return {name: getattr(self.settings, name) for name in names}

    # --- What the bot and the model do ----------------------------------------------------------------------

    def note(self, request: Request) -> None:
        kind = KINDS_OF_REQUESTS.get((request.method, request.route), "others")
        self.counts["refused" if request.status == 429 else kind] += 1
        self.tell({"type": "request", "request": request_view(request), "counts": self.counts})

    def _report(self, report: Json) -> None:
        self.freshness.report(report)
        if "news" not in report and self.settings.fault:
            self.settings.fault = ""  # it has struck
            self._tell_settings()
        if self.freshness.streams and (self._ticking is None or self._ticking.done()):
            self._ticking = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        """Sample while a reply streams."""
        ticks = 0
        while self.freshness.streams:
            self.freshness.tick(time.monotonic(), self._bots())
            ticks += 1
            if ticks % STREAM_SHARE == 1:
                self._tell_freshness()
            await asyncio.sleep(TICK_SECONDS)
        self._tell_freshness()

    def _tell_freshness(self) -> None:
        self.tell({"type": "freshness", "freshness": self.freshness.view(time.monotonic())})

    def _bots(self) -> list[Message]:
        return [message for message in self.messages.values() if message.author is self.d.bot]

    async def close(self) -> None:
        if self._ticking:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    # --- Settings --------------------------------------------------------------------------------------------

    async def set(self, body: Json, _: Sequence[File]) -> Json:
        """Change one setting: a `name`, and a `value` in its range.

        Raises:
            PlaygroundError: for a value out of range.
        """
        name, value = body["name"], body["value"]
        if name in SPANS:
            low, high = SPANS[name]
            if value is not None and not low <= float(value) <= high:
                raise PlaygroundError(f"{name} goes from {low} to {high}")
        elif value not in {"fault": FAULTS, "limits": tuple(LIMITS)}[name]:
            raise PlaygroundError(f"{name} does not take {value!r}")
        setattr(self.settings, name, value)
        self._pass_on(name)
        self._tell_settings()
        return {}

    def _pass_on(self, name: str) -> None:
        if name == "latency":
            self.d.door.latency = self.settings.latency
        elif name == "limits":
            self.d.door.limiter = Limiter(LIMITS[self.settings.limits])
        elif self.reports:
            self.reports.set({name: getattr(self.settings, name)})

    async def trouble(self, body: Json, _: Sequence[File]) -> Json:
        """Let something go wrong once, `what` being a name in `TROUBLES`."""
        TROUBLES[body["what"]](self.d.trouble)
        return {}

    def _tell_settings(self) -> None:
        self.tell({"type": "settings", "settings": self._settings()})
