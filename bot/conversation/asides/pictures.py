"""Pictures that a model made, as files under its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import Attachment
    from bot.display.target import ShownFile


class PicturePress(Protocol):
    """Makes files of pictures, off the event loop."""

    async def files(self, data_urls: Sequence[str], *, alt: str) -> Sequence[ShownFile]:
        """The pictures that can be posted, in their order, as large as Discord takes them in one message.

        Never raises because of a picture. `alt` is what people hear who can't see them.
        """
        ...

    async def remembered(self, files: Sequence[ShownFile]) -> tuple[Attachment, ...]:
        """The same pictures as models read them, for memory. Never raises because of a picture."""
        ...
