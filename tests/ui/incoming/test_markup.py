"""Discord's markup as a person reads it."""

from __future__ import annotations

import pytest

from bot.ui.incoming.markup import readable, title

NAMES = {("@", 1): "@Ann", ("@&", 2): "@Crew", ("#", 3): "#general"}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<@1> and <@!1>", "@Ann and @Ann"),
        ("<@&2> in <#3>", "@Crew in #general"),
        ("<@9> <@&9> <#9>", "<@9> <@&9> <#9>"),
        ("<:party_parrot:123456789012345678>!", ":party_parrot:!"),
        ("<a:wave:123456789012345678>", ":wave:"),
        ("try </model set:123456789012345678>", "try /model set"),
        ("at <t:1700000000:R> or <t:1700000000>", "at 2023-11-14 22:13 UTC or 2023-11-14 22:13 UTC"),
        ("<t:9999999999999>", "<t:9999999999999>"),
        ("see <id:customize> and <id:linked-roles:123>", "see customize and linked roles"),
        ("<b>1 < 2 > 0</b> a<:b c", "<b>1 < 2 > 0</b> a<:b c"),
    ],
)
def test_ids_and_codes_read_as_names(said: str, read: str) -> None:
    """Each form of Discord's markup reads as the client shows it; what is none of them stays."""
    assert readable(said, NAMES) == read


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<@7> hello", "hello"),
        ("hey <@!7> you", "hey you"),
        ("<@&8> hello <@1>", "hello @Ann"),
        ("<@7>", ""),
        ("tell me:<@7>\nnow", "tell me:\nnow"),
        ("<@77> hello", "<@77> hello"),
    ],
)
def test_the_bots_own_marks_leave_no_gap(said: str, read: str) -> None:
    """A mention of the bot or its role is taken off, with the space behind it."""
    assert readable(said, NAMES, without={("@", 7), ("@&", 8)}) == read


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("short", "short"),
        ("  two\n lines ", "two lines"),
        ("", "…"),
        ("one two three four", "one two…"),
        ("水" * 30, "水" * 11 + "…"),
        ("👩‍👩‍👧" * 9, "👩‍👩‍👧…"),
        ("e\u0301" * 30, "e\u0301" * 5 + "…"),
        ("🇩🇪" * 9, "🇩🇪🇩🇪…"),
        ("क्षि" * 9, "क्षिक्षि…"),
    ],
)
def test_titles_are_cut_between_characters(text: str, cut: str) -> None:
    """At a word if there is one near, and never inside what a reader takes for one character."""
    assert title(text, limit=12) == cut
