"""How a reply is cut into messages, by example."""

from __future__ import annotations

import pytest

from bot.display.text.markdown import track
from bot.display.text.pager import CURSOR, Page, Pager, paginate, with_note

SENTENCE = "All work and no play makes a dull boy. "  # 39 characters
PARAGRAPH = SENTENCE * 20  # 780
CODE = "    value = compute(value)\n"  # 27


def contents(text: str, *, done: bool = True) -> list[str]:
    return [page.content for page in paginate(text, done)]


def streaming(text: str) -> str:
    """What the only message shows while the text goes on."""
    (content,) = contents(text, done=False)
    return content


# --- The cursor ------------------------------------------------------------------------------------------------


def test_a_short_reply_is_one_message():
    """Nothing is added to it but the cursor, while it goes on."""
    assert paginate("Hello.", done=True) == [Page("Hello.", "", "")]
    assert streaming("Hello.") == "Hello. ▌"


@pytest.mark.parametrize("text", ["", " ", "\n\n\t ", "\x1f\r\n"])
def test_white_space_alone_makes_no_message(text: str):
    """Discord refuses messages with nothing in them."""
    assert contents(text, done=False) == contents(text) == []


def test_outer_white_space_is_in_the_source_and_not_in_the_message():
    """Discord would strip it: what is shown is known beforehand."""
    (page,) = paginate("\n  Hello.\n\n", done=True)
    assert (page.source, page.content) == ("\n  Hello.\n\n", "Hello.")
    assert streaming("Hello.\n\n") == "Hello. ▌"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("```py\nx = 1", "```py\nx = 1\n```\n ▌"),
        ("```py\nx = 1\n``", "```py\nx = 1\n``\n```\n ▌"),
        ("```py\nx = 1\n```", "```py\nx = 1\n```\n ▌"),
        ("```py\nx = 1\n```\nThat", "```py\nx = 1\n```\nThat ▌"),
        ("so: ```x = 1", "so: ```x = 1\n```\n ▌"),
        ("so: ```x = 1```", "so: ```x = 1``` ▌"),
        ("> ```py\n> x", "> ```py\n> x\n> ```\n ▌"),
        (">>> ```py\nx", ">>> ```py\nx\n```\n ▌"),
        ("- ```py\n  x", "- ```py\n  x\n```\n ▌"),
        ("~~~py\nx", "~~~py\nx\n~~~\n ▌"),
        ("````md\n```py\nx", "````md\n```py\nx\n```\n````\n ▌"),
        ("~~~md\n```py\nx", "~~~md\n```py\nx\n```\n~~~\n ▌"),
        ("~~~\n~~~ x\ny", "~~~\n~~~ x\ny\n~~~\n ▌"),
        ("`````\n````\n```\nx", "`````\n````\n```\nx\n`````\n ▌"),
    ],
)
def test_a_code_block_is_closed_before_the_cursor(text: str, shown: str):
    """The cursor stands below the block, on a line of its own."""
    assert streaming(text) == shown


@pytest.mark.parametrize("opened", ["```", "```py", "Look:\n```py", "> ```py", "```py\n\n"])
def test_a_block_with_nothing_in_it_yet_shows_as_a_block(opened: str):
    """Discord would show the fences, or the language as the code: a blank keeps it from that."""
    quote = "> " if opened.startswith(">") else ""
    assert streaming(opened) == f"{opened.rstrip()}\n{quote} \n{quote}```\n ▌"


@pytest.mark.parametrize("text", ["**bold", "`code", "[link](https://exa", "~~gone", "\\```", "`` ``` ``"])
def test_open_spans_are_left_as_they_are(text: str):
    """Discord shows a mark without its pair as it is, so it cannot draw the cursor in."""
    assert streaming(text) == text + CURSOR


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("||secret", "||secret||"),
        ("The killer is ||the but", "The killer is ||the but||"),
        ("||one|| and ||two", "||one|| and ||two||"),
        ("|| secret", "|| secret||"),
        ("(||secret", "(||secret||"),
        ("||two\n\nparagraphs", "||two\n\nparagraphs||"),
        ("||a `code || span", "||a `code || span||"),
        ("||half closed|", "||half closed|||"),
        ("||backslash\\", "||backslash\\\u200b||"),
        ("> ||quoted", "> ||quoted||"),
    ],
)
@pytest.mark.parametrize("done", [False, True])
def test_an_open_spoiler_is_never_shown_uncovered(text: str, shown: str, done: bool):
    """It is closed for display, while it is on its way and where the reply breaks off in it."""
    (page,) = paginate(text, done)
    assert page.content == shown + ("" if done else CURSOR)
    assert page.source == text


@pytest.mark.parametrize(
    "text",
    [
        "||closed||",
        "a || b",
        "a||b",
        "f(x)||g",
        "||",
        "Look: ||",
        "`||code`",
        "\\||escaped",
        "| a || b",
        "||one|| a||b",
    ],
)
def test_bars_that_hide_nothing_are_left_alone(text: str):
    """They mean "or", stand in a table or in code, or have nothing behind them yet."""
    assert streaming(text) == text + CURSOR
    assert contents(text) == [text]


def test_bars_in_a_code_block_are_code():
    """Nothing is hidden there."""
    assert contents("```c\nif (a ||b) {\n```") == ["```c\nif (a ||b) {\n```"]


def test_a_spoiler_longer_than_a_message_is_covered_in_each():
    """Closed at the end of one message and opened again in the next; the sources are still the text."""
    text = "||" + "word " * 900 + "end|| and after"
    pages = paginate(text, done=True)
    assert len(pages) == 3
    assert all(page.content.count("||") == 2 for page in pages)
    assert "".join(page.source for page in pages) == text
    assert pages[-1].content.endswith("end|| and after")
    for length in range(0, len(text), 7):
        shown = paginate(text[:length], done=False)
        assert all(page.content.count("||") % 2 == 0 for page in shown)


def test_a_code_block_in_a_spoiler_closes_first():
    """The block ends within the spoiler."""
    assert contents("||```py\nx = 1") == ["||```py\nx = 1\n```||"]


def test_a_block_that_the_model_never_closed_is_closed_in_the_end():
    """A reply cut at the length limit must not leave the block open, for the small print stands below."""
    assert contents("```py\nx = 1") == ["```py\nx = 1\n```"]


def test_a_block_in_a_quote_ends_with_the_quote():
    """What follows an unclosed block's quote is no code, to Discord and CommonMark alike."""
    assert streaming("> ```py\n> x\n\nAfter") == "> ```py\n> x\n\nAfter ▌"
    assert streaming("> ```py\n> x\nAfter") == "> ```py\n> x\nAfter ▌"


def test_a_block_closed_within_its_quote_ends_there():
    """The quote may go on below the block."""
    assert [at for at, _ in track("> ```\n> x\n> ```\n> y\nz", ())] == [5, 15]


# --- Where a message ends --------------------------------------------------------------------------------------


def test_messages_end_at_a_blank_line_if_there_is_one():
    """A paragraph is not torn when the message can be half full without it."""
    first, second, third = contents("\n\n".join([PARAGRAPH] * 5))
    assert first == second == f"{PARAGRAPH.strip()} \n\n{PARAGRAPH.strip()}"
    assert third == PARAGRAPH.strip()


def test_else_at_the_end_of_a_line():
    """A list is cut between two items."""
    pages = contents("\n".join(f"- {SENTENCE.strip()}" for _ in range(100)))
    assert {line for page in pages for line in page.split("\n")} == {f"- {SENTENCE.strip()}"}
    assert [page.count("\n") + 1 for page in pages] == [47, 47, 6]


def test_else_at_the_end_of_a_sentence():
    """A long paragraph is cut after a full stop, and not after the comma that fits as well."""
    pages = contents("Once, twice, and more often. " * 200)
    assert all(page.endswith("often.") for page in pages)


def test_else_after_a_word():
    """Words stay whole."""
    assert {word for page in contents("word " * 1000) for word in page.split()} == {"word"}


def test_else_anywhere():
    """A line of 5,000 characters without a space fills its messages."""
    assert [len(page) for page in contents("x" * 5000)] == [1960, 1960, 1080]


def test_chinese_sentences_end_without_a_space():
    """The full-width full stop is a sentence's end by itself."""
    pages = contents("\u6211\u559c\u6b22\u8fd9\u4e2a\uff0c\u771f\u7684\u3002" * 400)
    assert all(page.endswith("\u3002") for page in pages)


@pytest.mark.parametrize(
    "joined",
    [
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
        "\U0001f44d\U0001f3fd",
        "\U0001f1f3\U0001f1f1",
        "1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "e\u0301",
        "\u0915\u094d\u0937\u093f",
        "\ud83d\ude00",
    ],
)
def test_joined_characters_stay_whole(joined: str):
    """Emoji of several parts, flags, letters with marks: a run without a space is cut between two of them."""
    for lead in range(8):
        (first, *_) = paginate("a" * lead + joined * 2000, done=True)
        assert (len(first.source) - lead) % len(joined) == 0


def test_characters_beyond_the_basic_plane_count_twice():
    """2,000 UTF-16 code units are 1,000 emoji."""
    pages = contents("\U0001f600" * 1500)
    assert [len(page) for page in pages] == [980, 520]


@pytest.mark.parametrize(
    "span",
    [
        "[a link with several words](https://example.org/a?b=c)",
        "https://example.org/" + "path/" * 60,
        "https://example.org/" + "path/" * 250,
        "**bold words, some of them. And more of them**",
        "||a spoiler of several words. And more of them||",
        "||a spoiler of several lines:\n\u2022 one\n\u2022 two||",
        "~~struck out~~",
        "`code with several words. And more of them`",
        "<@123456789012345678>",
    ],
)
def test_spans_and_links_stay_whole(span: str):
    """Wherever the message's end happens to fall within a span, the cut is before it or behind it."""
    for lead in range(1950 - len(span), 1962, 3):
        text = ("word " * 400)[: lead - 1] + " " + span + " and so on" * 60
        first, _ = paginate(text, done=True)
        assert len(first.source) <= lead or len(first.source) >= lead + len(span)


def test_a_span_still_open_at_the_messages_end_goes_to_the_next():
    """Whether it will be closed is not known when the page is finished; the page is finished all the same."""
    text = (
        SENTENCE * 48
        + "**bold words that go on for quite a while, beyond what this message has room for, and on** end"
    )
    first, second = contents(text)
    assert first == (SENTENCE * 48).strip()
    assert second.startswith("**bold words")


def test_a_span_longer_than_a_message_is_cut_like_other_text():
    """Nothing can keep it whole, so it is cut where text is cut best."""
    first, *_ = contents(f"**{SENTENCE * 100}**")
    assert first.endswith("boy.")
    assert len(first) > 1900


def test_a_line_cut_in_two_becomes_no_list_or_heading():
    """`word - word` must not make the second message begin with a list item."""
    for mark in ("-", "#", "1.", ">", "-#", "*", "2024."):
        for page in contents(f"word {mark} " * 600)[1:]:
            assert page.startswith("word")


def test_a_list_mark_or_a_heading_is_not_left_behind():
    """A message does not end in a bullet without its item, or a heading without its text."""
    for lead in range(960, 985):
        assert not contents(f"{'x' * lead}\n- {'x' * 3000}")[0].endswith("-")
    for lead in range(1900, 1965, 3):
        before = ("word " * 400)[:lead]
        assert not contents(f"{before}\n\n## Heading\n\n{PARAGRAPH}")[0].endswith("Heading")


def test_nested_items_keep_their_indentation():
    """A message does not begin with an indented line, for Discord would strip the indentation."""
    text = "\n".join(["- outer item"] + ["  - nested item, with a few words to it"] * 20) + "\n"
    assert all(page.startswith("- outer") for page in contents(text * 8))


# --- Code blocks over several messages -------------------------------------------------------------------------


@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_a_long_block_is_closed_and_opened_again(fence: str):
    """With its own fence and language, at a line's end, and with the code's indentation."""
    pages = paginate(f"{fence}python\n{CODE * 200}{fence}\n", done=True)
    assert len(pages) == 3
    assert all(page.prefix == f"{fence}python\n" for page in pages[1:])
    assert all(page.suffix == f"\n{fence}" for page in pages[:-1])
    assert all(set(page.source.split("\n")) <= {f"{fence}python", CODE.rstrip("\n"), fence, ""} for page in pages)
    assert pages[1].content.startswith(f"{fence}python\n    value")


def test_a_block_within_a_longer_fence_is_opened_again_in_it():
    """A Markdown example holding code: both are closed, the inner first, and both opened again."""
    second = paginate(f"````md\n# Title\n```py\n{CODE * 100}```\n````", done=True)[1]
    assert second.prefix == "````md\n```py\n"
    assert second.content.endswith("```\n````")


def test_a_block_in_a_quote_stays_in_it():
    """The fences added carry the quote's mark."""
    text = "> ```py\n" + "> value = compute(value)\n" * 100 + "> ```"
    first, second = paginate(text, done=True)
    assert (first.suffix, second.prefix) == ("\n> ```", "> ```py\n")


def test_a_short_block_is_not_cut():
    """One that begins beyond the middle of a message goes to the next as a whole."""
    first, second = contents(f"{PARAGRAPH}\n{PARAGRAPH}\n\n```py\n{CODE * 20}```\nDone.")
    assert first == f"{PARAGRAPH}\n{PARAGRAPH}".strip()
    assert second == f"```py\n{CODE * 20}```\nDone."


def test_a_block_is_not_parted_from_its_own_fences():
    """No message shows a block with nothing in it, wherever the text before makes the joint fall."""
    texts = [f"{'x' * lead}\n\n```py\n{CODE * 64}```\n{PARAGRAPH}" for lead in range(200, 240)]
    texts += [f"{'x' * lead}\n```py\n{'y' * 3000}\n```" for lead in range(960, 985)]
    for page in [page for text in texts for page in contents(text)]:
        assert "```py\n```" not in page
        assert not page.endswith("```py\n \n```")


def test_a_fence_is_not_cut():
    """Three backticks stay together where nothing but a cut in the middle of a line is left."""
    for lead in range(1945, 1965):
        for text in (f"```\n{'x' * lead}```\nafter", f"{'x' * lead}```py\nx\n```"):
            assert all(page.source.count("`") % 3 == 0 for page in paginate(text, done=True))


def test_indentation_that_would_fill_a_message_is_cut_short():
    """A message shows something, whatever the code is indented by."""
    text = f"```\n{CODE * 60}{' ' * 6000}x\n```"
    *_, last = paginate(text, done=True)
    assert last.source == f"{' ' * 200}x\n```"


def test_only_a_word_right_behind_a_fence_is_a_language():
    """Code that begins on the fence's own line is not repeated at the head of each message."""
    assert paginate(f"so: ```x = 1\n{CODE * 100}```", done=True)[1].prefix == "```\n"
    assert paginate(f"```py title=main.py\n{CODE * 100}```", done=True)[1].prefix == "```py\n"
    assert paginate(f"```SELECT {'x, ' * 1000}```", done=True)[1].prefix == "```\n"
    assert paginate(f"```c++\r\n{CODE * 100}```", done=True)[1].prefix == "```c++\n"


# --- Characters ------------------------------------------------------------------------------------------------


def test_what_cannot_be_sent_shows_as_the_replacement_character():
    """Control characters and lone surrogates; the source keeps them."""
    (page,) = paginate("a\x00b\x07c\ud83dd", done=True)
    assert page.content == "a\ufffdb\ufffdc\ufffdd"
    assert page.source == "a\x00b\x07c\ud83dd"


def test_the_halves_of_a_surrogate_pair_are_the_character():
    """A pair that came in two deltas shows as what it is."""
    pager = Pager()
    pager.feed("\ud83d")
    pager.feed("\ude00")
    assert pager.pages(done=True)[0].content == "\U0001f600"
    assert {page.content[-1] for page in paginate("\ud83d\ude00" * 3000, done=True)} == {"\U0001f600"}


def test_coloured_terminal_output_keeps_its_colours():
    """Discord's `ansi` blocks need the escape character."""
    assert contents("```ansi\n\x1b[31mred\x1b[0m\n```") == ["```ansi\n\x1b[31mred\x1b[0m\n```"]


# --- The pager -------------------------------------------------------------------------------------------------


def test_finished_pages_are_kept():
    """A finished page is the same object however often the pages are taken."""
    pager = Pager()
    pager.feed("\n\n".join([PARAGRAPH] * 5))
    before = list(pager.finished)
    pager.feed("more")
    assert len(before) == 2
    assert all(a is b for a, b in zip(before, pager.pages(done=False), strict=False))


def test_white_space_before_the_text_takes_no_room():
    """Discord would strip it, so it does not count."""
    assert contents("\n" * 1500 + "x" * 1900) == ["x" * 1900]


def test_much_white_space_neither_fills_a_message_nor_is_lost():
    """A model that writes nothing but line ends for a while leaves no empty messages."""
    text = "before" + "\n" * 9000 + "after"
    first, second = paginate(text, done=True)
    assert (first.content, second.content) == ("before", "after")
    assert first.source + second.source == text


# --- Small print -----------------------------------------------------------------------------------------------


def test_small_print_stands_below_the_text():
    """On a line of its own in the last message, below a closed block."""
    assert with_note(paginate("Hello.\n", done=True), "Stopped.") == ["Hello.\n-# Stopped."]
    assert with_note(paginate("```py\nx", done=True), "Cut off.") == ["```py\nx\n```\n-# Cut off."]


def test_small_print_without_text_is_a_message():
    """A reply that failed before its first word says so all the same."""
    assert with_note([], "Failed.\nTry  again.") == ["-# Failed.\n-# Try again."]


def test_small_print_that_does_not_fit_is_a_message_of_its_own():
    """No text is taken away for it."""
    (page,) = paginate("x" * 1960, done=True)
    assert with_note([page], "y" * 36) == [f"{page.content}\n-# {'y' * 36}"]
    assert with_note([page], "y" * 37) == [page.content, f"-# {'y' * 37}"]


@pytest.mark.parametrize(("text", "note"), [(">>> quoted to the end", "Stopped."), ("an `open mark", "By `x`.")])
def test_small_print_is_not_drawn_into_the_text(text: str, note: str):
    """It gets a message of its own where the text above would make it part of a quote or a span."""
    assert with_note(paginate(text, done=True), note) == [text, f"-# {note}"]
