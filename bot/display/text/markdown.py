"""Discord's Markdown as far as cutting text needs it: code fences, inline spans, joined characters.

Discord opens and closes a code block at any three backticks, wherever in a line, and knows no longer fences: four
backticks are three and a stray one. Text between `~~~` is no code to it. Models write for other renderers as well,
so fences of both characters count here; one inside the other is kept track of, and every run of backticks either
opens or closes something, which is how Discord pairs them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NESTING = 2  # blocks within blocks that are followed: a block shown inside a longer fence
_LEAD = r"(?:[ \t>]|[-*+][ ]|\d{1,9}[.)][ ])*"  # quotes and list items that a line's fence may stand in
_CODE = r"(?<!`)(?P<tick>`{1,2})(?!`)[^\n]*?[^`\n](?P=tick)(?!`)"
_TICKS = r"(?P<ticks>(?<!`)`{3,6}(?!`))"  # nobody writes longer ones, and room must be kept to close them
_FENCE = re.compile(rf"\\[^\w\s]|{_CODE}|{_TICKS}|^{_LEAD}(?P<tildes>~{{3,6}})(?!~)", re.MULTILINE)
_FENCE_IN_CODE = re.compile(_TICKS)
_LEAD_ALONE = re.compile(rf"{_LEAD}\Z")
_LANGUAGE = re.compile(r"[ \t]*([\w+.#-]{1,32})(?=\s)", re.ASCII)
_QUOTE = re.compile(r"(?![ \t]*>>>)(?:[ \t]*>){1,3}")  # `>>>` stands once, before all that it quotes
_QUOTE_END = re.compile(r"\n(?=[ \t]*[^ \t>])")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code block: the fence, its language, and the quote marks before it."""

    mark: str
    language: str = ""
    quote: str = ""

    @property
    def is_code(self) -> bool:
        """Whether Discord shows what follows as code."""
        return self.mark[0] == "`"

    def opening(self, following: str) -> str:
        """The line that opens the block again before `following`."""
        return f"{self.quote if _QUOTE.match(following) else ''}{self.mark}{self.language}\n"

    def closing(self, preceding: str) -> str:
        """What closes the block after `preceding`, the text up to its last visible character."""
        last_line = preceding.rpartition("\n")[2]
        lead = "\n" + (self.quote if _QUOTE.match(last_line) else "")
        # Discord takes a block with nothing in it for plain text, or its language for the code: give it a blank.
        return (f"{lead} " if self._opens_at_end(last_line) else "") + lead + self.mark

    def _opens_at_end(self, line: str) -> bool:
        _, mark, after = line.rpartition(self.mark)
        return bool(mark) and len(after.split()) <= 1  # one word may be the language


Fences = tuple[Fence, ...]  # the outermost first


def track(text: str, fences: Fences) -> Iterator[tuple[int, Fences]]:
    """Where in a text a fence ends, and which blocks are open from there on; `fences` are open at its start."""
    at = 0
    while match := _next_mark(text, at, fences):
        at, after = match.end(), fences
        if match.re is _QUOTE_END:
            after = tuple(fence for fence in fences if not fence.quote)
        elif match.lastgroup in {"ticks", "tildes"}:
            after = _turn(text, match.start(match.lastgroup), match[match.lastgroup], fences)
        if after != fences:
            fences = after
            yield at, fences


def _next_mark(text: str, at: int, fences: Fences) -> re.Match[str] | None:
    fence = (_FENCE_IN_CODE if fences and fences[-1].is_code else _FENCE).search(text, at)
    if not fences or not fences[-1].quote:
        return fence
    return _QUOTE_END.search(text, at, fence.end() if fence else len(text)) or fence


def fences_after(text: str, fences: Fences = ()) -> Fences:
    """The blocks that are open at the end of a text."""
    for _, after in track(text, fences):
        fences = after
    return fences


def _turn(text: str, at: int, mark: str, fences: Fences) -> Fences:
    """The open blocks after a fence at offset `at`."""
    rest = text[at + len(mark) :].partition("\n")[0]
    if fences and fences[-1].mark[0] == mark[0]:
        closes = len(mark) >= len(fences[-1].mark)
        if mark[0] == "~":
            return fences[:-1] if closes and not rest.strip() else fences
        if closes or len(fences) == NESTING:
            return fences[:-1]
    return (*fences, _opened(text, at, mark))


def _opened(text: str, at: int, mark: str) -> Fence:
    before = text[text.rfind("\n", 0, at) + 1 : at]
    quote = _QUOTE.match(before)
    language = _LANGUAGE.match(text, at + len(mark))
    # After a fence inside a line only a word that is all of the rest is a language; else the code begins there.
    line_end = text.find("\n", at)
    if language and (line_end < 0 or (not _LEAD_ALONE.match(before) and text[language.end() : line_end].strip())):
        language = None
    return Fence(mark, language[1] if language else "", "> " * quote[0].count(">") if quote else "")


# --- Inline spans ----------------------------------------------------------------------------------------------

_ATOMS = (
    r"\\[^\w\s]",
    r"(?<!`)(?P<code>`{1,2})(?!`)[^\n]*?(?:(?<!`)(?P=code)(?!`)|\Z)",
    r"`{3,}|~{3,}",
    r"!?\[[^\]\n]*(?:\](?:\([^)\n]*\)?)?)?",  # a link, or as much of one as has come
    r"https?://[^\s<>]+",
    r"<[^<>\s]{1,100}>?",  # mentions, times, custom emoji, links without a preview
)
# Two bars that are neither code nor behind a backslash; all that it looks for begins with one of three characters.
_BARS = re.compile(r"\|\||\\[^\w\s]|`{3,}|(?P<code>`{1,2})[^\n]*?(?:(?<!`)(?P=code)(?!`)|\Z)")
_TABLE_ROW = re.compile(r"\s*\|(?!\|)")
_INLINE = re.compile(
    rf"(?P<atom>{'|'.join(_ATOMS)})|(?P<mark>\*{{1,3}}|_{{1,3}}|~~|\|\|)|(?P<blank>\n\s*\n)", re.IGNORECASE
)


def spans(text: str) -> list[tuple[int, int]]:
    """What shouldn't be cut: links, addresses, inline code, emphasis and spoilers, including open ones."""
    found: list[tuple[int, int]] = []
    opened: dict[str, int] = {}
    for token in _INLINE.finditer(text):
        if token["blank"]:
            opened.clear()
            continue
        found.append(token.span())
        if token["mark"]:
            _pair(text, token, opened, found)
    last_line = text.rfind("\n") + 1
    # What is open may be a mere asterisk: it counts to the end of its line, but a spoiler may be long.
    found += [(start, len(text)) for mark, start in opened.items() if mark == "||" or start >= last_line]
    return found


def open_spoiler(text: str, fences: Fences = (), *, is_open: bool = False) -> int | None:
    """Where in a text the words begin that an open spoiler hides, None if none is open at its end.

    `fences` and `is_open` say what is open at its start.
    """
    if not is_open and "||" not in text:
        return None
    begin = 0 if is_open else None
    for start, end in outside_code(text, fences):
        for token in _BARS.finditer(text, start, end):
            if token[0] == "||":
                begin = token.end() if begin is None and _opens_spoiler(text, token) else None
    return begin


def outside_code(text: str, fences: Fences) -> Iterator[tuple[int, int]]:
    """The stretches of a text that are in no block of code, each with its start and its end."""
    start = 0
    for at, after in track(text, fences):
        if not (fences and fences[-1].is_code):
            yield start, at
        start, fences = at, after
    if not (fences and fences[-1].is_code):
        yield start, len(text)


def _opens_spoiler(text: str, token: re.Match[str]) -> bool:
    """Two bars open a spoiler unless they mean "or" (`a || b`, `a||b`) or an empty cell of a table's row."""
    line = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
    if _TABLE_ROW.match(line) or line[-1:].isalnum() or line[-1:] in {")", "]"}:
        return False
    return not text[token.end() : token.end() + 1].isspace() or not line.strip()


def _pair(text: str, token: re.Match[str], opened: dict[str, int], found: list[tuple[int, int]]) -> None:
    mark, start, end = token["mark"], token.start(), token.end()
    before, after = text[start - 1 : start], text[end : end + 1]
    if mark[0] == "_" and before.isalnum() and after.isalnum():
        return
    if mark in opened and (mark == "||" or not before.isspace()):
        found.append((opened.pop(mark), end))
    elif mark == "||" or not after.isspace():
        opened[mark] = start


# --- Characters ------------------------------------------------------------------------------------------------

_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER = "\u200d", "\u200c"
_VIRAMA = 9  # its canonical combining class: the next letter joins on
# Letters that belong to the one before: half-width Japanese sound marks, and a vowel each of Thai and Lao.
_CLINGING = frozenset("\uff9e\uff9f\u0e33\u0eb3")
# Signs that belong to the letter after, mostly Arabic numbers' (Unicode: Prepended_Concatenation_Mark).
_LEADING = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# What can't be in a message: control characters, except white space and the escape of `ansi` blocks.
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units: what Discord's own client counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def showable(text: str) -> str:
    """The text as a message can carry it, with U+FFFD, of the same length, for what can't be sent.

    Two halves of a surrogate pair that meet become their character.
    """
    text = _UNSHOWABLE.sub("\ufffd", text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def is_joined(text: str, at: int) -> bool:
    """Whether the characters around an offset are one to a reader."""
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return False
    if _is_flag_half(before) and _is_flag_half(after):
        return _flag_halves_before(text, at) % 2 == 1
    return (
        before == _ZERO_WIDTH_JOINER
        or before in _LEADING
        or after in {_ZERO_WIDTH_JOINER, _ZERO_WIDTH_NON_JOINER}
        or after in _CLINGING
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= after <= "\U000e007f"  # tags: the flags of parts of a country
        or unicodedata.category(after)[0] == "M"
        or _is_hangul_syllable(before, after)
        or (unicodedata.category(after) == "Lo" and _ends_in_virama(text, at))
    )


def _ends_in_virama(text: str, at: int) -> bool:
    """Whether a virama joins the letter at an offset to the one before; other marks may stand between."""
    while at and unicodedata.combining(text[at - 1]):
        at -= 1
        if unicodedata.combining(text[at]) == _VIRAMA:
            return True
    return False


def _is_hangul_syllable(before: str, after: str) -> bool:
    """Whether two letters are parts of one syllable (Unicode Standard Annex 29, rules GB6 to GB8)."""
    first, second = _hangul(before), _hangul(after)
    return second in {"L": ("L", "V", "S", "LVT"), "V": ("V", "T"), "S": ("V", "T"), "T": "T", "LVT": "T"}.get(
        first, ()
    )


def _hangul(letter: str) -> str:
    """What a Korean letter is in a syllable: lead, vowel, tail, or all of it: `LVT` with a tail, `S` without."""
    if "\u1100" <= letter <= "\u115f" or "\ua960" <= letter <= "\ua97c":
        return "L"
    if "\u1160" <= letter <= "\u11a7" or "\ud7b0" <= letter <= "\ud7c6":
        return "V"
    if "\u11a8" <= letter <= "\u11ff" or "\ud7cb" <= letter <= "\ud7fb":
        return "T"
    if "\uac00" <= letter <= "\ud7a3":
        return "LVT" if (ord(letter) - 0xAC00) % 28 else "S"
    return ""


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    start = at
    while start and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start
