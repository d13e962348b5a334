"""What Discord doesn't draw, in the nearest form that it has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.display.text.rich.links import quiet_links
from bot.display.text.rich.rendering import Rendering


def rendered(text: str) -> str:
    rendering = Rendering()
    return rendering.feed(text) + rendering.end()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        # headings, rules, lists, quotes
        ("# One\n### Three", "# One\n### Three"),
        ("#### Four **bold** `a**b`\ntext", "**Four bold `a**b`**\ntext"),
        ("###### Six", "**Six**"),
        ("a\n\n---\n\nb", f"a\n\n{'─' * 12}\n\nb"),
        ("* * *", "─" * 12),
        ("- [ ] open\n- [x] *done*", "- ☐ open\n- ☑ *done*"),
        ("+ plus\n  + nested", "- plus\n  - nested"),
        ("> one\n> > two\n> > > three", "> one\n> │ two\n> │ │ three"),
        (">>> all that follows", ">>> all that follows"),
        # links and pictures
        ('[docs](https://x.org "A title")', "[docs](https://x.org)"),
        ("![a cat](https://x.org/cat.png)", "[a cat](https://x.org/cat.png)"),
        ("![](https://x.org/cat.png)", "https://x.org/cat.png"),
        ("[![badge](https://b.io/1.svg)](https://x.org)", "[badge](https://x.org)"),
        ("[https://x.org](https://x.org)", "https://x.org"),
        ("[here](#anchor) and [file](./a.md)", "here and file"),
        ("[wiki](https://x.org/a_(b))", "[wiki](<https://x.org/a_(b)>)"),
        ("array[0](x) and [1] and [a][b]", "array0 and [1] and [a][b]"),
        ("https://x.org/?a=$b$&copy;=1 *x*", "https://x.org/?a=$b$&copy;=1 *x*"),
        # footnotes, entities, HTML
        ("A claim[^1].\n\n[^1]: The source.\n[^note]: Another.", "A claim¹.\n\n¹: The source.\nⁿᵒᵗᵉ: Another."),
        ("a &mdash; b &lt;tag&gt; &amp; &#42; &nosuch; AT&T", r"a — b \<tag\> & \* &nosuch; AT&T"),
        ("one<br>two<br/>\nthree", "one\ntwo\nthree"),
        ("H<sub>2</sub>O, x<sup>2</sup>, <kbd>Ctrl</kbd>", "H₂O, x², `Ctrl`"),
        ("<b>bold</b> <i>slanted</i> <u>under</u> <s>out</s>", "**bold** *slanted* __under__ ~~out~~"),
        ('<a href="https://x.org">site</a> <unknown> a<b', "[site](https://x.org) <unknown> a<b"),
        ("<@1> <#2> <:emoji:3> <t:1:R> <https://x.org>", "<@1> <#2> <:emoji:3> <t:1:R> <https://x.org>"),
        # formulas and money
        ("so $x^2$ and \\(a_1\\).", "so x² and a₁."),
        ("It costs $5, or $3.50 a month; $20k-$30k, US$7.", "It costs $5, or $3.50 a month; $20k-$30k, US$7."),
        ("from $5 to $10 and **$1,000**", "from $5 to $10 and **$1,000**"),
        ("set $HOME and $PATH first", "set $HOME and $PATH first"),
        ("then $5x + 3 = 18$ or $5$", "then 5x + 3 = 18 or 5"),
        ("$\\underbrace{a}_b$", "`\\underbrace{a}_b`"),
        ("$a_{x*y}$", r"a\_(x\*y)"),
        ("$$\nE = mc^2\n$$", "```\nE = mc²\n```"),
        ("so \\[ a^2 \\] then", "so \n```\na²\n```\nthen"),
        (
            "$$\\begin{pmatrix} a \\\\ b \\end{pmatrix}$$",
            "```latex\n\\begin{pmatrix} a \\\\ b \\end{pmatrix}\n```",
        ),
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "```\na = b\nc = d\n```"),
        (r"\[1\] \[link\] \*x\* \$5", r"\[1\] \[link\] \*x\* \$5"),
        ("> $$x^2$$", "> ```\n> x²\n> ```"),
        # code
        ("`$x$ &amp; [a](b)` ``b ` $y$``", "`$x$ &amp; [a](b)` ``b ` $y$``"),
        (
            "```md\n| a | b |\n|---|---|\n#### $x$ &amp;\n```\n#### x",
            "```md\n| a | b |\n|---|---|\n#### $x$ &amp;\n```\n**x**",
        ),
        ("~~~\n$x$ &amp;\n~~~", "~~~\n$x$ &amp;\n~~~"),
        ("1. do\n   ```sh\n   echo $A $B\n   ```", "1. do\n   ```sh\n   echo $A $B\n   ```"),
        ("> > ```py\n> > x = 1\n> > ```\n> > y", "> ```py\n> x = 1\n> ```\n> │ y"),
        # tables
        ("| a | b |\n|---|---|\n| 1 | $x^2$ |\nafter", "```\na │ b\n──┼───\n1 │ x²\n```\nafter"),
        ("> | a |\n> |---|\n> | 1 |", "> ```\n> a\n> ─\n> 1\n> ```\n"),
        ("| no table\n| either", "| no table\n| either"),
        ("||hidden|| | x", "||hidden|| | x"),
        ("|a|b|\n|-|", "```\na │ b\n──┼──\n```\n"),
    ],
)
def test_each_thing_takes_the_nearest_form(said: str, shown: str):
    """What Discord draws itself, and all code, stays as it is."""
    assert rendered(said) == shown


def test_the_head_of_a_table_waits_for_the_line_below():
    """Only that tells it from a line with bars; then rows wait, counted, until the table's form is known."""
    rendering = Rendering()
    assert rendering.feed("Look:\n| a | b |") == "Look:\n"
    assert rendering.feed("\n|---|") == ""
    assert rendering.feed("---|\n| 1 | 2 |\n| 3") == ""
    assert rendering.rows_held == 1
    assert rendering.feed(" | 4 |\n\n") == "```\na │ b\n──┼──\n1 │ 2\n3 │ 4\n```\n\n"
    assert rendering.rows_held is None


def test_the_rows_of_a_long_table_come_as_they_are_said():
    """Each whole, in columns that stay as they are: what is too long is wrapped."""
    rendering = Rendering()
    first = rendering.feed("| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 8)
    assert first.count("\n") == 11
    assert rendering.feed("| 1 | longer") == ""
    assert rendering.feed(" |\n") == "1 │ l\n  │ o\n  │ n\n  │ g\n  │ e\n  │ r\n"


def test_what_is_waited_for_is_bounded():
    """Brackets and dollars that nothing comes of hold nothing back for long."""
    for opening in ("[", "$x", "\\(", "$$", "| ", "<a ", "\\begin{x}"):
        rendering = Rendering()
        shown = "".join(rendering.feed(piece) for piece in (opening, *["words. "] * 1000))
        assert len(shown) > 3000, opening


PARTS = [
    *(
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\",
        "`",
        "``",
        "```",
        "~~~",
        "\n",
        "\n\n",
        "| ",
        "|a|b|\n",
        "|1|2|\n",
    ),
    *(
        "|---|---|\n",
        "> ",
        "> > ",
        "- ",
        "* ",
        "# ",
        "#### ",
        "**",
        "*",
        "_",
        "~~",
        "||",
        "[",
        "](",
        ")",
        "---",
        "1. ",
    ),
    *(
        "](https://a.b)",
        "![",
        "<br>",
        "<b>",
        "</b>",
        "<sup>2</sup>",
        "&amp;",
        "&",
        "&#42;",
        "https://a.b/c",
        "http",
    ),
    *(
        ":",
        "//",
        "x",
        "word",
        " ",
        "5",
        "1,000",
        "[^1]",
        "[x] ",
        "\\begin{align}",
        "\\end{align}",
        "x^2",
        "日",
        "👩\u200d💻",
    ),
    *("\t", "(", '"', "!", " and more words ", "\\frac{a}{b}"),
]
odd = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)
often = settings(max_examples=400, derandomize=True, deadline=None, database=None)


@often
@given(odd, st.lists(st.floats(0, 1), max_size=6))
def test_it_does_not_matter_how_a_text_arrives(text: str, fractions: list[float]):
    """Bit by bit or at once: the same is shown, it only grows, and what was said of it is known."""
    parts, whole = Rendering(), Rendering()
    shown, at = "", 0
    for end in sorted({int(fraction * len(text)) for fraction in fractions} | {len(text)}):
        shown += parts.feed(text[at:end])
        at = end
    assert shown == whole.feed(text)
    assert text.startswith(parts.said())
    assert shown + parts.end() == shown + whole.end()
    assert parts.said() == text


@often
@given(odd)
def test_a_letter_at_a_time_is_the_same(text: str):
    """As a model's smallest pieces come."""
    letters, whole = Rendering(), Rendering()
    assert "".join(map(letters.feed, text)) + letters.end() == whole.feed(text) + whole.end()


@often
@given(odd, st.integers(0, 200), st.integers(0, 200))
def test_what_was_said_is_told_in_order_and_once(text: str, first: int, second: int):
    """However much of what is shown is asked for at a time."""
    rendering = Rendering()
    rendering.feed(text)
    rendering.end()
    assert rendering.take(first) + rendering.take(second) + rendering.said() == text


@pytest.mark.parametrize(
    ("content", "quiet"),
    [
        ("see https://x.org/a.", "see <https://x.org/a>."),
        ("[a](https://x.org) and <https://y.org>", "[a](<https://x.org>) and <https://y.org>"),
        ("`https://x.org` ```\nhttps://y.org\n```", "`https://x.org` ```\nhttps://y.org\n```"),
    ],
)
def test_links_can_ask_for_no_preview(content: str, quiet: str):
    """Where they stand in code they are no links."""
    assert quiet_links(content) == quiet


def test_only_so_many_links_are_previewed_and_a_message_stays_within_its_limit():
    """The first ones keep their previews; brackets go as far as they have room."""
    links = " ".join(f"https://x.org/{number}" for number in range(5))
    assert quiet_links(links, but=3).count("<") == 2
    full = "https://x.org/ " * 133
    assert len(quiet_links(full)) <= 2000
