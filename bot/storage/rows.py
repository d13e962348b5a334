"""Rows of the conversations' tables as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.conversation.ports import StoredReply
from bot.core.records import Extras, Place, Question, ReplyState, Role, Turn
from bot.money.billing import OpenCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.events import Usage
    from bot.storage.engine.session import Row


def only(row: Row | None) -> int:
    """The one number of a row that is always there."""
    if row is None:
        raise LookupError("the database gave no row")
    return int(row[0])


def usage_columns(usage: Usage | None) -> tuple[int | None, ...]:
    if usage is None:
        return (None,) * 5
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.cost_nano_usd,
    )


def turn_of(row: Row) -> Turn:
    turn_id, role, text, author_id, author_name, created_at, state, anchor_id = row
    return Turn(
        id=turn_id,
        role=Role(role),
        text=text,
        author_id=author_id,
        author_name=author_name,
        created_at=created_at,
        state=None if state is None else ReplyState(state),
        anchor_id=anchor_id,
    )


def question_of(row: Sequence[Any]) -> Question:
    channel_id, guild_id, parent_id, author_id, author_name, text, message_id, anchor_id, quoted_id, web = row
    return Question(
        place=Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id),
        author_id=author_id,
        author_name=author_name,
        text=text,
        message_id=message_id,
        anchor_id=anchor_id,
        quoted_id=quoted_id,
        extras=Extras(web=bool(web)),
    )


def reply_of(rows: Sequence[Row]) -> StoredReply:
    """A reply from its rows, one for each message that shows it."""
    reply_id, channel_id, guild_id, parent_id, asker_id, model, state, opened_at, *rest = rows[0]
    question_message_id, private, leased_by, leased_at, payer_id, reserved, generation_id, *rest = rest
    rich_text, text, turn_id, _ = rest
    call = None
    if reserved is not None:
        call = OpenCall(model=model, payer_id=payer_id, reserved_nano_usd=reserved, generation_id=generation_id)
    return StoredReply(
        id=reply_id,
        place=Place(channel_id=channel_id, guild_id=guild_id, parent_id=parent_id),
        asker_id=asker_id,
        model=model,
        state=ReplyState(state),
        text=text or "",
        message_ids=tuple(row[-1] for row in rows if row[-1] is not None),
        turn_id=turn_id,
        question_message_id=question_message_id,
        private=bool(private),
        opened_at=opened_at,
        rich_text=bool(rich_text),
        leased_by=leased_by or "",
        leased_at=leased_at,
        call=call,
    )
