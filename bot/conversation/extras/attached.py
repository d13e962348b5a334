"""How what came with a message reads in a prompt: texts set off, everything else named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.conversation.extras.quoting import fenced, without_middle
from bot.core.names import plain_name
from bot.core.records import AttachmentKind, Message, Role
from bot.core.tokens import estimate, media_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.records import Attachment

KINDS = {
    AttachmentKind.TEXT: "a text",
    AttachmentKind.PICTURE: "a picture",
    AttachmentKind.DOCUMENT: "a document",
    AttachmentKind.AUDIO: "a recording",
}
MESSAGE = "text/x-discord-message"  # the media type of a message that somebody wrote on Discord
LEAST_TEXT = 400  # characters of a text that is too long; below that it's only named


def message_with(role: Role, text: str, attachments: Sequence[Attachment]) -> Message:
    """A message of a prompt with what came with it: texts in its own text, the rest named there and beside it."""
    if not attachments:
        return Message(role, text)
    parts = [text, *map(_described, attachments)]
    return Message(role, "\n\n".join(parts), tuple(each for each in attachments if each.data))


def _described(attachment: Attachment) -> str:
    name, kind = plain_name(attachment.name) or "A file", KINDS[attachment.kind]
    if attachment.media_type == MESSAGE:
        return f"{name}:\n{fenced(attachment.text)}" if attachment.text else f"[{name}]"
    details = ", ".join(filter(None, (kind, _size(attachment), plain_name(attachment.note))))
    if attachment.text:
        words = ", as text" if attachment.kind is not AttachmentKind.TEXT else ""
        return f"{name} ({details}{words}):\n{fenced(attachment.text)}"
    if attachment.data:
        return f"[{name}: {details}]"
    return f"[{name}: {kind}, no longer attached]"


def _size(attachment: Attachment) -> str:
    if attachment.pages:
        return f"{attachment.pages:,} pages"
    if attachment.seconds:
        return f"{attachment.seconds:,.0f} seconds"
    if attachment.width and attachment.height and attachment.data:
        return f"{attachment.width} by {attachment.height} pixels"
    return ""


def fitted(attachments: Sequence[Attachment], *, tokens: int, ratio: float) -> tuple[Attachment, ...]:
    """What fits of attachments into so many tokens: whole ones first come first served, then shortened texts."""
    kept: list[Attachment] = []
    for attachment in attachments:
        named = replace(attachment, text="", data=b"")
        chosen = next(
            (each for each in (attachment, _shorter(attachment, tokens, ratio)) if _tokens(each, ratio) <= tokens),
            named,
        )
        tokens -= _tokens(chosen, ratio)
        kept.append(chosen)
    return tuple(kept)


def _shorter(attachment: Attachment, tokens: int, ratio: float) -> Attachment:
    """A text cut so that it fits; anything else only named."""
    left = int((tokens - _tokens(replace(attachment, text="", data=b""), ratio)) * ratio)
    size = len(attachment.text.encode("utf-8", "surrogatepass"))
    characters = int(len(attachment.text) * left / size * 0.9) if size else 0
    text = without_middle(attachment.text, characters) if characters >= LEAST_TEXT else ""
    return replace(attachment, text=text, data=b"")


def _tokens(attachment: Attachment, ratio: float) -> int:
    return estimate([Message(Role.USER, _described(attachment))], ratio) + media_tokens(attachment)
