"""Naming roles, people and channels in a setting."""

from __future__ import annotations

import pytest

from bot.settings.catalog import ADMIN_ROLE, CHANNELS, PEOPLE, ROLES
from bot.ui.views.server_names import Named, ServerNames, UnknownNameError

KNOWN = (
    Named(101, ("Moderators",)),
    Named(102, ("Night Shift",)),
    Named(103, ("Night",)),
    Named(104, ("Shift",)),
    Named(105, ("Ünïcode, Inc.",)),
    Named(106, ("Twins",)),
    Named(107, ("Twins",)),
    Named(108, ("Helpers",)),
    Named(109, ("helpers",)),
)
ID = "123456789012345678"


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("@Moderators", "101"),
        ("moderators", "101"),
        ("  MODERATORS ", "101"),
        ("Night Shift", "102"),
        ("Shift Night", "104 103"),
        ("Night, Shift", "103 104"),
        ("@Moderators @Night Shift", "101 102"),
        ("ünïcode, inc.", "105"),
        ("helpers", "109"),
        ("Helpers", "108"),
        (f"<@&7> {ID},Moderators", f"7 {ID} 101"),
        ("<@&7><@&8>", "7 8"),
    ],
)
def test_names_mentions_and_ids_can_be_mixed(typed: str, ids: str):
    """As people write them, with or without the sign, in any case."""
    assert ServerNames(ROLES, KNOWN).parse(typed) == ids


@pytest.mark.parametrize(
    ("typed", "name", "count"),
    [
        ("Moderator", "Moderator", 0),
        ("Moderators, Ghosts", "Ghosts", 0),
        ("@twins", "twins", 2),
        ("<@7>", "<@7>", 0),
    ],
)
def test_what_is_not_one_thing_is_named(typed: str, name: str, count: int):
    """Nothing is guessed: not a part of a name, not one of two namesakes, not a mention of another kind."""
    with pytest.raises(UnknownNameError) as caught:
        ServerNames(ROLES, KNOWN).parse(typed)
    assert (caught.value.name, caught.value.count) == (name, count)


def test_people_and_channels_have_signs_of_their_own():
    """A person can be called by each of their names."""
    people = ServerNames(PEOPLE, (Named(5, ("Ann 🌼", "Ann", "ann_87")),))
    assert people.parse("@ann_87, <@!6>, Ann") == "5 6"
    assert ServerNames(CHANNELS, (Named(9, ("general",)),)).parse("#general") == "9"


def test_offers_start_with_the_best_and_keep_what_was_typed():
    """A list grows by commas; what stands in it isn't offered again."""
    names = ServerNames(ROLES, KNOWN)
    assert names.offers("@mod") == [("@Moderators", "101")]
    assert [label for label, _ in names.offers("shift")] == ["@Shift", "@Night Shift"]
    assert names.offers("Moderators, night s") == [("@Moderators, @Night Shift", "101 102")]
    assert ("@Moderators, @Moderators", "101 101") not in names.offers("Moderators, ")
    assert names.offers("Ghosts, ") == []
    assert ServerNames(ADMIN_ROLE.kind, KNOWN).offers("Moderators, ") == []


def test_offers_fit_into_discords_limits():
    """At most 25 choices with 100 characters each, whatever things are called."""
    long = [Named(10**18 + n, (f"{n} " + "x" * 95,)) for n in range(60)]
    names = ServerNames(ROLES, [*long, *(Named(10**18 + 100 + n, (f"r{n}",)) for n in range(60))])
    assert len(names.offers("")) == 25
    typed = ", ".join(f"r{n}" for n in range(7))
    for text in ("", "0 x", f"{typed}, ", "r1, "):
        assert all(len(part) <= 100 for pair in names.offers(text) for part in pair)


def test_a_long_value_is_looked_through_quickly():
    """Two thousand characters of words that name nothing cost no time to speak of."""
    with pytest.raises(UnknownNameError):
        ServerNames(ROLES, KNOWN).parse("x " * 1000)
    assert ServerNames(ROLES, KNOWN).parse("Night " * 400) == "103"
