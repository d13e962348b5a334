"""Formulas in a text, told from money, from variables and from escaped characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.display.text.rich.found import UNDECIDED, Found, enclosed, escaped
from bot.display.text.rich.math import in_unicode

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_INLINE, LONGEST_BLOCK = 300, 2500  # characters of a formula that are waited for

_AMOUNT = re.compile(r"\$\d[\d,]*(?:\.\d+)?")
# After a number: what makes it an amount of money, and what may yet make it one.
_MONEY_AFTER = re.compile(
    r"\s+[^\W\d_]{2}|\s*[)\];:!?*~|\u2013\u2014\"\u201d]|[.,](?=[^\d])|\s*\n|(?:[kKmMbBtT]|bn|mn)\b(?=[^$\w])"
    r"|\s*[/-]\s*(?:[^\W\d_]{2}|\$)|\+\s|\s+[aA]\s"
)
_UNDECIDED_AFTER = re.compile(r"(?:[.,]|bn?|mn?|\s*[/\-+]?\s*[^\W\d_]?)\Z")
_PROSE = re.compile(r"(?<![\\{A-Za-z])[A-Za-z]{3,}[,.;:]?\s+[A-Za-z]{3}")
_BRACED = re.compile(r"\\(?:text|mathrm|operatorname|textbf|mbox)\{[^}]*\}?")
_FORMULA = re.compile(r"[\\^_=+*/<>{}|]|^\s*[A-Za-z]\s*$")


def _formula(
    text: str, at: int, marks: tuple[str, str], *, block: bool, is_formula: Callable[[str], bool]
) -> Found:
    most = LONGEST_BLOCK if block else LONGEST_INLINE
    inside = enclosed(text, at, marks, most=most, lines=block)
    if inside == "":
        return UNDECIDED
    if inside is None or not is_formula(inside):
        return Found(at + len(marks[0]), marks[0])
    end = at + len(marks[0]) + len(inside) + len(marks[1])
    if not block:
        return Found(end, _inline_formula(inside.strip()))
    return Found(end, _block_formula(inside))


def _inline_formula(latex: str) -> str:
    shown = in_unicode(latex)
    if shown is not None and "\n" not in shown:
        return escaped(shown)
    return f"`{latex}`" if "`" not in latex else latex


def _block_formula(latex: str) -> str:
    shown = in_unicode(latex.strip())
    body = latex.strip("\n ") if shown is None else shown
    return f"```{'latex' if shown is None else ''}\n{body}\n```"


def backslash(text: str, at: int) -> Found:
    following = text[at + 1 : at + 2]
    if not following:
        return UNDECIDED
    if following == "(":
        return _formula(text, at, ("\\(", "\\)"), block=False, is_formula=lambda _: True)
    if following == "[":
        return _formula(text, at, ("\\[", "\\]"), block=True, is_formula=lambda it: bool(_FORMULA.search(it)))
    if following == "b":
        return _environment(text, at)
    return Found(at + 2, text[at : at + 2]) if following != "\n" else Found(at + 1, "\\")


def _environment(text: str, at: int) -> Found:
    begin = re.compile(r"\\begin\{([A-Za-z]+\*?)\}").match(text, at)
    if begin is None:
        is_ahead = re.compile(r"\\b(?:e(?:g(?:i(?:n(?:\{[A-Za-z]{0,15}\*?)?)?)?)?)?\Z").match(text, at)
        return UNDECIDED if is_ahead else Found(at + 1, "\\")
    end = text.find(closing := f"\\end{{{begin[1]}}}", at)
    if end < 0:
        return UNDECIDED if len(text) - at <= LONGEST_BLOCK else Found(at + 1, "\\")
    end += len(closing)
    if end - 1 - at > LONGEST_BLOCK:
        return Found(at + 1, "\\")
    return Found(end, _block_formula(text[at:end]))


def dollar(text: str, at: int) -> Found:  # noqa: PLR0911 - one way out for each kind
    following = text[at + 1 : at + 2]
    if not following:
        return UNDECIDED
    if following == "$":
        return _formula(text, at, ("$$", "$$"), block=True, is_formula=lambda it: "$" not in it)
    if following.isspace():
        return Found(at + 1, "$")
    if amount := _AMOUNT.match(text, at):
        if _MONEY_AFTER.match(text, amount.end()):
            return Found(amount.end(), amount[0])
        if _UNDECIDED_AFTER.match(text, amount.end()):
            return UNDECIDED
    end = text.find("$", at + 1, _line_end(text, at))
    if _PROSE.search(_BRACED.sub("", text[at + 1 : end if end > 0 else at + 1 + LONGEST_INLINE])):
        return Found(at + 1, "$")
    if 0 < end == len(text) - 1:
        return UNDECIDED  # what follows tells whether it's the end of a formula
    if end > 0 and (text[end - 1].isspace() or text[end - 1] == "\\" or text[end + 1 : end + 2].isalnum()):
        return Found(at + 1, "$")
    return _formula(text, at, ("$", "$"), block=False, is_formula=lambda _: True)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
