"""A prompt's messages in the form that every model takes: user first, in turn, nothing empty, a question last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.core.records import Message, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.core.records import Attachment
    from bot.llm.media import Media
    from bot.llm.quirks import Quirks

BETWEEN = "\n\n"  # turns of one role that follow each other, and the system prompt where it is part of a turn
MISSING = "(An earlier message is no longer available.)"  # where an answer has lost its question
GO_ON = (
    "Your last message was cut off. Go on from exactly where it stops, in the same language and format, without a "
    "greeting or a comment."
)
FROM_NEW = " Repeat nothing of it."
# Whether the next letter belongs to the last word can't be told in a message of its own, so the model repeats some
# words, which the reply then leaves out.
FROM_WORDS = " Begin with its last words, repeated exactly:\n"
REPEATED_WORDS, REPEATED_CHARS = 5, 200


def messages_of(messages: Sequence[Message], quirks: Quirks, media: Media) -> list[dict[str, Any]]:
    """The messages to send, whatever deletions, failed answers and several speakers have left of a conversation.

    A prompt that ends with the assistant asks to go on with that answer. Few models go on by themselves; the
    others are asked to, in a user's message. What came with the messages goes into `media`.
    """
    system = BETWEEN.join(m.content for m in messages if m.role is Role.SYSTEM and m.content.strip())
    talk = _in_turn(m for m in messages if m.role is not Role.SYSTEM and m.content.strip())
    last = talk[-1]
    if last.role is Role.ASSISTANT and not (quirks.takes("prefill") and _ends_in_text(last.content)):
        talk.append(Message(Role.USER, _go_on(last.content)))
    if system and quirks.takes("system"):
        talk.insert(0, Message(Role.SYSTEM, system))
    elif system:
        talk[0] = replace(talk[0], content=system + BETWEEN + talk[0].content)
    talk = list(_shown_to_users(talk))
    return [
        {"role": message.role.value, "content": media.content(_sent(message), message.attachments)}
        for message in talk
    ]


def _shown_to_users(talk: Sequence[Message]) -> Iterator[Message]:
    """What came with an answer goes with what was said next: models take pictures from users alone."""
    carried: tuple[Attachment, ...] = ()
    for message in talk:
        if message.role is Role.ASSISTANT:
            carried = message.attachments
            yield replace(message, attachments=())
        else:
            yield replace(message, attachments=(*carried, *message.attachments))
            carried = ()


def _in_turn(messages: Iterable[Message]) -> list[Message]:
    """Turns that alternate, the user's first; never none."""
    talk: list[Message] = []
    for message in messages:
        if not talk and message.role is Role.ASSISTANT:
            talk.append(Message(Role.USER, MISSING))
        if talk and talk[-1].role is message.role:
            talk.append(_joined(talk.pop(), message))
        else:
            talk.append(message)
    return talk or [Message(Role.USER, MISSING)]


def _joined(first: Message, then: Message) -> Message:
    attachments = (*first.attachments, *then.attachments)
    return Message(then.role, _sent(first) + BETWEEN + then.content, attachments)


def _sent(message: Message) -> str:
    # Some models refuse an assistant's message that ends in white space.
    return message.content.rstrip() if message.role is Role.ASSISTANT else message.content


def _go_on(begun: str) -> str:
    words = _last_words(begun) if _ends_in_text(begun) else ""
    return GO_ON + (FROM_WORDS + words if words else FROM_NEW)


def _ends_in_text(text: str) -> bool:
    return text == text.rstrip()


def _last_words(text: str) -> str:
    """The last few words of the last line; empty where it has none, as in a language without spaces."""
    line = text.rpartition("\n")[2][-REPEATED_CHARS:]
    starts = [at for at, char in enumerate(line) if char.isalnum() and at and not line[at - 1].isalnum()]
    if len(line) < REPEATED_CHARS and line[:1].isalnum():
        starts.insert(0, 0)
    return line[starts[-REPEATED_WORDS:][0] :] if starts else ""
