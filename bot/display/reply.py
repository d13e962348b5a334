"""A reply on its way to the screen: what the model has said so far, message by message."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError
from bot.core.telemetry.trail import trail
from bot.core.text_demand import TextDemand
from bot.display.errors import MessageGoneError, NoAccessError, ScreenError, WriteFailedError, WriteRefusedError
from bot.display.layout import Surroundings, lay_out
from bot.display.pacing import Wanted
from bot.display.screen import NO_MESSAGES, Part, Screen, Step
from bot.display.target import PLAIN, Controls, Look, WriteKind
from bot.display.text.growing_text import GrowingText
from bot.display.text.pager import SMALL_PRINT, Pager
from bot.display.text.rich.rendering import Rendering
from bot.display.typing_indicator import TypingIndicator

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bot.core.ports import Clock
    from bot.display.leftover import LeftBehind
    from bot.display.target import DisplayTexts, ReplyTarget, ShownFile

log = logging.getLogger(__name__)

REFRESH_S = 0.02  # how long a write waits for text that the client holds back; a hand-over takes about 5 ms
MOST_MESSAGES = 25  # pages of an answer shown as messages, about 45,000 characters; the rest comes as a file
FINAL_ATTEMPTS = 6  # failures in a row that an ended reply tolerates, about half a minute of backoff
SLOW_S = 30.0  # where the next message has to wait longer (slow mode), the rest comes as a file
LONGEST_HOLD_S = 900.0  # an ended reply doesn't wait longer for Discord to take its next write
BACKOFF_BASE_S, BACKOFF_CAP_S = 0.5, 10.0


class Reply:
    """One reply's text and how people get to see it: a `Display` for the `EditScheduler`.

    The reader feeds it and never waits; the scheduler asks what is wanted and lets it write. After `finish` it
    continues until the screen shows everything or no longer can; `settled` waits for that.
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
        left_behind: LeftBehind | None = None,
        confirm: Callable[[], Awaitable[None]] | None = None,
        messages: Mapping[int, str] = NO_MESSAGES,
        text: str = "",
        look: Look = PLAIN,
    ) -> None:
        """`mark` tells the scheduler that something changed, `on_message` hears each new message's id.

        `on_lost` hears why nobody can read the reply anymore; `left_behind` cleans messages that this reply can't.
        `confirm` is awaited before each write, and may abandon the reply.

        `messages` are an earlier reply's, to reuse, each with what it shows, empty where that isn't known; this
        one continues `text`.
        """
        self.target = target
        self.demand = TextDemand()
        self.controls = Controls()  # under the last message while the reply continues
        self._on_message, self._on_lost = on_message, on_lost
        self._left_behind, self._confirm = left_behind, confirm
        if left_behind:
            left_behind.take(messages)
        self._clock, self._rng, self._mark = clock, rng, mark
        self._texts, self._trail = texts, trail.get()
        nonce = rng.getrandbits(47) << 16
        self._screen = Screen(target, nonce=nonce, messages=messages, previews=look.previews)
        self._look = look
        self._pager = self._new_pager()
        self._before: list[Part] = []  # messages that stay as they are; the pager's text begins after them
        self._text = GrowingText()
        self._status = self._note = ""
        self._status_is_optional = False
        self._files: tuple[ShownFile, ...] = ()
        self._ended_at: float | None = None
        self._typing = TypingIndicator(target, clock)
        self.has_written = False
        self.first_text_s: float | None = None  # from the question to the first text that people could read
        self._made_at = clock.monotonic()
        self._refused_at: int | None = None  # the message that Discord didn't accept
        self._room = MOST_MESSAGES
        self._fed, self._settled = asyncio.Event(), asyncio.Event()
        self._failures, self._not_before = 0, 0.0
        self._step: Step | None = None
        self._outdated = True
        if text:
            self._go_on_from(text)

    @property
    def text(self) -> str:
        """All that the model has said."""
        return str(self._text)

    @property
    def shown_text(self) -> str:
        """The part of the text that is known to be on the screen."""
        return self.text[: self._screen.covered]

    @property
    def length(self) -> int:
        """How many characters the model has said: cheaper to ask for than the text."""
        return self._text.length

    @property
    def shown_length(self) -> int:
        """How many characters of the text are known to be on the screen; cheap as well."""
        return min(self._text.length, self._screen.covered)

    @property
    def age_s(self) -> float:
        """Seconds since it was asked for."""
        return self._clock.monotonic() - self._made_at

    @property
    def message_ids(self) -> tuple[int, ...]:
        return self._screen.message_ids

    # The reader and the service

    def feed(self, text: str) -> None:
        """Append what the model said."""
        if not text:
            return
        arrived = self.demand.handed_since
        self._text.append(text, at=self._clock.monotonic() if arrived is None else arrived)
        self._pager.feed(text)
        self._fed.set()
        self._changed()

    def try_typing(self) -> None:
        """Give the typing indicator another chance; it's only shown before the first message."""
        self._mark(self)

    def show_status(self, line: str, *, optional: bool = False) -> None:
        """Say in small print what the reply is waiting for; the first text replaces it.

        An `optional` line is shown only where that takes nothing from texts: say it again for another chance.
        """
        self._status, self._status_is_optional = line, optional
        self._changed()

    def attach(self, files: Sequence[ShownFile]) -> None:
        """Show pictures beside the end of the answer, with its last write."""
        self._files = tuple(files)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to see in the text: white space, and what has no width."""
        return self._text.is_blank

    def finish(self, note: str, controls: Controls) -> None:
        """End the reply with the text so far, below it `note` in small print (none if empty) and buttons."""
        self._note, self.controls = note, controls
        self._ended_at = self._clock.monotonic()
        self._not_before, self._failures = 0.0, 0
        self._fed.set()
        self._changed()

    def abandon(self) -> None:
        """Write nothing more; somebody else does."""
        self._on_lost = None
        self._settled.set()

    async def settled(self) -> None:
        """Wait until the ended reply is on the screen, or can't be brought there."""
        await self._settled.wait()

    # The scheduler

    def wanted(self) -> Wanted | None:
        if self._settled.is_set():
            return None
        step = self._next_step()
        if step is None:
            return self._typing_wanted()
        ended, since = self._ended_at is not None, self._text.waiting_since
        return Wanted(
            kind=step.kind,
            bucket=self.target.bucket(step.kind, self._screen.message_id(step.index)),
            since=since if since is not None else self._ended_at or self._clock.monotonic(),
            urgent=ended
            or (self._text.length > 0 and self._screen.covered == 0 and not self._screen.announces_text),
            final=ended,
            counts_globally=self.target.counts_globally,
            not_before=self._not_before,
            optional=self._status_is_optional and not (ended or self._text.length),
        )

    async def write(self, kind: WriteKind) -> bool:
        """Make a write of this kind with the newest text; False where the next one is of another kind by now."""
        trail.set(self._trail)
        if self._confirm:
            await self._confirm()
        await self._refresh()
        if self._settled.is_set():
            return False
        step = self._next_step()
        if (step.kind if step else WriteKind.TYPING) is not kind or (step is None and not self._typing_wanted()):
            return False
        try:
            if step is None:
                await self._typing.show()
            else:
                await self._perform(step)
        except NoAccessError as error:
            if not self._without_pictures(step):
                self._lose(error)
        except MessageGoneError as error:
            self._lose(error)
        except ScreenError as error:
            self._tolerate(step, error)
        except Exception:  # whatever it is, the next try must come, but not at once
            log.exception("writing a reply failed by a bug")
            self._tolerate(step, WriteFailedError())
        self._changed()
        return True

    # Inside

    def _go_on_from(self, text: str) -> None:
        self._text.append(text)
        self._pager.feed(text)
        parts = self._parts()
        if len(self.message_ids) <= len(parts):  # otherwise something was left behind, and the pages differ
            self._screen.assume(parts[:-1])

    def _new_pager(self) -> Pager:
        return Pager(Rendering(), self._texts.rows_to_come) if self._look.rich_text else Pager()

    def _changed(self) -> None:
        self._outdated = True
        if self._ended_at is not None and self._next_step() is None:
            self._settled.set()
        self._mark(self)

    def _next_step(self) -> Step | None:
        if self._outdated:
            self._step, self._outdated = self._screen.next(self._parts()), False
            self._text.shown(self._screen.covered)
        return self._step

    def _parts(self) -> list[Part]:
        """What every message should show now."""
        ended = self._ended_at is not None
        around = Surroundings(
            status=self._status,
            note=self._note,
            ended=ended,
            controls=self.controls,
            files=self._files,
            previews=self._look.previews,
        )
        pages = self._pager.pages(done=ended)
        parts = lay_out(pages, around, self._texts, before=self._before, room=self._room)
        if self._refused_at is None:
            return parts
        shown = parts[: self._refused_at]
        return [*shown, Part(SMALL_PRINT + self._texts.refused, covers=shown[-1].covers if shown else 0)]

    def _typing_wanted(self) -> Wanted | None:
        over = self._ended_at is not None or self.message_ids or self.target.shows_thinking
        return None if over else self._typing.wanted()

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
        if self.first_text_s is None and self.shown_length:
            self.first_text_s = self.age_s
        if message_id is not None and self._on_message:
            try:
                await self._on_message(message_id)
            except HeadwaterError as error:  # people see it anyway
                log.warning("message %d isn't in memory: %s", message_id, error)

    def _lose(self, error: ScreenError) -> None:
        """Nobody can read the reply anymore."""
        log.warning("a reply in channel %d is lost: %s", self.target.channel_id, type(error).__name__)
        self._settled.set()
        self._clean_later()
        if self._on_lost:
            self._on_lost(error)

    def _tolerate(self, step: Step | None, error: ScreenError) -> None:
        """A write failed: wait and try again, or find another way for the text that isn't shown yet."""
        if step is None:  # the typing indicator: never worth a second try
            return
        self._failures += 1
        hint_s = (error.retry_after if isinstance(error, WriteFailedError) else None) or 0.0
        delay_s = self._rng.uniform(0, min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0**self._failures))
        self._not_before = self._clock.monotonic() + max(hint_s, delay_s)
        if step.kind is WriteKind.CREATE and step.index > 0 and hint_s > SLOW_S:  # what follows comes as a file
            self._room, self._failures, self._not_before = step.index, 0, 0.0
            return
        given_up = self._failures >= FINAL_ATTEMPTS or hint_s > LONGEST_HOLD_S
        if isinstance(error, WriteRefusedError) or (self._ended_at is not None and given_up):
            self._give_up(step, error)

    def _give_up(self, step: Step, error: ScreenError) -> None:
        log.warning("message %d of a reply can't be written: %s", step.index, type(error).__name__)
        if self._without_pictures(step):
            return
        missing = self.text[self._screen.covered :]
        if step.kind is WriteKind.EDIT and (missing or self._note):
            self._leave_behind(step.index, missing)
        elif step.kind is WriteKind.CREATE and isinstance(error, WriteRefusedError) and self._refused_at is None:
            self._refused_at = step.index  # say so in words of our own, which Discord has no reason to refuse
            if self._on_lost:
                self._on_lost(error)
        elif step.kind is WriteKind.CREATE:
            self._lose(error)
        else:  # the text is shown; what is wrong is a cursor, a button, or a message too many
            self._settled.set()
            self._clean_later()

    def _without_pictures(self, step: Step | None) -> bool:
        """Let the words go without the pictures, where those may be what Discord doesn't take."""
        if not self._files or step is None or not step.part.files:
            return False
        self._files, self._note = (), "\n".join(filter(None, [self._note, self._texts.pictures_refused]))
        self._failures, self._not_before = 0, 0.0
        return True

    def _leave_behind(self, index: int, missing: str) -> None:
        """Leave the messages up to `index` as they are and show what is missing in new ones below."""
        self._clean_later(index)
        covered = self._screen.covered
        self._before = self._screen.freeze(index, covered)
        self._pager = self._new_pager()
        self._pager.feed(missing)
        self._failures, self._not_before = 0, 0.0

    def _clean_later(self, last: int | None = None) -> None:
        """Leave it to others to take cursors and dead buttons off the messages, up to the one at `last`."""
        if self._left_behind:
            for message_id, content in self._screen.unclean(last):
                self._left_behind.leave(self.target, message_id, content)
