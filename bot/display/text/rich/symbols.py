"""What LaTeX's commands stand for, where pylatexenc doesn't say or says it otherwise."""

from __future__ import annotations

# fmt: off
ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "bar": "\u0304",
    "overline": "\u0305",
    "vec": "\u20d7",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "dot": "\u0307",
    "ddot": "\u0308",
    "underline": "\u0332",
}
WORDS = frozenset({
    "text", "textrm", "textit", "textsf", "texttt", "textbf", "textnormal", "mbox", "boxed", "operatorname",
    "mathrm", "mathit", "mathsf", "mathtt",
})
# Their names in Unicode, and the names of the letters that had been there before.
ALPHABETS = {
    "mathbb": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
    "mathcal": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "mathscr": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "mathfrak": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "mathbf": ("MATHEMATICAL BOLD", ""),
    "boldsymbol": ("MATHEMATICAL BOLD", ""),
    "bm": ("MATHEMATICAL BOLD", ""),
}
FUNCTIONS = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "log", "ln",
    "exp", "det", "dim", "gcd", "lcm", "ker", "max", "min", "sup", "inf", "lim", "limsup", "liminf", "arg",
    "deg", "Pr", "hom", "argmax", "argmin",
})
BIG = frozenset({
    "sum", "prod", "coprod", "int", "iint", "iiint", "oint", "bigcup", "bigcap", "bigoplus", "bigvee", "bigwedge",
})
DROPPED = frozenset({
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr",
    "Biggl", "Biggr", "limits", "nolimits", "displaystyle", "textstyle", "scriptstyle", "nonumber", "notag", "!",
})
NAMED = {
    ",": " ", ";": " ", ":": " ", " ": " ", ">": " ", "\n": " ", "newline": " ", "thinspace": " ",
    "quad": "  ", "qquad": "   ", "mid": " | ", "colon": ": ", "bmod": " mod ", "Re": "Re", "Im": "Im",
    "implies": "⟹", "iff": "⟺", "impliedby": "⟸", "land": "∧", "lor": "∨", "lnot": "¬", "neg": "¬",
    "triangle": "△", "checkmark": "✓", "coloneqq": "≔", "prime": "′", "degree": "°", "gets": "←",
    "ldots": "…", "dots": "…", "dotsc": "…", "dotsb": "⋯", "cdot": "·", "blacksquare": "■", "Box": "□",
    "{": "{", "}": "}", "%": "%", "$": "$", "#": "#", "&": "&", "_": "_", "|": "‖", "backslash": "\\",
    "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]",
    "epsilon": "ε", "varepsilon": "ε", "phi": "φ", "hslash": "ħ",
}
ALIGNED = frozenset({
    "align", "align*", "aligned", "alignat", "gather", "gather*", "gathered", "split", "multline",
    "equation", "equation*",
})
