"""A reply on its way to the screen: the text the model has said so far, shown message by message."""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError
from bot.core.text_demand import TextDemand
from bot.display.errors import MessageGoneError, NoAccessError, ScreenError, WriteFailedError, WriteRefusedError
from bot.display.pacing import Wanted
from bot.display.pager import Pager, with_note
from bot.display.screen import Part, Screen, Step
from bot.display.target import Controls, WriteKind

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from bot.core.ports import Clock
    from bot.display.target import DisplayTexts, ReplyTarget

log = logging.getLogger(__name__)

REFRESH_S = 0.02  # how long a write waits for text that the client holds back; a hand-over takes about 5 ms
TYPING_AFTER_S = 0.5  # a first text that comes sooner needs no indicator before it
TYPING_S = 8.0  # Discord shows the indicator for ten seconds
MOST_MESSAGES = 25  # pages of an answer shown as messages, about 45,000 characters; the rest comes as a file
FINAL_ATTEMPTS = 6  # failures in a row that an ended reply bears with, about half a minute of backoff
BACKOFF_BASE_S, BACKOFF_CAP_S = 0.5, 10.0


class Reply:
    """One reply's text, and how it comes to be seen: a `Display` for the `EditScheduler`.

    The reader feeds it and never waits; the scheduler asks what is wanted and lets it write. After `finish` it
    goes on until the screen shows everything or no longer can; `settled` waits for that.
    """

    def __init__(
        self,
        target: ReplyTarget,
        *,
        clock: Clock,
        rng: random.Random,
        mark: Callable[[Reply], None],
        texts: DisplayTexts,
        on_message: Callable[[int], Awaitable[None]] | None = None,
        on_lost: Callable[[ScreenError], None] | None = None,
        message_ids: Sequence[int] = (),
        text: str = "",
    ) -> None:
        """`message_ids` are an earlier reply's, to reuse; `text` is what they show and this reply continues.

        `mark` tells the scheduler that something changed, `on_message` hears each new message's id, and `on_lost`
        why nobody can read the reply anymore.
        """
        self.target = target
        self.demand = TextDemand()
        self.controls = Controls()  # under the last message while the reply goes on
        self._on_message = on_message
        self._on_lost = on_lost
        self._clock = clock
        self._rng = rng
        self._mark = mark
        self._texts = texts
        self._screen = Screen(target, nonce=rng.getrandbits(47) << 16, message_ids=message_ids)
        self._pager = Pager()
        self._before: list[Part] = []  # messages that can no longer be changed, and end where the pager begins
        self._text: list[str] = []
        self._length = 0
        self._arrivals: deque[tuple[int, float]] = deque()  # (length of the text, since when): not on show yet
        self._status = ""
        self._note = ""
        self._ended_at: float | None = None
        self._asked_at = clock.monotonic()
        self._typed_at = float("-inf")
        self.has_written = False
        self._refused = False
        self._fed = asyncio.Event()
        self._settled = asyncio.Event()
        self._failures = 0
        self._not_before = 0.0
        self._step: Step | None = None
        self._outdated = True
        if text:
            self._go_on_from(text)

    @property
    def text(self) -> str:
        """All that the model has said."""
        return "".join(self._text)

    @property
    def shown_text(self) -> str:
        """The part of the text that is known to be on the screen."""
        return self.text[: self._screen.covered]

    @property
    def length(self) -> int:
        """How many characters the model has said: cheaper to ask for than the text."""
        return self._length

    @property
    def shown_length(self) -> int:
        """How many characters of the text are known to be on the screen; cheap as well."""
        return min(self._length, self._screen.covered)

    @property
    def message_ids(self) -> tuple[int, ...]:
        return self._screen.message_ids

    # The reader and the service

    def feed(self, text: str) -> None:
        """Append what the model said."""
        if not text:
            return
        self._text.append(text)
        self._length += len(text)
        arrived = self.demand.handed_since
        self._arrivals.append((self._length, self._clock.monotonic() if arrived is None else arrived))
        self._pager.feed(text)
        self._fed.set()
        self._changed()

    def show_status(self, line: str) -> None:
        """Say in small print what the reply is waiting for; it goes with the first text."""
        self._status = line
        self._changed()

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to see in the text: white space, and what has no width."""
        return all(unicodedata.category(char)[0] in "CZ" for char in self.text)

    def finish(self, note: str, controls: Controls) -> None:
        """End the reply: the text so far, below it `note` in small print (none when empty) and buttons."""
        self._note, self.controls = note, controls
        self._ended_at = self._clock.monotonic()
        self._not_before, self._failures = 0.0, 0
        self._fed.set()
        self._changed()

    async def settled(self) -> None:
        """Wait until the ended reply is on the screen, or cannot be brought there."""
        await self._settled.wait()

    # The scheduler

    def wanted(self) -> Wanted | None:
        if self._settled.is_set():
            return None
        step = self._next_step()
        if step is None:
            return self._typing_wanted()
        ended = self._ended_at is not None
        return Wanted(
            kind=step.kind,
            bucket=self.target.bucket(step.kind, self._screen.message_id(step.index)),
            since=self._arrivals[0][1] if self._arrivals else (self._ended_at or self._clock.monotonic()),
            urgent=ended or (self._length > 0 and self._screen.covered == 0),
            final=ended,
            counts_globally=self.target.counts_globally,
            not_before=self._not_before,
        )

    async def write(self, kind: WriteKind) -> bool:
        """Make a write of this kind with the newest text; False where the next one is of another kind by now."""
        await self._refresh()
        step = self._next_step()
        if (step.kind if step else WriteKind.TYPING) is not kind or (step is None and not self._typing_wanted()):
            return False
        try:
            if step is None:
                await self._type()
            else:
                await self._perform(step)
        except (MessageGoneError, NoAccessError) as error:
            self._lose(error)
        except ScreenError as error:
            self._bear(step, error)
        except Exception:  # whatever it is, the next try must come, but not at once
            log.exception("writing a reply failed by a bug")
            self._bear(step, WriteFailedError())
        self._changed()
        return True

    # Inside

    def _go_on_from(self, text: str) -> None:
        self._text.append(text)
        self._length = len(text)
        self._pager.feed(text)
        parts = self._parts()
        if len(self.message_ids) <= len(parts):  # else something was left behind, and pages stand elsewhere
            self._screen.assume(parts[:-1])

    def _changed(self) -> None:
        self._outdated = True
        if self._ended_at is not None and self._next_step() is None:
            self._settled.set()
        self._mark(self)

    def _next_step(self) -> Step | None:
        if self._outdated:
            self._step, self._outdated = self._screen.next(self._parts()), False
            covered = self._screen.covered
            while self._arrivals and self._arrivals[0][0] <= covered:
                self._arrivals.popleft()
        return self._step

    def _parts(self) -> list[Part]:
        """What every message should show now."""
        if self._refused:
            return [*self._before, Part(f"-# {self._texts.refused}")]
        ended = self._ended_at is not None
        pages = self._pager.pages(done=ended)
        room = MOST_MESSAGES - len(self._before)
        shown, rest = pages[:room], "".join(page.source for page in pages[room:])
        if ended and (self._note or rest):
            contents = with_note(
                shown, " ".join(filter(None, [self._texts.rest_attached if rest else "", self._note]))
            )
        else:
            contents = [page.content for page in shown]
        if not ended and (rest or (not contents and self._status)):
            contents.append(f"-# {self._texts.rest_to_come if rest else self._status}")
        parts = list(self._before)
        covers = parts[-1].covers if parts else 0
        for index, content in enumerate(contents):
            covers += len(shown[index].source) if index < len(shown) else 0
            parts.append(Part(content, covers=covers))
        if len(parts) > len(self._before):
            covers += len(rest) if ended else 0
            parts[-1] = replace(parts[-1], controls=self.controls, covers=covers, attachment=rest if ended else "")
        return parts

    def _typing_wanted(self) -> Wanted | None:
        if self._ended_at is not None or self.message_ids or self.target.shows_thinking:
            return None
        now = self._clock.monotonic()
        return Wanted(
            kind=WriteKind.TYPING,
            bucket=self.target.bucket(WriteKind.TYPING),
            since=now,
            not_before=max(self._asked_at + TYPING_AFTER_S, self._typed_at + TYPING_S),
        )

    async def _type(self) -> None:
        self._typed_at = self._clock.monotonic()
        await self.target.typing()

    async def _refresh(self) -> None:
        """Let the client hand over what it holds back, so that the write shows all that has arrived."""
        if self.demand.held_since is None or self._ended_at is not None:
            return
        self._fed.clear()
        self.demand.ask()
        try:
            async with asyncio.timeout(REFRESH_S):
                await self._fed.wait()
        except TimeoutError:
            log.debug("the client handed nothing over in time")

    async def _perform(self, step: Step) -> None:
        message_id = await self._screen.perform(step)
        self._failures, self.has_written = 0, True
        if message_id is not None and self._on_message:
            try:
                await self._on_message(message_id)
            except HeadwaterError as error:  # it stands there all the same
                log.warning("message %d is not in memory: %s", message_id, error)

    def _lose(self, error: ScreenError) -> None:
        """Nobody can read the reply any more."""
        log.warning("a reply in channel %d is lost: %s", self.target.channel_id, type(error).__name__)
        self._settled.set()
        if self._on_lost:
            self._on_lost(error)

    def _bear(self, step: Step | None, error: ScreenError) -> None:
        """A write failed: wait and try again, or find another way for the text that is not on show."""
        if step is None:  # the typing indicator: never worth a second try
            return
        self._failures += 1
        hint = error.retry_after if isinstance(error, WriteFailedError) else None
        delay = self._rng.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0**self._failures))
        self._not_before = self._clock.monotonic() + max(hint or 0.0, delay)
        hopeless = isinstance(error, WriteRefusedError)
        if hopeless or (self._ended_at is not None and self._failures >= FINAL_ATTEMPTS):
            self._give_up(step, error)

    def _give_up(self, step: Step, error: ScreenError) -> None:
        log.warning("message %d of a reply cannot be written: %s", step.index, error)
        missing = self.text[self._screen.covered :]
        if step.kind is WriteKind.EDIT and (missing or self._note):
            self._leave_behind(step.index, missing)
        elif step.kind is WriteKind.CREATE and isinstance(error, WriteRefusedError) and not self._refused:
            self._refused = True  # say so in words of our own, which Discord has no reason to refuse
            if self._on_lost:
                self._on_lost(error)
        elif step.kind is WriteKind.CREATE:
            self._lose(error)
        else:  # the text is on show; what is wrong is a cursor, a button, or a message too many
            self._settled.set()

    def _leave_behind(self, index: int, missing: str) -> None:
        """Let the messages up to `index` stand as they are and show what is missing in new ones below."""
        covered = self._screen.covered
        self._before = self._screen.freeze(index, covered)
        self._pager = Pager()
        self._pager.feed(missing)
        self._failures, self._not_before = 0, 0.0
