"""How a reply is laid out over messages: its pages, small print, buttons, and a file for what has no room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.display.screen import Part
from bot.display.target import ShownFile
from bot.display.text.pager import SMALL_PRINT, with_note
from bot.display.text.rich.links import quiet_links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.display.target import Controls, DisplayTexts
    from bot.display.text.pager import Page

REST_NAME = "answer.md"  # the file with what there is no room for
MOST_PREVIEWS = 3  # in a message; more would be a wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a reply shows besides its text.

    `status` is what it waits for before any text, `note` how it ended; `controls` are under the last message, and
    `files` beside it once the reply has ended.
    """

    status: str
    note: str
    ended: bool
    controls: Controls
    files: tuple[ShownFile, ...] = ()
    previews: bool = False  # Discord previews links


def lay_out(
    pages: Sequence[Page], around: Surroundings, texts: DisplayTexts, *, before: Sequence[Part], room: int
) -> list[Part]:
    """What every message should show.

    `before` are messages that stay as they are; the pages follow them, as long as there is `room` for messages.
    """
    room -= len(before)
    shown, rest = pages[:room], "".join(page.source for page in pages[room:])
    parts = list(before)
    covers = parts[-1].covers if parts else 0
    for index, content in enumerate(_contents(shown, around, texts, has_rest=bool(rest))):
        covers += len(shown[index].source) if index < len(shown) else 0
        shown_content = quiet_links(content, but=MOST_PREVIEWS) if around.previews else content
        parts.append(Part(shown_content, covers=covers))
    if len(parts) > len(before):
        attached = rest if around.ended else ""
        rest_file = [ShownFile(REST_NAME, attached.encode(errors="replace"))] if attached else []
        files = (*rest_file, *(around.files if around.ended else ()))
        parts[-1] = replace(parts[-1], controls=around.controls, covers=covers + len(attached), files=files)
    return parts


def _contents(shown: Sequence[Page], around: Surroundings, texts: DisplayTexts, *, has_rest: bool) -> list[str]:
    if around.ended and (around.note or has_rest):
        return with_note(shown, " ".join(filter(None, [texts.rest_attached if has_rest else "", around.note])))
    contents = [page.content for page in shown]
    if around.ended and around.files and not contents:
        return [""]  # the files are the answer
    if not around.ended and (has_rest or (not contents and around.status)):
        contents.append(SMALL_PRINT + (texts.rest_to_come if has_rest else around.status))
    return contents
