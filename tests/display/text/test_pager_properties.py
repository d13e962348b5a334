"""What holds of every text cut into pages, however it arrives."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from bot.display.text.pager import CURSOR, Page, Pager, paginate, with_note

LIMIT = 2000
# Derandomised: the same texts each time, so that a run of the tests tells about the code and not about luck.
thorough = settings(
    max_examples=120, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
quick = settings(thorough, max_examples=60, phases=(Phase.explicit, Phase.generate))

EMOJI = [
    "\U0001f600",
    "\u2764\ufe0f\u200d\U0001f525",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f44d\U0001f3fd",
    "\U0001f1f3\U0001f1f1",
    "1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
]
SPANS = [
    "**very bold words**",
    "*slanted words*",
    "__under the line__",
    "~~out with it~~",
    "||nobody may see this||",
    "`code with spaces`",
    "``a ` inside``",
    "[a link with words](https://example.org/a_b?c=d&e=f#g)",
    "https://example.org/a/long/path_with_things?and=some#more",
    "<https://example.org/quiet>",
    "<@123456789012345678>",
    "<:name:123456789012345678>",
    "***both at once***",
    r"\*escaped\*",
]
WORDS = [
    "word",
    "longer-word",
    "sentence.",
    "question?",
    "2 * 3",
    "snake_case_name",
    "@everyone",
    "\u0645\u0631\u062d\u0628\u0627",
    "\u05e9\u05dc\u05d5\u05dd.",
    "\u65e5\u672c\u8a9e\u306e\u6587\u3002",
    "zero\u200bwidth",
    "#",
    "-",
    "1.",
    ">",
    "-#",
    "+",
    "e\u0301",
    "\u0915\u094d\u0937\u093f",
]
LANGUAGES = ["", "python", "c++", "objective-c", "py title=x"]


def code(fence: str, language: str, lines: list[str], *, closed: bool, quote: str = "") -> str:
    closed = closed or ">" in quote  # a quote's end ends its block, and leaves its fence without a pair
    body = [f"{fence}{language}", *lines, *([fence] if closed else [])]
    return "\n".join(quote + line for line in body)


def times(strategy: st.SearchStrategy[str], joint: str, *counts: int) -> st.SearchStrategy[str]:
    """A long text from few choices: hypothesis need not draw every word."""
    items = st.lists(strategy, min_size=2, max_size=8)
    return st.builds(lambda some, count: joint.join(some * count), items, st.sampled_from(counts))


def assemble(joint: str, parts: list[str]) -> str:
    # A fence in a quote's last line, with its code below the quote, has no pair to Discord.
    return joint.join(part.replace(">", "") for part in parts) if joint == " " else joint.join(parts)


prose = times(st.sampled_from(WORDS + SPANS + EMOJI), " ", 1, 7, 40)
code_lines = st.builds(
    lambda lines, count: lines * count,
    st.lists(
        st.sampled_from(
            ["x = 1", "    if x:", "\treturn y", "", "# not a heading", "s = 'a || b [c'", "-- " * 90]
        ),
        min_size=2,
        max_size=6,
    ),
    st.sampled_from([1, 9, 60]),
)
code_blocks = st.builds(
    code,
    st.sampled_from(["```", "```", "```", "````", "~~~", "`````", "~~~~"]),
    st.sampled_from(LANGUAGES),
    code_lines,
    closed=st.sampled_from([True] * 9 + [False]),
    quote=st.sampled_from(["", "", "", "> ", "   ", "> > > "]),
)
blocks = st.one_of(
    prose,
    code_blocks,
    code_blocks,
    st.builds(lambda inner: code("````", "md", ["```py", *inner, "```"], closed=True), code_lines),
    times(st.sampled_from(["- item", "  - nested item", "    1. deeper", "* other", "1. first"]), "\n", 1, 50),
    times(st.sampled_from(["# Title", "## Smaller", "text below", "-# small"]), "\n\n", 1, 20),
    times(st.sampled_from(["> quoted words", "> > deeper", ">"]), "\n", 1, 60),
    times(st.sampled_from(["| a | b |", "|---|---|", "| long cell with words | 2 |"]), "\n", 1, 40),
    st.sampled_from(["```inline block```", "text ```py\nx\n``` text", "||open", "**open", "`open"]),
    times(st.sampled_from(["a", "ab", *EMOJI, "\u65e5", "e\u0301"]), "", 100, 800),
    times(st.sampled_from([" ", "\n", " \n", "\t"]), "", 1, 500),
)
documents = st.builds(
    lambda parts, joint, line_end, tail: assemble(joint, parts + tail).replace("\n", line_end),
    st.lists(blocks, max_size=7),
    st.sampled_from(["\n\n", "\n", "\n\n\n", " "]),
    st.sampled_from(["\n", "\n", "\n", "\r\n"]),
    st.sampled_from([[], [], [], ["```"], ["```py"], ["~~~"], ["````md\n```"]]),
)
# Anything at all, from few choices repeated: control characters, lone surrogates, marks in any order.
odd = times(
    st.text(
        st.one_of(st.sampled_from("`~*_|[]()<>#- \n\t\r\\\x00\x1b\x1f\ud83d\ude00\u200d\u0301"), st.characters()),
        max_size=40,
    ),
    "",
    120,
)
texts = st.one_of(documents, documents, documents, odd)


def length(content: str) -> int:
    return len(content.encode("utf-16-le")) // 2


def joints(pages: list[Page]) -> list[int]:
    """Offsets at which pages begin, but for the first."""
    offsets, at = [], 0
    for page in pages[:-1]:
        at += len(page.source)
        offsets.append(at)
    return offsets


def cuts(text: str, fractions: list[float]) -> list[str]:
    """The text in deltas."""
    ends = sorted({int(fraction * len(text)) for fraction in fractions} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@thorough
@given(texts, st.booleans())
@example(" \n\t ", True)
@example("\x1f\x00", True)
@example("\ud83d", False)
@example("```\n" + " " * 6000 + "x", False)
@example("> > > ```` x\n" + "> > > ```py\n" * 300, False)
@example("a" + "\u0301" * 5000, True)
@example("`" * 5001, True)
@example("```\n" + "y\n" * 960 + " " * 190 + "x" * 5000, True)
@example(f"````{'a' * 30}\n```{'b' * 30}\n" + "x" * 5000, False)
def test_pages_are_the_text_and_every_one_can_be_sent(text: str, done: bool):
    """Every character is on one page, in order; every page fits, shows something and can be encoded."""
    pages = paginate(text, done)
    assert "".join(page.source for page in pages) == (text if text.strip() else "")
    for page in pages:
        assert 0 < length(page.content) <= LIMIT
        assert page.content == page.content.strip()
        assert page.source.strip()
        assert not re.search(r"[\x00-\x08\x0e-\x1a\x7f]", page.content)
        assert not done or CURSOR not in page.suffix


@thorough
@given(texts, st.lists(st.floats(0, 1), max_size=12))
def test_finished_pages_never_change(text: str, fractions: list[float]):
    """However much more comes, all pages but the last stay as they are, also when the text ends."""
    whole = [paginate(text, done=True), paginate(text, done=False)]
    for at in sorted({int(fraction * len(text)) for fraction in fractions}):
        finished = paginate(text[:at], done=False)[:-1]
        assert all(pages[: len(finished)] == finished for pages in whole)


@thorough
@given(texts, st.lists(st.floats(0, 1), max_size=12))
def test_a_pager_shows_at_every_step_what_paginate_would(text: str, fractions: list[float]):
    """Feeding bit by bit is the same as starting over with the whole text."""
    pager, so_far = Pager(), ""
    for delta in cuts(text, fractions):
        pager.feed(delta)
        so_far += delta
        for done in (False, True):
            assert pager.pages(done=done) == paginate(so_far, done)
        assert pager.finished == paginate(so_far, done=False)[:-1]


@thorough
@given(documents, st.floats(0, 1), st.booleans())
def test_no_page_leaves_a_code_block_open(text: str, fraction: float, done: bool):
    """At every moment each message has as many fences that open as fences that close."""
    # Discord and our count agree, but for three backticks within a code span or behind a backslash.
    for page in paginate(text[: int(fraction * len(text))], done):
        assert page.content.count("```") % 2 == 0


@thorough
@given(texts)
def test_while_it_goes_on_a_reply_ends_in_the_cursor(text: str):
    """The last page alone ends in the cursor, below a code block and not in it."""
    pages = paginate(text, done=False)
    assert all(page.content.endswith(CURSOR) == (page is pages[-1]) for page in pages if CURSOR not in text)
    if pages and "```" in pages[-1].suffix:
        assert pages[-1].suffix.endswith("\n" + CURSOR)


@thorough
@given(documents)
def test_what_the_channel_shows_is_the_text(text: str):
    """Without the fences closed and opened again, the messages are the text but for white space at the joints."""
    at = 0
    for page in paginate(text, done=True):
        content = page.content
        assert re.fullmatch(r"(?:\|\|)?(?:(?:> )*(?:`{3,6}|~{3,6})\S*\n){0,2}", page.prefix)
        assert re.fullmatch(r"(?:\n(?:> )* )?(?:\n(?:> )*(?:`{3,6}|~{3,6})){0,2}(?:\|\|)?", page.suffix)
        body = content[len(page.prefix) : len(content) - len(page.suffix)].strip()
        at += len(text[at:]) - len(text[at:].lstrip())
        assert text.startswith(body, at)
        at += len(body)
    assert not text[at:].strip()


@thorough
@given(times(st.sampled_from(SPANS + EMOJI + ["word", "words.", "more,"]), " ", 80, 200))
def test_spans_links_and_joined_characters_stay_whole(text: str):
    """No joint falls into what belongs together as long as there is a place nearby where it does not."""
    whole = re.compile("|".join(map(re.escape, sorted(SPANS + EMOJI, key=len, reverse=True))))
    offsets = joints(paginate(text, done=True))
    for match in whole.finditer(text):
        assert not any(match.start() < at < match.end() for at in offsets)


@thorough
@given(documents)
def test_a_joint_makes_no_markdown(text: str):
    """A line cut in two does not begin the next message as a list, heading, quote or small print."""
    for page, at in zip(paginate(text, done=True)[1:], joints(paginate(text, done=True)), strict=True):
        if not page.prefix and "\n" not in text[len(text[:at].rstrip()) : at]:
            assert not re.match(r"(#{1,3}|-#|[-*+]|\d+[.)]|>|>>>)\s", page.source)


@thorough
@given(times(st.sampled_from(["- item of a list", "  - nested item", "    - deeper item", "text"]), "\n", 40, 150))
def test_no_message_begins_with_indentation_that_discord_would_strip(text: str):
    """A nested item stays below its parent, or is cut in its middle."""
    for at in joints(paginate(text, done=True)):
        assert not text[:at].rpartition("\n")[2].isspace()


@thorough
@given(documents)
@example("word " * 60 + "\n||open\n" + "\U0001f600" * 1600)
def test_pages_are_large(text: str):
    """A page that is not the last is at least about a quarter full, mostly half."""
    text = re.sub(r"\s{3,}", "\n\n", text)
    assert all(length(page.content) >= 400 for page in paginate(text, done=True)[:-1])


@quick
@given(texts, st.sampled_from(["Stopped.", "Answered by `x`.", "long " * 500]))
def test_small_print_is_a_line_of_its_own_at_the_end(text: str, note: str):
    """It changes no page but the last, fits, and stands below any code block."""
    pages = paginate(text, done=True)
    contents = with_note(pages, note)
    shown = [page.content for page in pages]
    assert all(length(content) <= LIMIT for content in contents)
    line = contents[-1].rpartition("\n")[2]
    assert line.startswith("-# ")
    assert contents in ([*shown, line], [*shown[:-1], f"{shown[-1] if shown else ''}\n{line}"])
