"""Links, pictures, footnotes, HTML and its entities in a text."""

from __future__ import annotations

import html
import re

from bot.display.text.rich.found import UNDECIDED, Found, escaped
from bot.display.text.rich.links import footnote, link, picture
from bot.display.text.rich.scripts import as_script

LONGEST_LABEL, LONGEST_TARGET = 300, 2000  # characters of a link's two parts that are waited for
LONGEST_TAG = 200

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,24});")
_ENTITY_AHEAD = re.compile(r"&(?:#?[xX]?[A-Za-z0-9]{0,24})\Z")

# --- HTML -----------------------------------------------------------------------------------------------------

_TAGS = {
    **dict.fromkeys(("b", "strong", "summary"), "**"),
    **dict.fromkeys(("i", "em"), "*"),
    **dict.fromkeys(("u", "ins"), "__"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
    **dict.fromkeys(("p", "details", "span", "div", "center", "small", "mark", "font"), ""),
    "br": "\n",
    "hr": "\n",
}
_HELD_WHOLE = ("sup", "sub", "kbd", "code", "a")
_ATTRIBUTES = r"(?:\s+(?:open|[\w-]+\s*=\s*(?:\"[^\"<>\n]*\"|'[^'<>\n]*'|[^\s\"'<>]+)))*\s*"
_TAG = re.compile(rf"<(/?)({'|'.join(_TAGS)}){_ATTRIBUTES}/?>", re.IGNORECASE)
_PAIR = re.compile(rf"<({'|'.join(_HELD_WHOLE)})({_ATTRIBUTES})>([^<>\n]*)</\1\s*>", re.IGNORECASE)
_TAG_AHEAD = re.compile(r"</?([A-Za-z]{0,8})(?:\Z|[\s/>])")
_HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)

# --- Links ----------------------------------------------------------------------------------------------------

_FOOTNOTE = re.compile(r"\[\^([^\]\s^]{1,30})\]")
_LABEL = re.compile(r"!?\[((?:\\.|!?\[(?:\\.|[^\[\]\n\\])*\](?:\([^()\n]*\))?|[^\[\]\n\\])*)\]")
_TARGET = re.compile(
    r"\([ \t]*(?:<([^<>\n]*)>|((?:[^()\s]|\([^()\s]*\))*))"
    r"(?:[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?[ \t]*\)"
)


def bracket(text: str, at: int) -> Found:  # noqa: PLR0911 - one way out for each kind
    """A footnote's mark, a link or a picture; `at` is its bracket, or the exclamation mark before it."""
    if note := _FOOTNOTE.match(text, at):
        return Found(note.end(), footnote(note[1]))
    is_picture = text[at] == "!"
    alone = Found(at + 1, text[at])
    label = _LABEL.match(text, at)
    if label and label.end() - 1 - at > LONGEST_LABEL:
        return alone
    if label is None:
        return UNDECIDED if "\n" not in text[at:] and len(text) - at <= LONGEST_LABEL else alone
    follows = text[label.end() : label.end() + 1]
    if not follows:
        return UNDECIDED
    if follows != "(":
        return alone if is_picture or "[" in label[1] else Found(label.end(), label[0])
    target = _TARGET.match(text, label.end())
    if target is None:
        waits = "\n" not in text[label.end() :] and len(text) - label.end() <= LONGEST_TARGET
        return UNDECIDED if waits else alone
    if target.end() - 1 - label.end() > LONGEST_TARGET:
        return alone
    shown = (picture if is_picture else link)(label[1], target[1] or target[2] or "")
    return Found(target.end(), shown) if shown else alone


def tag(text: str, at: int) -> Found:
    alone = Found(at + 1, "<")
    if (pair := _PAIR.match(text, at)) and pair.end() - 1 - at <= LONGEST_TAG:
        return Found(pair.end(), _paired(pair[1].lower(), pair[2], pair[3]))
    if (tag := _TAG.match(text, at)) and tag.end() - 1 - at <= LONGEST_TAG:
        shown = _TAGS[tag[2].lower()]
        is_mark = shown not in ("", "\n")
        return UNDECIDED if is_mark and tag.end() == len(text) else Found(tag.end(), shown)
    name = _TAG_AHEAD.match(text, at)
    if name is None or "\n" in text[at:] or len(text) - at > LONGEST_TAG:
        return alone
    ends = name.end() < len(text)
    known = (*_TAGS, *_HELD_WHOLE)
    is_whole = ">" in text[at:]
    if is_whole and (text[at + 1] == "/" or name[1].lower() not in _HELD_WHOLE):
        return alone  # the end of a pair that has no beginning, or nothing that is known
    is_known = name[1].lower() in known if ends else any(each.startswith(name[1].lower()) for each in known)
    return UNDECIDED if is_known else alone


def _paired(name: str, attributes: str, inside: str) -> str:
    if name in ("sup", "sub"):
        raised = name == "sup"
        return as_script(inside, raised=raised) or ("^" if raised else r"\_") + f"({inside})"
    if name == "a":
        href = _HREF.search(attributes)
        return link(inside, href[1]) if href else inside
    return f"`{inside}`" if "`" not in inside and inside.strip() else inside


def entity(text: str, at: int) -> Found:
    if entity := _ENTITY.match(text, at):
        shown = html.unescape(entity[0])
        if shown == entity[0]:
            return Found(at + 1, "&")
        return Found(entity.end(), escaped(shown.replace("\n", " ")))
    return UNDECIDED if _ENTITY_AHEAD.match(text, at) else Found(at + 1, "&")
