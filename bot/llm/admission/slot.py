"""A request's place in the queue, and then its slot."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from bot.core.events import Waiting
    from bot.llm.admission.limits import Caller


class Admitter(Protocol):
    """What a slot needs of admission."""

    def peek(self, slot: Slot) -> Waiting: ...

    async def wait(self, slot: Slot) -> None: ...

    def answered(self, slot: Slot) -> None: ...

    def leave(self, slot: Slot) -> None: ...


class Slot:
    """A place in the queue and then a slot: a context manager that gives it back.

    Await it through `turns`. `answered` tells the others that the model works.
    """

    def __init__(
        self, admitter: Admitter, *, model: str, caller: Caller, order: tuple[int, int], deadline: float
    ) -> None:
        self.model = model
        self.caller = caller
        self.order = order
        self.deadline = deadline
        self.admission: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_probe = False  # the one request that tries a model again after a cool-down
        self.left = False
        self._admitter = admitter

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Give the slot, or the place in the queue, back; leaving twice does nothing."""
        if not self.left:
            self.left = True
            self._admitter.leave(self)

    async def turns(self) -> AsyncIterator[Waiting]:
        """Wait for admission, saying every few seconds for what; ends once admitted.

        Raises:
            ModelError: the model or the key has been closed meanwhile, or the wait in the queue is too long.
        """
        while not self.admission.done():
            yield self._admitter.peek(self)
            await self._admitter.wait(self)
        self.admission.result()

    def answered(self) -> None:
        """Say that the model has begun to answer."""
        self._admitter.answered(self)
