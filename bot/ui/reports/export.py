"""A conversation as a file for one person to keep."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from bot.core.names import plain_name
from bot.core.records import ReplyState, Role
from bot.ui.texts import memory as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.conversation.ports import ConversationStore
    from bot.core.records import Place, Turn

Form = Literal["markdown", "json"]
FILE_BYTES = 8_000_000  # Discord takes 10 MiB; JSON escapes some
PAGE_TURNS = 500


@dataclass(frozen=True, slots=True)
class Export:
    """The newest turns of a conversation, oldest first; `whole` when there are no others."""

    turns: Sequence[Turn]
    whole: bool

    def content(self, form: Form) -> io.BytesIO:
        """The file's bytes. Writing them takes a while: call it in a thread."""
        text = as_json(self.turns) if form == "json" else as_markdown(self.turns)
        return io.BytesIO(text.encode(errors="replace"))

    @staticmethod
    def filename(form: Form, channel_id: int) -> str:
        return f"conversation-{channel_id}.{'json' if form == 'json' else 'md'}"


async def export(store: ConversationStore, place: Place) -> Export:
    """Read as much of a conversation as a file has room for."""
    turns: list[Turn] = []
    size, before = 0, None
    while page := await store.window(place, before=before, limit=PAGE_TURNS):
        for turn in page:
            size += 2 * len(turn.text.encode()) + 300 * (
                1 + len(turn.attachments)
            )  # what is around it, and escapes
            if size > FILE_BYTES:
                return Export(turns[::-1], whole=False)
            turns.append(turn)
        before = page[-1].id
    return Export(turns[::-1], whole=True)


def as_markdown(turns: Sequence[Turn]) -> str:
    """A heading for each turn, with who spoke and when; the text as it was said."""
    return "\n".join(
        f"### {_name(turn)}, {_time(turn):%Y-%m-%d %H:%M} UTC\n\n{turn.text}\n{_attached(turn)}" for turn in turns
    )


def _attached(turn: Turn) -> str:
    return f"\n*{texts.attached(turn.attachments)}*\n" if turn.attachments else ""


def as_json(turns: Sequence[Turn]) -> str:
    """A list of objects: role, name, author's id, time and text, and of an answer how it ended."""
    return json.dumps([_object(turn) for turn in turns], ensure_ascii=False, indent=2)


def _object(turn: Turn) -> dict[str, object]:
    ended = {} if turn.state in {None, ReplyState.COMPLETE} else {"ended": turn.state}
    author = {} if turn.author_id is None else {"author_id": str(turn.author_id)}
    about = {"role": turn.role, "name": _name(turn), **author, "at": _time(turn).isoformat(), **ended}
    named = [{"name": plain_name(each.name), "kind": each.kind} for each in turn.attachments]
    return {**about, "text": turn.text, **({"attachments": named} if named else {})}


def _name(turn: Turn) -> str:
    return texts.MY_NAME if turn.role is Role.ASSISTANT else plain_name(turn.author_name)


def _time(turn: Turn) -> datetime:
    return datetime.fromtimestamp(turn.created_at, UTC)
