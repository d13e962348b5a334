"""The ports that several rooms share: time, the model client, its catalog, a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from bot.core.events import Event
    from bot.core.records import Attachment, CompletionRequest, ModelInfo, Transcript
    from bot.core.text_demand import TextDemand


class Clock(Protocol):
    """Time; tests have their own."""

    def monotonic(self) -> float:
        """Seconds that never go back. Only differences have a meaning."""
        ...

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class LLMClient(Protocol):
    """One shared client for every model call of the process."""

    def stream(self, request: CompletionRequest, demand: TextDemand | None = None) -> AsyncGenerator[Event, None]:
        """Ask for a completion.

        Yields any number of `Waiting`, `Called` for each attempt that the provider took, then `Started`, then
        `Reasoning` and `Text`, `Usage` once for each attempt whose cost is known (failed ones included), and
        `Done` last. `Alive` comes in between, before the first `Text`; `Sources` and `Pictures` after the last.
        Close the generator (`contextlib.aclosing`) or cancel the task, and the connection closes at once. Text
        that arrives between two handovers comes as one `Text`. `demand` says when the caller wants it; otherwise
        it comes after a quarter of a second at most.

        Raises:
            ModelError: instead of `Done`. Text yielded before stays valid; no word is yielded twice.
        """
        ...


class Catalog(Protocol):
    """The provider's list of models. It answers from memory and never waits for the network."""

    def get(self, model: str) -> ModelInfo | None:
        """Look up a model by the provider's id; None when unknown, or when no list has arrived yet.

        An id with a suffix that the list doesn't have (`:online`, `@preset/team`) gives the model without it, its
        `suffix` set: what that costs or does isn't known.
        """
        ...

    def models(self) -> Sequence[ModelInfo]:
        """All models, in the provider's order; empty when no list has arrived yet."""
        ...


class Transcriber(Protocol):
    """Turns recordings into text, at a price."""

    model: str  # the provider's id of the model that does it

    def price(self, seconds: float) -> int | None:
        """What so many seconds will cost at most, in nano-dollars; None where that is unknown."""
        ...

    async def transcribe(self, recording: Attachment) -> Transcript:
        """What is said in a recording. Raises `ModelError`."""
        ...


class Cache(Protocol):
    """Things worth keeping across restarts that can be fetched again. Raises `StorageError`."""

    async def load(self, key: str) -> tuple[str, int] | None:
        """The value stored under a key, and when it was stored, in seconds since the epoch."""
        ...

    async def keep(self, key: str, value: str, *, now: int) -> None: ...


class Announcer(Protocol):
    """Tells the other processes of this bot, where several share a database, and hears them. Never raises."""

    async def announce(self, topic: str, number: int, text: str = "") -> None:
        """Tell all others; within a second, those that can be reached."""
        ...

    def on(self, topic: str, heard: Callable[[int, str], object]) -> None:
        """Call `heard` with the number and the text whenever another process announces a topic."""
        ...
