"""What a sentence that people read must be like, and where the sentences are."""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
# The house style asks for about 20 words. A sentence that lists names, such as permissions, may need a few more.
MOST_WORDS = 26
STILTED = re.compile(
    r"\b(shall|anew|likewise|mends?|mended|mending|whoever|hold(s)? for|make-believe|the answer is there|"
    r"no \w+ of (mine|ours)|to be had|bidden|in its stead|lest|hence|thus|wherein|thereof|ought|in vain|"
    r"for ever|took .{1,40} back|take .{1,40} back|goes on answering|afresh|upon)\b",
    re.IGNORECASE,
)
# In speech these are contracted.
STIFF = re.compile(
    r"\b(cannot|(do|does|did|is|are|was|were|has|have|had|will|would|could|should) not|I (am|will|have)|"
    r"you (are|will|have) (?!to\b)|there is|it is|that is)\b",
    re.IGNORECASE,
)
_END = re.compile(r"(?<=[.!?:;])\s+|\n+|(?<=[.!?])$| · ")


def faults(text: str, *, spoken: bool = True) -> list[str]:
    """What is wrong with a text; `spoken` where the bot says it to somebody."""
    found = []
    if "  " in text.strip("\n ") or text != text.rstrip(" "):
        found.append("spaces")
    if match := STILTED.search(text):
        found.append(f"stilted: {match[0]}")
    if spoken and (match := STIFF.search(text)):
        found.append(f"not contracted: {match[0]}")
    for sentence in _END.split(text):
        words = re.findall(r"[\w'/`{}<>@#.-]+", sentence)
        if len(words) > MOST_WORDS:
            found.append(f"{len(words)} words: {sentence}")
    return found


def strings(node: ast.AST) -> Iterator[str]:
    """The strings in a piece of code, docstrings left out; what an f-string fills in reads as `x`."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
        return
    body = getattr(node, "body", None)
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(body, list) and child is body[0] and isinstance(child, ast.Expr)
        if not is_docstring:
            yield from strings(child)


def of_module(path: Path) -> list[str]:
    """The sentences of a module: its strings with a space in them."""
    tree = ast.parse(path.read_text())
    return [text for text in strings(tree) if " " in text.strip()]


def of_errors(error: type) -> list[str]:
    """The strings in an error's class."""
    source = textwrap.dedent(inspect.getsource(error))
    return [text for text in strings(ast.parse(source)) if " " in text.strip()]


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of a module and of all that is in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def comments(source: str) -> Iterator[str]:
    """The comments of a module, those that speak to tools left out."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and "noqa" not in token.string:
            yield token.string


def stilted(text: str) -> list[str]:
    """The words in a text that nobody uses in speech."""
    return [match[0] for match in STILTED.finditer(text)]
