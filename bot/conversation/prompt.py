"""The prompt: the system prompt, as many turns as fit, and the question, with who said what."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.conversation.errors import QuestionTooLongError
from bot.conversation.extras.attached import fitted, message_with
from bot.conversation.extras.room import room_block
from bot.core.names import one_line, reads_as_role
from bot.core.records import Message, Role
from bot.core.tokens import DEFAULT_RATIO, estimate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.conversation.ports import Heard
    from bot.core.records import Question, Turn


UNKNOWN_CONTEXT = 8_192  # tokens; nearly every model in use can read that many
SPEAKER_LIMIT_CHARS = 32  # Discord: display names
COLONS = ":\N{RATIO}\N{MODIFIER LETTER COLON}\N{MODIFIER LETTER TRIANGULAR COLON}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The messages of a request, oldest first.

    `dropped` turns didn't fit. `tokens` is the prompt's estimated size. `max_tokens` is the room for the answer:
    as much as was asked for, unless the context is too small.
    """

    messages: tuple[Message, ...]
    dropped: int
    tokens: int
    max_tokens: int


def build_prompt(
    *,
    system_prompt: str,
    turns: Sequence[Turn],
    question: Question,
    context_length: int | None,
    max_tokens: int,
    ratio: float = DEFAULT_RATIO,
    heard: Sequence[Heard] = (),
) -> Prompt:
    """Put together the system prompt, as many of the newest turns as fit whole, and the question.

    Args:
        system_prompt: left out when empty.
        turns: what was said before the question, newest first, without the question itself.
        question: always part of the prompt, as the system prompt is.
        context_length: tokens that the model takes, prompt and answer together; None when unknown.
        max_tokens: room to leave for the answer, up to half of the context.
        ratio: bytes per token, see `TokenRatio`.
        heard: what was said in the room before, oldest first; as much of it as its share has room for.

    Raises:
        QuestionTooLongError: even the system prompt and the question alone don't fit.
    """
    context = context_length or UNKNOWN_CONTEXT
    room = context - min(max_tokens, context // 2)
    system = [Message(Role.SYSTEM, system_prompt)] if system_prompt else []
    names = speakers(question, turns, heard)
    room -= estimate(system, ratio)
    asked = _asked(names[question.author_id], question, room, ratio)
    asked_tokens = estimate([asked], ratio)
    if asked_tokens > room:
        raise QuestionTooLongError(tokens=asked_tokens, limit=max(0, room))
    around, around_tokens = room_block(heard, names, tokens=room - asked_tokens, ratio=ratio)
    if around:
        asked = replace(asked, content=f"{around}\n\n{asked.content}")
        asked_tokens += around_tokens
    kept = _newest_that_fit(turns, room - asked_tokens, ratio, names)
    messages = (*system, *reversed(kept), asked)
    tokens = estimate(messages, ratio)
    return Prompt(
        messages=messages,
        dropped=len(turns) - len(kept),
        tokens=tokens,
        max_tokens=min(max_tokens, context - tokens),
    )


def _asked(name: str, question: Question, room: int, ratio: float) -> Message:
    """The question with what came with it, shortened where it doesn't fit into the `room`, in tokens."""
    words = spoken(name, question.text)
    asked = message_with(Role.USER, words, question.attachments)
    if question.attachments and estimate([asked], ratio) > room:
        left = room - estimate([Message(Role.USER, words)], ratio)
        asked = message_with(Role.USER, words, fitted(question.attachments, tokens=left, ratio=ratio))
    return asked


def _newest_that_fit(turns: Sequence[Turn], room: int, ratio: float, names: Mapping[int, str]) -> list[Message]:
    """The turns that fit, newest first. If some don't, the oldest that is kept is a question."""
    kept: list[Message] = []
    for turn in turns:
        message = _as_message(turn, names)
        if turn.attachments and estimate([message], ratio) > room:  # its words may fit
            named = tuple(replace(each, text="", data=b"") for each in turn.attachments)
            message = _as_message(replace(turn, attachments=named), names)
        room -= estimate([message], ratio)
        if room < 0:
            break
        kept.append(message)
    # An answer to something the model can't see helps little, and some models refuse to start with one.
    while kept and len(kept) < len(turns) and kept[-1].role is Role.ASSISTANT:
        kept.pop()
    return kept


def _as_message(turn: Turn, names: Mapping[int, str]) -> Message:
    text = spoken(names[turn.author_id or 0], turn.text) if turn.role is Role.USER else turn.text
    return message_with(turn.role, text, turn.attachments)


def spoken(name: str, text: str) -> str:
    """What somebody said, and who said it: several people share a conversation."""
    return f"{name}: {text}" if text else f"{name} sent this without a word."


def speakers(question: Question, turns: Sequence[Turn], heard: Sequence[Heard] = ()) -> dict[int, str]:
    """The name of each person in a conversation: their newest one, and no name twice.

    Somebody who changes their name stays the same person, and taking another person's name makes nobody that
    person.
    """
    names = {question.author_id: speaker(question.author_name)}
    for turn in turns:
        if turn.role is Role.USER:
            names.setdefault(turn.author_id or 0, speaker(turn.author_name))
    for each in reversed(heard):
        names.setdefault(each.author_id, speaker(each.author_name))
    taken = Counter(name.casefold() for name in names.values())
    return {
        person: name if taken[name.casefold()] == 1 else f"{name} ({person % 10_000:04})"
        for person, name in names.items()
    }


@lru_cache(maxsize=1024)  # the same few people ask again and again
def speaker(name: str) -> str:
    """A display name fit for one line: no control characters, no colons, nothing that reads as a role."""
    # NFKC first, so that full-width letters and colons are what they look like.
    plain = unicodedata.normalize("NFKC", name)
    line = one_line("".join(char for char in plain if char not in COLONS))[:SPEAKER_LIMIT_CHARS].strip()
    if not line:
        return "Someone"
    return f"{line} (a member)" if reads_as_role(line) else line
