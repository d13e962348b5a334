"""Formulas in Unicode."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.display.text.rich.math import LONGEST, in_unicode


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        ("x^2 + y^2 = z^2", "x² + y² = z²"),
        (r"x = \frac{-b \pm \sqrt{b^2-4ac}}{2a}", "x = (−b ± √(b² − 4ac))/(2a)"),
        (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "∑ᵢ₌₁ⁿ i = n(n + 1)/2"),
        (r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}", "∫₀^∞ e^(−x²) dx = √π/2"),
        (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", "lim_(x → 0) (sin x)/x = 1"),
        (r"\mathbb{R}^n \to \mathcal{L}(\theta)", "ℝⁿ → ℒ(θ)"),
        (r"O(n \log n)", "O(n log n)"),
        (r"\frac{1}{2}mv^2", "½mv²"),
        (r"P(X = k) = \binom{n}{k} p^k (1-p)^{n-k}", "P(X = k) = C(n, k)pᵏ(1 − p)ⁿ⁻ᵏ"),
        (r"\text{speed} = 5\,\text{m/s}", "speed = 5 m/s"),
        (r"\vec{F} = m\vec{a}, \quad \hat{y}", "F⃗ = ma⃗, ŷ"),
        (r"90^\circ", "90°"),
        (r"\ce{H2O}", "H₂O"),
        (r"\|x\|_2 \le \langle u, v \rangle", "‖x‖₂ ≤ ⟨u, v⟩"),
        (r"a \equiv b \pmod{n}", "a ≡ b (mod n)"),
        (r"-3 + -4 = -7", "−3 + −4 = −7"),
        (r"\sqrt[3]{x} \times 10^{-3}", "∛x × 10⁻³"),
        ("\\begin{aligned} a &= b \\\\ &= c \\end{aligned}", "a = b\n= c"),
    ],
)
def test_formulas_read_well(latex: str, shown: str):
    """Scripts, fractions, roots, functions, operators and words, with the spaces that a reader expects."""
    assert in_unicode(latex) == shown


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\underbrace{a+b}_{n}",
        r"\unknowncommand{x}",
        r"\hat{xyz}",
        r"\frac{a}",
        "{" * 100 + "}" * 100,
        "x" * (LONGEST + 1),
        "{x",
        "",
    ],
)
def test_what_reads_badly_or_is_broken_has_no_form(latex: str):
    """Then it's for the caller to show it as it's written."""
    assert in_unicode(latex) is None


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.sampled_from([*"\\{}^_&$%# ab1+-[]()'~\n", "\\frac", "\\sqrt", "\\begin{a}", "\\end{a}", "\\\\"]))
)
def test_no_text_that_looks_like_a_formula_makes_trouble(parts: list[str]):
    """Whatever a model writes, it's a formula or it isn't."""
    shown = in_unicode("".join(parts))
    assert shown is None or shown.strip()
