"""Links, pictures and footnotes in the form that Discord knows."""

from __future__ import annotations

import re

from bot.display.text.markdown import utf16_length
from bot.display.text.rich.scripts import as_script

MOST_CHARACTERS = 2000  # Discord: message content

_WEB = re.compile(r"https?://\S+\Z", re.IGNORECASE)
_NESTED_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^()\n]*\)")


def link(label: str, address: str) -> str:
    """A link; where its address is nothing that Discord opens, its words."""
    label = _NESTED_PICTURE.sub(r"\1", label).strip()
    if not _WEB.match(address):
        return f"{label} ({address})" if ":" in address and address not in (label, f"mailto:{label}") else label
    if not label or _WEB.match(label):
        return address  # Discord shows no link whose words are another address
    return f"[{label}](<{address}>)" if "(" in address or ")" in address else f"[{label}]({address})"


def picture(label: str, address: str) -> str:
    """A picture in a text, as a link to it."""
    return link(label, address) if _WEB.match(address) else label


def footnote(name: str) -> str:
    """The mark of a footnote, also where its text stands."""
    return as_script(name, raised=True) or f"[{name}]"


_LOUD = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|<https?://[^\s<>]*>"
    r"|(?P<masked>(?<=\]\()https?://[^\s()<>]+(?=\)))|(?P<bare>https?://[^\s<>]*[^\s<>.,;:!?)\]*_~|'\"])",
    re.DOTALL | re.IGNORECASE,
)


def quiet_links(content: str, *, but: int = 0) -> str:
    """A message in which Discord previews no link `but` the first so many, as far as the brackets have room."""
    room = (MOST_CHARACTERS - utf16_length(content)) // 2
    links = [match for match in _LOUD.finditer(content) if match.lastgroup][but : but + max(0, room)]
    for match in reversed(links):
        content = f"{content[: match.start()]}<{match[0]}>{content[match.end() :]}"
    return content
