"""A model client and a model list that say what a test tells them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bot.core.errors import HeadwaterError
from bot.core.events import Done, FinishReason, Started, Text
from bot.core.records import Attachment, AttachmentKind, ModelClientStatus
from bot.display.target import ShownFile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.core.events import Event
    from bot.core.records import CompletionRequest, ModelInfo
    from bot.core.text_demand import TextDemand


class ScriptedLLM:
    """A model client that says what it was told to, a delta every `gap` seconds, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[CompletionRequest] = []
        self.scripts: list[list[Event | HeadwaterError]] = []
        self.gap = 0.0
        self.open = 0
        self.status = ModelClientStatus(limit=250)

    def say(self, *script: Event | HeadwaterError | str) -> None:
        """What the next unanswered request gets: events, texts, or an error that ends it; `Done` is added."""
        events = [Text(item) if isinstance(item, str) else item for item in script]
        if not isinstance(events[-1], HeadwaterError | Done):
            events.append(Done(reason=FinishReason.STOP))
        self.scripts.append(events)

    async def stream(
        self, request: CompletionRequest, _demand: TextDemand | None = None
    ) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        script = self.scripts.pop(0) if self.scripts else [Text("Hello."), Done(reason=FinishReason.STOP)]
        gap = self.gap
        self.open += 1
        try:
            yield Started(model=request.model, generation_id=f"gen-{len(self.requests)}")
            for item in script:
                await asyncio.sleep(gap)
                if isinstance(item, HeadwaterError):
                    raise item
                yield item
        finally:
            self.open -= 1


class FakeCatalog:
    """A list of models that is there from the start."""

    def __init__(self, *models: ModelInfo) -> None:
        self._models = models

    def get(self, model: str) -> ModelInfo | None:
        return next((info for info in self._models if info.id == model), None)

    def models(self) -> tuple[ModelInfo, ...]:
        return self._models


class FakePress:
    """A `PicturePress` that takes every picture but those called bad."""

    async def files(self, data_urls: Sequence[str], *, alt: str) -> list[ShownFile]:
        return [ShownFile(f"{n}.png", url.encode(), alt) for n, url in enumerate(data_urls, 1) if "bad" not in url]

    async def remembered(self, files: Sequence[ShownFile]) -> tuple[Attachment, ...]:
        return tuple(Attachment(name=file.name, kind=AttachmentKind.PICTURE, data=file.data) for file in files)
