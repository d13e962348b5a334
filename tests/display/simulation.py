"""The real `EditScheduler` against a simulated Discord, in virtual time: how fresh are N replies?"""

from __future__ import annotations

import asyncio
import math
import random
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.display.pacing import DiscordLimits, Wanted
from bot.display.scheduler import EditScheduler
from bot.display.target import WriteKind
from tests.virtual import VirtualClock, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.ports import Clock

CREATE, EDIT, TYPING = WriteKind.CREATE, WriteKind.EDIT, WriteKind.TYPING
PATIENCE_S = 600.0  # a reply that has not ended so long after its last token never will


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What happens; by default the design's benchmark with one channel. Times are in seconds.

    Attributes:
        channels: where replies are asked for, all at the same moment, or at random ones within `spread`.
        per_channel: replies in each channel.
        webhooks: how many of the channels are interactions' webhooks: 5 in 2 s, outside the global limit.
        tokens: the length of a reply; they arrive `rate` a second, the first after `first_token`.
        page: how many tokens fill a message.
        round_trip: of every request; it is applied halfway.
        jitter: the most that the way there, and the way back, take longer than that.
        stall: how long nothing leaves this process, once in every `stall_every`.
        typing: whether replies want a typing indicator before their first token.
        typing_after: how long after the question they want it.
        stranger: requests a second of another program with the same token, until `stranger_until`.
    """

    channels: int = 1
    per_channel: int = 1
    webhooks: int = 0
    spread: float = 0.0
    tokens: int = 600
    rate: float = 60.0
    first_token: float = 0.3
    page: int = 450
    round_trip: float = 0.1
    jitter: float = 0.0
    stall: float = 0.0
    stall_every: float = 2.0
    typing: bool = False
    typing_after: float = 0.5
    stranger: float = 0.0
    stranger_until: float = math.inf
    seed: int = 1
    limits: DiscordLimits = field(default_factory=DiscordLimits)


class Window:
    """A fixed window that opens with its first request."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds, self.opened, self.count = limit, seconds, -math.inf, 0

    def wait(self, now: float) -> float:
        """0 where a request is admitted and counted, else the seconds until the window's end."""
        if now >= self.opened + self.seconds:
            self.opened, self.count = now, 0
        if self.count >= self.limit:
            return self.opened + self.seconds - now
        self.count += 1
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of Discord's: `wait` is 0, or how long a 429 says to wait."""

    wait: float
    globally: bool
    limit: int
    remaining: int
    reset_after: float


class Discord:
    """The limits at the far end of the wire, and discord.py's habits at this one."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.scene, self.clock = scene, clock
        self.scheduler = EditScheduler(clock, scene.limits)
        self.requests: list[tuple[float, str]] = []  # when, and in which bucket
        self.refused: list[tuple[float, str]] = []
        self._everything = Window(50, 1.0)
        self._windows: dict[str, Window] = {}
        self._random = random.Random(scene.seed)

    async def request(self, bucket: str, applied: Callable[[float], None], *, webhook: bool) -> None:
        """Try up to five times, as discord.py does."""
        for _ in range(5):
            await self._travel()
            answer = self._arrive(bucket, applied, webhook=webhook)
            await self._travel()
            if answer.wait:
                self.scheduler.limited(None if answer.globally else bucket, retry_after=answer.wait)
                await self.clock.sleep(answer.wait)
                continue
            self.scheduler.learn(
                bucket, limit=answer.limit, remaining=answer.remaining, reset_after=answer.reset_after
            )
            if answer.remaining == 0:  # discord.py sleeps before it returns
                await self.clock.sleep(answer.reset_after)
            return

    async def stranger(self) -> None:
        """Another program with the same token."""
        while self.clock.monotonic() < self.scene.stranger_until:
            await self.clock.sleep(self._random.expovariate(self.scene.stranger))
            self._everything.wait(self.clock.monotonic())

    async def _travel(self) -> None:
        scene = self.scene
        way = scene.round_trip / 2 + self._random.random() * scene.jitter
        if scene.stall:  # what sets out while the process stands still leaves when it moves again
            way += max(0.0, scene.stall - self.clock.monotonic() % scene.stall_every)
        await self.clock.sleep(way)

    def _arrive(self, bucket: str, applied: Callable[[float], None], *, webhook: bool) -> Answer:
        now = self.clock.monotonic()
        window = self._windows.setdefault(bucket, Window(5, 2.0 if webhook else 5.0))
        everywhere = 0.0 if webhook else self._everything.wait(now)
        wait = everywhere or window.wait(now)
        if wait:
            self.refused.append((now, "global" if everywhere else bucket))
        else:
            self.requests.append((now, bucket))
            applied(now)
        return Answer(
            wait=wait,
            globally=bool(everywhere),
            limit=window.limit,
            remaining=window.limit - window.count,
            reset_after=window.opened + window.seconds - now,
        )


class Reply:
    """One reply, a `Display`: tokens arrive at an even rate and fill messages."""

    def __init__(self, scene: Scene, discord: Discord, channel: int, asked: float) -> None:
        self.scene, self.discord, self.clock, self.channel, self.asked = (
            scene,
            discord,
            discord.clock,
            channel,
            asked,
        )
        self.first = asked + scene.first_token
        self.last = self.first + (scene.tokens - 1) / scene.rate
        self.webhook = channel < scene.webhooks
        self.seen: list[tuple[float, int]] = []  # when so many tokens came on show
        self.ended_at = math.inf  # when the final edit came on show
        self.typed = False
        self._pages = 0  # messages that exist, or are being created
        self._taken = 0  # tokens on show, or on their way there
        self._closed = False  # the final edit is on show, or on its way there

    @property
    def shown_at(self) -> float:
        """When all the text had come on show."""
        return next(at for at, tokens in self.seen if tokens == self.scene.tokens)

    def arrived(self) -> int:
        """How many tokens the model has sent."""
        age = self.clock.monotonic() - self.first
        return 0 if age < -1e-9 else min(self.scene.tokens, math.floor(age * self.scene.rate + 1e-6) + 1)

    def sent_at(self, token: int) -> float:
        return self.first + token / self.scene.rate

    def wanted(self) -> Wanted | None:
        arrived, scene = self.arrived(), self.scene
        done = arrived == scene.tokens
        if not arrived:
            typing = scene.typing and not self.typed
            if not typing:
                return None
            bucket = f"typing:{self.channel}"
            return Wanted(
                kind=TYPING, bucket=bucket, since=0.0, not_before=self.asked + scene.typing_after, optional=True
            )
        if self._taken == arrived and (self._closed or not done):
            return None
        kind = CREATE if self._taken == self._pages * scene.page else EDIT
        last_page = arrived <= (self._pages + (kind is CREATE)) * scene.page
        return Wanted(
            kind=kind,
            bucket=f"webhook:{self.channel}" if self.webhook else f"{kind}:{self.channel}",
            since=self.sent_at(min(self._taken, scene.tokens - 1)),
            urgent=done or not self._pages,
            final=done and last_page,
            counts_globally=not self.webhook,
        )

    async def write(self, kind: WriteKind) -> bool:
        wanted = self.wanted()
        if wanted is None or wanted.kind is not kind:
            return False
        if wanted.kind is TYPING:
            self.typed = True
            await self.discord.request(wanted.bucket, lambda _: None, webhook=False)
            return True
        self._pages += wanted.kind is CREATE
        self._taken = min(self.arrived(), self._pages * self.scene.page)
        self._closed = wanted.final
        await self.discord.request(wanted.bucket, self._show(self._taken, wanted), webhook=self.webhook)
        return True

    def _show(self, tokens: int, wanted: Wanted) -> Callable[[float], None]:
        def applied(now: float) -> None:
            self.seen.append((now, tokens))
            self.ended_at = now if wanted.final else math.inf

        return applied

    async def live(self) -> None:
        """The reader: text is handed over as soon as there is any, then every quarter second."""
        scheduler = self.discord.scheduler
        await self.clock.sleep(self.asked)
        scheduler.mark(self)
        if self.scene.typing and self.scene.first_token > self.scene.typing_after:
            await self.clock.sleep(self.scene.typing_after)
            scheduler.mark(self)
        await self.clock.sleep(self.first - self.clock.monotonic())
        while (left := self.last - self.clock.monotonic()) > 0:
            scheduler.mark(self)
            await self.clock.sleep(min(0.25, left))
        scheduler.mark(self)
        while self.ended_at == math.inf:
            await self.clock.sleep(1.0)
            assert self.clock.monotonic() < self.last + PATIENCE_S, "a reply never ended"

    def ages(self) -> list[tuple[float, float]]:
        """The age of the oldest token not on show, in pieces: it grows from one age to another, then drops."""
        pieces, at, token = [], self.first, 0
        for seen_at, tokens in self.seen:
            sent_at = self.sent_at(token)
            if seen_at > max(at, sent_at):
                pieces.append((max(at, sent_at) - sent_at, seen_at - sent_at))
            at, token = seen_at, tokens
            if token == self.scene.tokens:
                break
        return pieces

    def area(self) -> float:
        """The age of the oldest token not on show, summed over the reply's life."""
        return sum((b * b - a * a) / 2 for a, b in self.ages())

    def life(self) -> float:
        """From the first token until all is on show."""
        return self.shown_at - self.first


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Times are in seconds; one figure for each reply, in the order of the channels."""

    replies: list[Reply]
    discord: Discord

    @property
    def stale(self) -> float:
        """The age of the oldest token not on show: its mean over the lives of all replies."""
        return sum(reply.area() for reply in self.replies) / sum(reply.life() for reply in self.replies)

    @property
    def stale_each(self) -> list[float]:
        return [reply.area() / reply.life() for reply in self.replies]

    @property
    def stale_worst(self) -> list[float]:
        """The greatest age there ever was."""
        return [max(age for _, age in reply.ages()) for reply in self.replies]

    @property
    def first_text(self) -> list[float]:
        """From the question to the first text."""
        return [reply.seen[0][0] - reply.asked for reply in self.replies]

    @property
    def lag(self) -> list[float]:
        """From the last token until all text was on show."""
        return [reply.shown_at - reply.last for reply in self.replies]

    @property
    def final_lag(self) -> list[float]:
        """From the last token until the final edit was on show."""
        return [reply.ended_at - reply.last for reply in self.replies]


async def play(scene: Scene, clock: Clock | None = None) -> Outcome:
    """Play a scene to its end, by default in the running loop's virtual time."""
    discord = Discord(scene, clock or VirtualClock())
    asked = random.Random(scene.seed)
    replies = [
        Reply(scene, discord, channel, asked.random() * scene.spread)
        for channel in range(scene.channels)
        for _ in range(scene.per_channel)
    ]
    stranger = asyncio.create_task(discord.stranger()) if scene.stranger else None
    await asyncio.gather(*(reply.live() for reply in replies))
    if stranger:
        stranger.cancel()
    await discord.scheduler.aclose()
    return Outcome(replies, discord)


def simulate(scene: Scene) -> Outcome:
    """Play a scene in virtual time."""
    return run(play(scene))


def median(figures: list[float]) -> float:
    return statistics.median_high(figures)
