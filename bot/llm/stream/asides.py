"""What an answer brings besides its words, in whatever place of it. Nothing in it is taken on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.core.events import Besides, Source
from bot.llm.documents import mapping, number
from bot.llm.stream.deltas import parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# The keys of a delta that has nothing but words.
WORDS = frozenset({"role", "content", "name", "refusal", "reasoning", "reasoning_content", "reasoning_details"})
TEXTS = frozenset({"text", "output_text", "thinking", "reasoning", "refusal"})  # parts of a content that are words
PICTURES = frozenset({"image_url", "image", "output_image"})  # and those that are pictures
MOST_SOURCES, URL_CHARS, TITLE_CHARS = 100, 2_000, 300
MOST_PICTURES = 10  # Discord: files of one message
PICTURE_CHARS = 40 * 2**20  # of all pictures together, as text; 30 million bytes
SERVER_TOOLS = "openrouter:"  # how the names of tools begin that OpenRouter runs by itself


class Asides:
    """Collects what comes, each thing once, within bounds.

    Attributes:
        sources: the pages that the provider says the answer draws on, by address, in the order reported.
        pictures: the data URLs of the pictures, in order.
        others: what else there was, and can't be shown.
    """

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.pictures: dict[str, None] = {}
        self.others: set[Besides] = set()
        self._left_chars = PICTURE_CHARS

    def read(self, part: Mapping[str, Any]) -> None:
        """Read a delta, a message, a choice or a document."""
        content = part.get("content")
        if isinstance(content, list):
            self._read_content(content)
        elif WORDS.issuperset(part):
            return
        for annotation in parts_of(part.get("annotations")):
            cited = mapping(annotation.get("url_citation")) or annotation
            self._cite(cited.get("url"), cited.get("title"), cited.get("start_index"))
        for picture in parts_of(part.get("images")):
            self._read_picture(picture)
        calls = [mapping(call.get("function")).get("name") for call in parts_of(part.get("tool_calls"))]
        if part.get("function_call") or not all(_is_servers(name) for name in calls):
            self.others.add(Besides.TOOL_CALL)
        if mapping(part.get("audio")).get("data"):
            self.others.add(Besides.AUDIO)

    def read_document(self, document: Mapping[str, Any]) -> None:
        """Read what stands beside the choices: Perplexity's own list of addresses."""
        citations = document.get("citations")
        for url in citations[:MOST_SOURCES] if isinstance(citations, list) else ():
            self._cite(url, None, None)

    def _read_content(self, content: list[Any]) -> None:
        for part in parts_of(content):
            kind = part.get("type")
            if kind in PICTURES:
                self._read_picture(part)
            elif kind is not None and kind not in TEXTS:
                self.others.add(Besides.SOMETHING_ELSE)

    def _cite(self, url: object, title: object, start: object) -> None:
        known = self.sources.get(url) if isinstance(url, str) else None
        if not isinstance(url, str) or (known is None and len(self.sources) >= MOST_SOURCES) or not _is_page(url):
            return
        title = " ".join(title.split())[:TITLE_CHARS] if isinstance(title, str) else ""
        at = number(start)
        if known is None:
            self.sources[url] = Source(url=url, title=title, start=int(at) if at else None)
        elif title and not known.title:
            self.sources[url] = Source(url=url, title=title, start=known.start)

    def _read_picture(self, part: Mapping[str, Any]) -> None:
        found = part.get("image_url") or part.get("url") or part.get("b64_json") or ""
        url = mapping(found).get("url") if isinstance(found, dict) else found
        if part.get("b64_json") and isinstance(url, str) and not url.startswith("data:"):
            url = f"data:image/png;base64,{url}"
        # Nothing is fetched from an address that a provider, or a model, has put there.
        if not isinstance(url, str) or not url.startswith("data:image/"):
            self.others.add(Besides.PICTURE)
        elif url not in self.pictures:
            self._left_chars -= len(url)
            if self._left_chars < 0 or len(self.pictures) >= MOST_PICTURES:
                self.others.add(Besides.PICTURE)
            else:
                self.pictures[url] = None


def _is_servers(name: object) -> bool:
    return isinstance(name, str) and name.startswith(SERVER_TOOLS)


def _is_page(url: str) -> bool:
    """Whether an address is one of a page on the web that can be shown as it is."""
    if len(url) > URL_CHARS or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
