"""What a worker makes of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.attachments.excerpt import Excerpt


@dataclass(frozen=True, slots=True)
class Result:
    """The bytes of a picture or of a text in UTF-8, and facts about them that fit into a line of JSON."""

    payload: bytes = b""
    facts: dict[str, Any] = field(default_factory=dict)


def text_result(excerpt: Excerpt, **facts: int) -> Result:
    payload = excerpt.text.encode("utf-8", "replace")
    return Result(payload, {"at": excerpt.at, "left_out": excerpt.left_out, **facts})
