"""Which values settings accept, store and show."""

from __future__ import annotations

import pytest

from bot.settings.catalog import BY_KEY, SETTINGS


@pytest.mark.parametrize(
    ("key", "typed", "kept", "shown"),
    [
        ("answer", " Always ", "always", "always"),
        ("footer", "ON", "on", "on"),
        ("temperature", "0.70", "0.7", "0.7"),
        ("answer_length", "2000", "2000", "2,000 tokens"),
        ("ping_after", "90 s", "90", "90 seconds"),
        ("ping_after", "90 seconds", "90", "90 seconds"),
        ("answer_length", "2000 tok", "2000", "2,000 tokens"),
        ("rate_limit", "5 questions per minute", "5", "5 questions per minute"),
        ("admin_role", "<@&123>", "123", "<@&123>"),
        ("allowed_roles", "<@&5>, <@&6> <@&5>", "5 6", "<@&5>, <@&6>"),
        ("denied_users", "<@!7><@8>", "7 8", "<@7>, <@8>"),
        ("denied_users", "112233445566778899", "112233445566778899", "<@112233445566778899>"),
        ("allowed_channels", "<#9>", "9", "<#9>"),
        ("allowed_models", "OpenAI/*, */*:free,", "openai/* */*:free", "`openai/*`, `*/*:free`"),
        ("price_ceiling", "$2.5", "2500000000", "$2.50 per million tokens"),
    ],
)
def test_a_value_is_kept_in_one_form(key: str, typed: str, kept: str, shown: str):
    """However it was typed."""
    spec = BY_KEY[key]
    assert spec.kind.parse(typed) == kept
    assert spec.shown(kept) == shown


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        ("answer", "sometimes"),
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("temperature", "-0.1"),
        ("answer_length", "0"),
        ("answer_length", "1.5"),
        ("answer_length", "1_000"),
        ("ping_after", "soon"),
        ("ping_after", "s"),
        ("ping_after", "9 minutes"),
        ("admin_role", "<@&1> <@&2>"),
        ("admin_role", "<@1>"),
        ("allowed_roles", "everybody"),
        ("allowed_roles", "42"),
        ("denied_users", "9999999999999999999"),
        ("denied_users", "1" * 1990 + "x"),
        ("denied_users", "<@1>2"),
        ("allowed_models", "; drop"),
        ("price_ceiling", "-1"),
        ("price_ceiling", "NaN"),
        ("price_ceiling", "much"),
    ],
)
def test_nonsense_is_refused(key: str, typed: str):
    """Values of no setting raise; nothing is guessed."""
    with pytest.raises(ValueError, match=r".*"):
        BY_KEY[key].kind.parse(typed)


def test_every_default_is_a_value_of_its_kind():
    """What applies by default could also be set."""
    for spec in SETTINGS:
        assert not spec.default or spec.kind.parse(spec.default) == spec.default
        assert spec.description
        assert spec.shown(spec.default)
    assert len(SETTINGS) <= 25, "Discord offers 25 choices at most"
