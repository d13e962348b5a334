r"""LaTeX formulas in Unicode, as far as they read well in it.

pylatexenc parses a formula and knows the symbols. Its own conversion leaves out what a reader needs to group the
parts (`\frac{a+b}{2a}` becomes `a+b/2a`), and has no raised or lowered letters: so the text is put together here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pylatexenc import latex2text, latexwalker, macrospec

from bot.display.text.rich.scripts import as_script
from bot.display.text.rich.symbols import (
    ACCENTS,
    ALIGNED,
    ALPHABETS,
    BIG,
    DROPPED,
    FUNCTIONS,
    NAMED,
    WORDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST = 1500  # characters of a formula; longer ones stay as written
DEEPEST = 12  # braces within braces
_GAP = "\x01"  # a space, but before a bracket, a script or an end
_RELATIONS = "=<>≤≥≠≡≈≃≅∼∝≪≫→←↔⇒⇐⇔↦⟶⟵⟹⟺⟸↛∈∉∋⊂⊃⊆⊇⊄⊢⊨⊥∥∣∤≺≻≔"
_OPERATORS = "×·⋅÷±∓∪∩∖∧∨⊕⊗⊙∘⋆"
_SPACED = re.compile(rf"\s*([{_RELATIONS}{_OPERATORS}])\s*")
_SIGN = re.compile(r"(?<=[^\s(\[{⟨|,;:=<>≤≥≠≡≈∈→+\-×·/^_⁽₍])\s*([+\-])\s*(?=\S)")
_NO_GAP = re.compile(
    rf"{_GAP}+(?=\s|[)\]}}⟩|,;:.!^_]|\Z)|(?:(?<=\s)|(?<=[(\[{{⟨|√^_+\-]))(?<!\A){_GAP}+|\A{_GAP}+"
)
_PUNCTUATION = re.compile(r"([,;:])[\s\x01]*(?=\S)")
_ONE = re.compile(r"(?:\d+(?:\.\d+)?|[^\W\d_][′]*|[∂∇∞dΔ][^\W\d_])[⁰-₟²³¹ᵃ-ᵿᶛ-ᶿⁿⁱ̀-ͯ⃐-⃰]*\Z")
_PRODUCT = re.compile(r"(?:[^\W_]|[∂∇∞√!′⁰-₟²³¹ᵃ-ᵿᶛ-ᶿ̀-ͯ⃐-⃰.])+\Z|[√∛∜]?\([^()]*\)\Z|[^\W\d_]+\([^()]*\)\Z")
_VULGAR = {"1/2": "½", "1/3": "⅓", "2/3": "⅔", "1/4": "¼", "3/4": "¾"}
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}
_SYMBOLS = latex2text.get_default_latex_context_db()
_GRAMMAR = latexwalker.get_default_latex_context_db()
_GRAMMAR.add_context_category(
    "formulas",
    macros=[
        *(macrospec.MacroSpec(name, "{{") for name in ("frac", "tfrac", "dfrac", "cfrac", "binom", "tbinom")),
        *(macrospec.MacroSpec(name, "{") for name in (*WORDS, *ACCENTS, *ALPHABETS, "pmod", "ce")),
        *(macrospec.MacroSpec(name, "") for name in ("left", "right", "\n")),
    ],
    prepend=True,
)

# What pylatexenc may raise at text that only looks like a formula.
_BUGS = (ValueError, LookupError, AttributeError, TypeError, RecursionError)


class _UnshowableError(Exception):
    """Something that Unicode has no good form for."""


@lru_cache(maxsize=256)
def in_unicode(latex: str) -> str | None:
    """A formula in Unicode, one line or several; None where that wouldn't read well."""
    if len(latex) > LONGEST or _depth(latex) > DEEPEST:
        return None
    try:
        nodes, _, _ = latexwalker.LatexWalker(
            latex, latex_context=_GRAMMAR, tolerant_parsing=False
        ).get_latex_nodes()
        text = "\n".join(_finished(line) for line in _rows(nodes))
    except (_UnshowableError, latexwalker.LatexWalkerError, *_BUGS):
        return None
    return text.strip("\n") if text.strip() else None


def _depth(latex: str) -> int:
    depth = deepest = 0
    for character in latex:
        depth += (character == "{") - (character == "}")
        deepest = max(deepest, depth)
    return deepest + latex.count(r"\begin")


def _rows(nodes: Sequence[Any]) -> list[str]:
    """The lines of a formula: one, or those of the environment that is all of it."""
    seen = [node for node in nodes if not (_is_chars(node) and not node.chars.strip())]
    if len(seen) == 1 and isinstance(seen[0], latexwalker.LatexEnvironmentNode) and _name(seen[0]) in ALIGNED:
        nodes = seen[0].nodelist
    lines: list[list[Any]] = [[]]
    for node in nodes:
        if isinstance(node, latexwalker.LatexMacroNode) and node.macroname == "\\":
            lines.append([])
        elif not (isinstance(node, latexwalker.LatexSpecialsNode) and node.specials_chars == "&"):
            lines[-1].append(node)
    return [line for line in (_text(line) for line in lines) if line.strip()]


def _name(node: Any) -> str:  # noqa: ANN401 - pylatexenc has no types
    return str(node.environmentname)


def _is_chars(node: Any) -> bool:  # noqa: ANN401 - pylatexenc has no types
    return isinstance(node, latexwalker.LatexCharsNode)


def _text(nodes: Sequence[Any]) -> str:
    """The text of parts in a row, with gaps yet to be decided."""
    parts = [part for node in nodes for part in (node.chars if _is_chars(node) else (node,))]
    out, at = "", 0
    while at < len(parts):
        part = parts[at]
        if isinstance(part, str) and part in "^_":
            at += 1
            while isinstance(parts[at], str) and parts[at].isspace():
                at += 1
            gap = _GAP if out.endswith(_GAP) else ""
            out = out.removesuffix(_GAP) + _script(_part(parts[at]), raised=part == "^") + gap
        else:
            out += _part(part)
        at += 1
    return out


def _script(text: str, *, raised: bool) -> str:
    text = _finished(text, spaced=False)
    if raised and text in ("∘", "°"):
        return "°"
    if raised and set(text) <= {"′", "*", "†"}:
        return text
    mark = "^" if raised else "_"
    return as_script(text, raised=raised) or (f"{mark}{text}" if len(text) == 1 else f"{mark}({text})")


def _part(part: Any) -> str:  # noqa: ANN401 - pylatexenc has no types
    """The text of a character or a node."""
    if isinstance(part, str):
        return "" if part.isspace() else "′" if part == "'" else part
    if isinstance(part, latexwalker.LatexGroupNode):
        left, right = map(str, part.delimiters)
        return _text(part.nodelist) if left == "{" else f"{left}{_text(part.nodelist)}{right}"
    if isinstance(part, latexwalker.LatexMacroNode):
        return _macro(part)
    if isinstance(part, latexwalker.LatexCommentNode):
        return ""
    if isinstance(part, latexwalker.LatexSpecialsNode) and part.specials_chars != "&":
        return " " if part.specials_chars == "~" else str(part.specials_chars)
    raise _UnshowableError


def _macro(node: Any) -> str:  # noqa: ANN401 - pylatexenc has no types
    name, arguments = str(node.macroname), node.nodeargd.argnlist if node.nodeargd else []
    if name in DROPPED or name in NAMED:
        return NAMED.get(name, "")
    if name in FUNCTIONS:
        return f"{_GAP}{name}{_GAP}"
    if name in WORDS:
        return _words(arguments[-1])
    if form := _FORMS.get(name):
        return form(*("" if each is None else _argument(each) for each in arguments))
    return _styled(name, _argument(arguments[0])) if name in ACCENTS or name in ALPHABETS else _symbol(name)


def _styled(name: str, text: str) -> str:
    if name in ACCENTS:
        return _accented(text, ACCENTS[name])
    return "".join(_lettered(each, *ALPHABETS[name]) for each in text)


def _symbol(name: str) -> str:
    known = getattr(_SYMBOLS.get_macro_spec(name), "simplify_repl", None)
    if not isinstance(known, str) or not known or "%" in known:
        raise _UnshowableError
    return f"{_GAP}{known}{_GAP}" if name in BIG else known


def _argument(node: Any) -> str:  # noqa: ANN401 - pylatexenc has no types
    return _text(node.nodelist if isinstance(node, latexwalker.LatexGroupNode) else [node])


def _words(node: Any) -> str:  # noqa: ANN401 - pylatexenc has no types
    """Words within a formula keep their spaces."""
    inside = node.nodelist if isinstance(node, latexwalker.LatexGroupNode) else [node]
    text = "".join(each.chars if _is_chars(each) and "_" not in each.chars else _text([each]) for each in inside)
    return _GAP + text + _GAP if len(text) > 1 and text[:1].isalpha() else text


def _accented(text: str, mark: str) -> str:
    if len(text) > 1 and mark not in ("\u0305", "\u0332"):
        raise _UnshowableError
    return unicodedata.normalize("NFC", "".join(each + mark for each in text))


def _lettered(character: str, family: str, exception: str) -> str:
    if not (character.isascii() and character.isalnum()):
        return character
    kind = "DIGIT" if character.isdigit() else "CAPITAL" if character.isupper() else "SMALL"
    digit = unicodedata.name(character).removeprefix("DIGIT ")
    for start in filter(None, (family, exception)):
        try:
            return unicodedata.lookup(f"{start} {kind} {digit if kind == 'DIGIT' else character.upper()}")
        except KeyError:
            continue
    return character


def _fraction(above: str, below: str) -> str:
    above, below = _finished(above), _finished(below)
    if not above or not below:
        raise _UnshowableError
    if vulgar := _VULGAR.get(f"{above}/{below}"):
        return vulgar
    above = above if _PRODUCT.match(above) else f"({above})"
    return f"{_GAP}{above}/{below if _ONE.match(below) or _is_bracketed(below) else f'({below})'}{_GAP}"


def _is_bracketed(text: str) -> bool:
    return text[:1] == "(" and text[-1:] == ")" and "(" not in text[1:-1] and ")" not in text[1:-1]


def _root(index: str, inside: str) -> str:
    sign = _ROOTS.get(index) or f"{as_script(index, raised=True) or index}√"
    inside = _finished(inside)
    return sign + (inside if _ONE.match(inside) else f"({inside})")


def _chemistry(text: str) -> str:
    return re.sub(r"(?<=[A-Za-z)\]])\d+", lambda digits: as_script(digits[0], raised=False) or digits[0], text)


_FORMS: dict[str, Callable[..., str]] = {
    **dict.fromkeys(("frac", "tfrac", "dfrac", "cfrac"), _fraction),
    **dict.fromkeys(("binom", "tbinom"), lambda above, below: f"C({_finished(above)}, {_finished(below)})"),
    "sqrt": _root,
    "pmod": lambda text: f" (mod {_finished(text)})",
    "ce": _chemistry,
}


def _finished(text: str, *, spaced: bool = True) -> str:
    """The text with its gaps decided, and with the spaces that a reader expects around operators."""
    text = _NO_GAP.sub("", text)
    text = re.sub(rf"(?<=[a-z]){_GAP}+(?=[(\[])" if spaced else rf"{_GAP}+(?=[(\[])", "", text)
    text = re.sub(rf"{_GAP}+", " ", text)
    if not spaced:
        return re.sub(r"\s*([^\w\s])\s*", r"\1", text).strip()
    text = _SPACED.sub(r" \1 ", text)
    text = _SIGN.sub(r" \1 ", text)
    text = _PUNCTUATION.sub(r"\1 ", text)
    return re.sub(r"(?<=\S) {2}(?! )", " ", text).strip().replace("-", "−")
