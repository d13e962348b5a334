"""One request and its answer: the connection, read in a task of its own, and the clocks that end it."""

from __future__ import annotations

import asyncio
import io
import logging
import zlib
from typing import TYPE_CHECKING

import aiohttp

from bot.core import errors
from bot.core.events import Usage
from bot.llm import failures
from bot.llm.stream.body import Body, OversizedBodyError
from bot.llm.stream.delta_buffer import DeltaBuffer
from bot.llm.stream.wire import Answer

if TYPE_CHECKING:
    import httpx

    from bot.core.errors import ModelError
    from bot.core.ports import Clock
    from bot.core.text_demand import TextDemand
    from bot.llm.config import Timeouts
    from bot.llm.media import Media
    from bot.llm.stream.deltas import Words

log = logging.getLogger(__name__)

HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}
LARGE_BODY_BYTES = 2**20
ERROR_BODY_S, ERROR_BODY_BYTES = 5.0, 65_536  # how much of an error's body is read
AFTER_FINISH_S = 3.0  # for usage and the end of the body to follow the finish reason; then the connection closes
LIFE_S = 15.0  # since its last bytes, keep-alive comments included, for which a connection counts as alive
BREATH_BYTES = 2**16  # read in one go, before other tasks get their turn
OK, REDIRECT, REFUSED = 200, 300, 400  # where these statuses begin


class Exchange:
    """One request and its answer. Its own task does the work; `close` ends it at once, at any time."""

    def __init__(
        self, model: str, *, demand: TextDemand, timeouts: Timeouts, clock: Clock, media: Media | None = None
    ) -> None:
        """`media` is what the request carries besides its JSON."""
        self.model = model
        self._media = media
        self.answer = Answer(model, clock)
        self.buffer = DeltaBuffer(demand, clock)
        self.status: int | None = None
        self.task: asyncio.Task[None] | None = None
        self.answering = asyncio.Event()  # an id or a word has come, or nothing will
        self._timeouts = timeouts
        self._clock = clock
        self._begun_at = self._alive_at = clock.monotonic()
        self._spoke_at: float | None = None
        self._finished_at: float | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self, session: aiohttp.ClientSession, request: httpx.Request) -> asyncio.Task[None]:
        self._begun_at = self._alive_at = self._clock.monotonic()
        self._watch()
        self.task = asyncio.create_task(self._run(session, request), name=f"exchange with {self.model}")
        return self.task

    @property
    def was_taken(self) -> bool:
        """Whether the provider took the call and gave it an id."""
        return self.status is not None and OK <= self.status < REDIRECT and self.answer.generation_id is not None

    @property
    def is_alive(self) -> bool:
        """Whether the provider has sent something lately, if only to keep the connection open."""
        return self.was_taken and self._clock.monotonic() < self._alive_at + LIFE_S

    @property
    def usage(self) -> Usage | None:
        """What the call used, where that's known. A call that failed before it could be charged cost nothing."""
        answer = self.answer
        is_free = self.was_taken and answer.failure is not None and not answer.failure.may_be_billed
        return answer.usage or (Usage(cost_nano_usd=0) if is_free else None)

    def close(self) -> None:
        """Close the connection, unless the answer is over and only the end of its body is still to be read."""
        if self._alarm and not self.answer.over:
            self._alarm.cancel()
        if self.task and not self.answer.over:
            self.task.cancel()
        self.buffer.close()

    def __str__(self) -> str:
        """How it went, for the log: no content, no key."""
        answer, failure = self.answer, self.answer.failure
        outcome = f"{type(failure).__name__} {failure.detail}" if failure else answer.finish or "ended early"
        seconds = self._clock.monotonic() - self._begun_at
        generation = f"HTTP {self.status}, {answer.provider}, {answer.generation_id}"
        return f"{self.model}: {outcome}, {self.buffer.handed_chars} characters in {seconds:.2f} s ({generation})"

    # --- The connection -------------------------------------------------------------------------------------

    async def _run(self, session: aiohttp.ClientSession, request: httpx.Request) -> None:
        try:
            body, headers = self._body(request.content)
            async with session.post(
                str(request.url), data=body, headers=headers, allow_redirects=False
            ) as response:
                self.status = response.status
                self.answer.headers = {name.lower(): value for name, value in response.headers.items()}
                await self._receive(response)
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:  # aiohttp raises ValueErrors, too
            failure = failures.from_connection(self.model, error)
            failure.may_be_billed = self.was_taken  # the provider may go on where nobody hears it
            self.answer.stop(failure)
        except OversizedBodyError:
            self.answer.stop(errors.OversizedAnswerError(model=self.model, detail="the body is too large"))
        except Exception as error:  # noqa: BLE001 - whatever an answer brings about ends that answer alone
            log.error("reading an answer of %s failed: %s", self.model, type(error).__name__)  # noqa: TRY400 - may hold content
            self.answer.stop(errors.GarbledAnswerError(model=self.model, detail=type(error).__name__))
        finally:
            if self._alarm:
                self._alarm.cancel()
            self._hand_over(self.answer.end())
            self.buffer.close()
            self.answering.set()

    def _body(self, content: bytes) -> tuple[object, dict[str, str]]:
        """What is sent, and the headers that describe it."""
        if self._media:
            return self._media.body(content), {**HEADERS, "Content-Length": str(self._media.size(content))}
        # aiohttp warns of large bodies given as bytes, since it writes them in one go.
        return content if len(content) < LARGE_BODY_BYTES else io.BytesIO(content), HEADERS

    async def _receive(self, response: aiohttp.ClientResponse) -> None:
        """Read an answer, or what came in its place. The key goes nowhere else: no redirect is followed."""
        if OK <= response.status < REDIRECT and response.content_type != "text/html":
            await self._read(response)
        elif response.status < REFUSED:
            self.answer.stop(errors.WrongAddressError(model=self.model, status=response.status))
        else:
            await self._read_error(response)

    async def _read(self, response: aiohttp.ClientResponse) -> None:
        self.answer.name_generation(self.answer.headers.get("x-generation-id"))
        self._tell()
        body, unbroken_bytes = Body(), 0
        while data := await response.content.readany():
            for piece in body.feed(data):
                self._take(piece)
                if self.answer.over and self.answer.failure:
                    return
                unbroken_bytes += len(piece)
                if unbroken_bytes > BREATH_BYTES:
                    unbroken_bytes = 0
                    await asyncio.sleep(0)
        self._hand_over(self.answer.end())

    def _take(self, data: bytes) -> None:
        answer, was_over, was_silent = self.answer, self.answer.over, self._spoke_at is None
        self._alive_at = self._clock.monotonic()
        self._hand_over(answer.feed(data))
        if was_silent:
            self._tell()
        if was_over:
            return
        if answer.over:
            self.buffer.close()  # the reader goes on; here only the body's end is awaited, to keep the connection
        if answer.over or answer.finish or (was_silent and answer.spoke):
            self._watch()  # another clock runs now

    def _hand_over(self, words: Words) -> None:
        for kind, text in words:
            self._spoke_at = self._alive_at
            self.buffer.put(kind, text)

    def _tell(self) -> None:
        if self.answer.generation_id or self.answer.spoke:
            self.answering.set()

    async def _read_error(self, response: aiohttp.ClientResponse) -> None:
        body, unpacked = b"", Body()
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                while len(body) < ERROR_BODY_BYTES and (data := await response.content.readany()):
                    for piece in unpacked.feed(data):
                        body = (body + piece)[:ERROR_BODY_BYTES]
        except (TimeoutError, zlib.error, OversizedBodyError):
            response.close()
        headers, now = self.answer.headers, self._clock.time()
        failure = failures.from_response(self.model, response.status, headers, body, now=now)
        self.answer.name_generation(headers.get("x-generation-id"))
        self.answer.stop(failure)

    # --- The clocks -----------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Set one timer for whichever clock runs out first; signs of life only move the marks it looks at."""
        if self._alarm:
            self._alarm.cancel()
        left = self._due()[0] - self._clock.monotonic()
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, left), self._ring)

    def _due(self) -> tuple[float, type[ModelError]]:
        """When the answer ends if nothing happens until then, and what of."""
        clocks, spoke_at = self._timeouts, self._spoke_at
        if self.answer.finish or self.answer.over:
            self._finished_at = self._finished_at or self._clock.monotonic()
            return max(self._finished_at, spoke_at or 0.0) + AFTER_FINISH_S, errors.StalledError
        silent_s = clocks.first_token_s if spoke_at is None else clocks.gap_s
        # An owner who waits long for a silent model waits as long for one that shows signs of life.
        wordless_s = max(clocks.thinking_s, silent_s)
        return min(
            (
                self._alive_at + silent_s,
                errors.FirstTokenTimeoutError if spoke_at is None else errors.StalledError,
            ),
            (
                (spoke_at or self._begun_at) + wordless_s,
                errors.ThinkingTimeoutError if spoke_at is None else errors.StalledError,
            ),
            (self._begun_at + clocks.total_s, errors.DeadlineExceededError),
            key=lambda clock: clock[0],
        )

    def _ring(self) -> None:
        due, kind = self._due()
        if due > self._clock.monotonic():
            self._watch()
            return
        self.answer.stop(kind(model=self.model))
        if self.task:
            self.task.cancel()
