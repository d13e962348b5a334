"""A channel on a screen, in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.display.errors import MessageGoneError, WriteRefusedError
from bot.display.layout import REST_NAME
from bot.display.target import Controls, WriteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.display.errors import ScreenError
    from bot.display.target import ShownFile


@dataclass(frozen=True, slots=True)
class Write:
    """One write that a target was asked for."""

    at: float
    kind: WriteKind
    message_id: int
    content: str
    controls: Controls | None


class FakeTarget:
    """A channel in memory: keeps nonces as Discord does, takes `latency` seconds a write, fails on request."""

    counts_globally = True

    def __init__(self, channel_id: int = 1, *, latency: float = 0.0, shows_thinking: bool = False) -> None:
        self._channel_id = channel_id
        self._latency = latency
        self._shows_thinking = shows_thinking
        self._failures: list[tuple[ScreenError, bool]] = []
        self._by_nonce: dict[int, int] = {}
        self.messages: dict[int, str] = {}
        self.controls: dict[int, Controls] = {}
        self.files: dict[int, str] = {}  # the text of the first one, by the message
        self.pictures: dict[int, tuple[ShownFile, ...]] = {}
        self.refuse_files = False
        self.previews: dict[int, bool] = {}
        self.writes: list[Write] = []
        self.typed: list[float] = []

    @property
    def channel_id(self) -> int:
        return self._channel_id

    @property
    def shows_thinking(self) -> bool:
        return self._shows_thinking

    @property
    def contents(self) -> list[str]:
        return list(self.messages.values())

    def bucket(self, kind: WriteKind, message_id: int | None = None) -> str:  # noqa: ARG002 - nothing is old
        return f"{kind}:{self._channel_id}"

    def fail_next(self, error: ScreenError, *, applied: bool = False, times: int = 1) -> None:
        """Let the next writes fail; `applied` when they happened all the same and only the answer was lost."""
        self._failures += [(error, applied)] * times

    def remove(self, message_id: int) -> None:
        """Somebody deletes a message."""
        del self.messages[message_id]

    async def create(
        self,
        content: str,
        controls: Controls,
        *,
        nonce: int,
        files: Sequence[ShownFile] = (),
        previews: bool = False,
    ) -> int:
        message_id = self._by_nonce.get(nonce, 100 + len(self._by_nonce))
        error = await self._begin(WriteKind.CREATE, message_id, content, controls)
        if files and self.refuse_files:
            raise WriteRefusedError
        if nonce not in self._by_nonce and (error is None or error[1]):
            self._by_nonce[nonce] = message_id
            self.messages[message_id], self.controls[message_id] = content, controls
            self._attach(message_id, files)
            self.previews[message_id] = previews
        return self._answer(error) or message_id

    async def edit(
        self, message_id: int, content: str, controls: Controls | None, *, files: Sequence[ShownFile] | None = None
    ) -> None:
        error = await self._begin(WriteKind.EDIT, message_id, content, controls)
        if files and self.refuse_files:
            raise WriteRefusedError
        if message_id not in self.messages:
            raise MessageGoneError
        if error is None or error[1]:
            self.messages[message_id] = content
            if controls is not None:
                self.controls[message_id] = controls
            if files is not None:
                self._attach(message_id, files)
        self._answer(error)

    def _attach(self, message_id: int, files: Sequence[ShownFile]) -> None:
        texts = [file.data.decode() for file in files if file.name == REST_NAME]
        self.files[message_id] = texts[0] if texts else ""
        self.pictures[message_id] = tuple(file for file in files if file.name != REST_NAME)

    async def delete(self, message_id: int) -> None:
        error = await self._begin(WriteKind.DELETE, message_id, "", None)
        if message_id not in self.messages:
            raise MessageGoneError
        if error is None or error[1]:
            del self.messages[message_id]
        self._answer(error)

    async def typing(self) -> None:
        self.typed.append(asyncio.get_running_loop().time())

    async def _begin(
        self, kind: WriteKind, message_id: int, content: str, controls: Controls | None
    ) -> tuple[ScreenError, bool] | None:
        now = asyncio.get_running_loop().time()
        self.writes.append(Write(now, kind, message_id, content, controls))
        await asyncio.sleep(self._latency)
        return self._failures.pop(0) if self._failures else None

    @staticmethod
    def _answer(error: tuple[ScreenError, bool] | None) -> None:
        if error is not None:
            raise error[0]
