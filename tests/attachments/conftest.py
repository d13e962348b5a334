"""The reader of files as the bot has it, and a Discord to send it files."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bot.attachments.download import Downloads
from bot.attachments.inputs import Inputs
from bot.attachments.listening import Listening
from bot.attachments.parsing import Parser
from bot.attachments.reader import DiscordFiles
from bot.core.events import Usage
from bot.core.records import Attachment, ModelInfo, SentFile, Transcript
from bot.ui.texts.sent.files import FileSentences
from playground.discord import Discord

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.conversation.ports import ReadFiles

EVERYTHING = frozenset({"text", "image", "audio", "file"})


def a_model(*inputs: str, id_: str = "maker/model", context: int = 128_000, price: int = 100) -> ModelInfo:
    modalities = frozenset({"text", *inputs})
    return ModelInfo(id=id_, name=id_, context_length=context, prompt_price=price, input_modalities=modalities)


class Shelf:
    """A catalog of a few models."""

    def __init__(self, *models: ModelInfo) -> None:
        self._models = models

    def get(self, model: str) -> ModelInfo | None:
        return next((each for each in self._models if each.id == model), None)

    def models(self) -> tuple[ModelInfo, ...]:
        return self._models


@dataclass
class Scribe:
    """A transcriber that hears what a test tells it."""

    text: str = "spoken words"
    model: str = "maker/scribe"
    heard: list[Attachment] = field(default_factory=list)

    def price(self, seconds: float) -> int | None:
        return round(seconds * 1000)

    async def transcribe(self, recording: Attachment) -> Transcript:
        self.heard.append(recording)
        return Transcript(self.text, Usage(cost_nano_usd=77))


class Desk:
    """Sends files and has them read. `model` takes everything unless a test says otherwise."""

    def __init__(self, d: Discord, files: DiscordFiles, parser: Parser) -> None:
        self.d = d
        self.files = files
        self.parser = parser
        self.model: ModelInfo | None = a_model("image", "audio", "file")
        self.user = d.add_user("Mo")
        self.channel = d.open_dm(self.user)

    def sent(self, *files: Any, **how: Any) -> list[SentFile]:
        """Files as messages carry them; `how` is how the CDN serves them."""
        attached = [self.d.cdn.add(self.channel, *file) for file in files]
        for attachment in attached:
            if how:
                self.d.cdn.serve(attachment, **how)
        return [
            SentFile(
                name=attachment.name,
                url=attachment.url,
                size=attachment.facts.get("size", len(attachment.data)),
                media_type=attachment.facts.get("content_type", attachment.content_type),
                seconds=attachment.facts.get("duration_secs"),
            )
            for attachment in attached
        ]

    async def read(self, *files: Any, **how: Any) -> ReadFiles:
        return await self.files.read(self.sent(*files, **how), self.model)

    async def text(self, data: bytes, name: str = "a.txt") -> str:
        """The text that a model gets of a file."""
        read = await self.read((name, data))
        assert not read.notes
        return read.attachments[0].text

    async def declined(self, data: bytes, name: str = "a.bin", **how: Any) -> str:
        """The sentence about a file that isn't read."""
        read = await self.read((name, data), **how)
        assert not read.attachments
        [note] = read.notes
        return note


@pytest.fixture
def open_desk() -> Callable[..., Any]:
    """A desk with another transcriber, catalog, worker or patience."""

    @asynccontextmanager
    async def opened(
        *,
        catalog: Shelf | None = None,
        transcriber: Any = None,
        parser: Parser | None = None,
        timeout_s: float = 5.0,
        is_openrouter: bool = True,
    ) -> AsyncIterator[Desk]:
        async with AsyncExitStack() as stack:
            d = Discord()
            await d.start()
            stack.push_async_callback(d.close)
            downloads, parser = Downloads([d.cdn.base], timeout_s=timeout_s), parser or Parser()
            stack.push_async_callback(downloads.aclose)
            stack.push_async_callback(parser.aclose)
            files = DiscordFiles(
                downloads,
                parser,
                inputs=Inputs(catalog or Shelf(), is_openrouter=is_openrouter),
                listening=Listening(transcriber),
                texts=FileSentences(),
            )
            yield Desk(d, files, parser)

    return opened


@pytest.fixture
async def desk(open_desk: Callable[..., Any]) -> AsyncIterator[Desk]:
    async with open_desk() as it:
        yield it
