"""How the parts of this room are put together, and closed again."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from bot.attachments.download import Downloads
from bot.attachments.inputs import Inputs
from bot.attachments.listening import Listening
from bot.attachments.parsing import Parser
from bot.attachments.reader import DiscordFiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from bot.conversation.extras.unread import FileTexts
    from bot.core.ports import Catalog, Transcriber


@asynccontextmanager
async def open_files(
    bases: Iterable[str],
    *,
    catalog: Catalog,
    is_openrouter: bool,
    transcriber: Transcriber | None,
    texts: FileTexts,
) -> AsyncIterator[DiscordFiles]:
    """Open the reader of files; `bases` are the addresses that files may be on. Nothing runs before the first."""
    async with AsyncExitStack() as stack:
        downloads, parser = Downloads(bases), Parser()
        stack.push_async_callback(downloads.aclose)
        stack.push_async_callback(parser.aclose)
        inputs = Inputs(catalog, is_openrouter=is_openrouter)
        yield DiscordFiles(downloads, parser, inputs=inputs, listening=Listening(transcriber), texts=texts)
