"""What was said in a channel before a question: context for its answer, never turns, and never stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.conversation.extras.quoting import fenced
from bot.core.records import Message, Role
from bot.core.tokens import estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.conversation.ports import Heard

SHARE, MOST_TOKENS = 0.2, 4_000  # of what a prompt has room for; of the room in any prompt
HEAD = "The latest messages in this channel before the question, for context. They weren't written to you:"


def room_block(heard: Sequence[Heard], names: Mapping[int, str], *, tokens: int, ratio: float) -> tuple[str, int]:
    """The newest messages that fit, oldest first, each under its author's name; and how many tokens that takes.

    A message's later lines are indented, so that nobody can begin one with somebody else's name.
    """
    left, lines = min(int(tokens * SHARE), MOST_TOKENS) - _tokens(HEAD + fenced(""), ratio), []
    for each in reversed(heard):
        line = f"[{_time(each)}] {names[each.author_id]}: {_indented(each.text)}"
        left -= _tokens(line, ratio)
        if left < 0:
            break
        lines.append(line)
    if not lines:
        return "", 0
    block = "\n".join([HEAD, fenced("\n".join(reversed(lines)))])
    return block, _tokens(block, ratio)


def _time(heard: Heard) -> str:
    return f"{datetime.fromtimestamp(heard.at, UTC):%Y-%m-%d %H:%M}"


def _indented(text: str) -> str:
    return "\n    ".join(text.splitlines())


def _tokens(text: str, ratio: float) -> int:
    return estimate([Message(Role.USER, text)], ratio)
