"""What was said before a question, as far back as the caller reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.records import Role

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bot.conversation.ports import ConversationStore
    from bot.core.records import Question, Turn

PAGE = 60  # turns read from memory at first
EXCHANGE = 2  # an answer and its question
WHOLE_TURNS = 10  # the newest, whose attachments are part of a prompt; those of older ones are only named
BRANCHED_TURNS = 200  # copied into a new thread: more than most models read, and quickly done


async def earlier_turns(
    store: ConversationStore, question: Question, turn_id: int | None
) -> AsyncGenerator[Sequence[Turn], None]:
    """The turns before a question, newest first, in ever larger pages; at least one page, which may be empty.

    A question that replies to an older answer follows that answer: what was said since is left out. If that
    answer's question was of this kind too, so is what that one left out, and so on. Somebody who may not read what
    was said gets none of it.
    """
    if not question.reads_memory:
        yield []
        return
    anchor, before, count, whole = question.anchor_id, turn_id, 0, WHOLE_TURNS
    while anchor is not None:
        page = await store.window(question.place, before=anchor + 1, limit=EXCHANGE, whole=whole)
        yield page
        count, whole = count + len(page), max(0, whole - len(page))
        anchor, before = _anchor(page), page[-1].id if page else anchor
    while True:
        wanted = max(PAGE, count)  # reads a long memory in few steps
        page = await store.window(question.place, before=before, limit=wanted, whole=whole)
        yield page
        if len(page) < wanted:
            return
        count, before, whole = count + len(page), page[-1].id, 0


def _anchor(page: Sequence[Turn]) -> int | None:
    """The anchor of an exchange's question; None if it follows everything before it, or was deleted."""
    asked = page[-1] if page else None
    # Every anchor is older than its question, so this can't loop, even with a damaged database.
    if asked is None or asked.role is not Role.USER or asked.anchor_id is None or asked.anchor_id >= asked.id:
        return None
    return asked.anchor_id
