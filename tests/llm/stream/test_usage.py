"""Figures from a provider: right, missing, and absurd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Usage
from bot.llm.stream.usage import MOST_TOKENS, read_usage

COUNTS = {"prompt_tokens": 9, "completion_tokens": 3}
COUNTED = Usage(prompt_tokens=9, completion_tokens=3)
NONSENSE = [float("nan"), float("inf"), -1, -0.5, True, False, "much", "", [], {}, 10**30, 1e12, "1e99", 10**400]


@pytest.mark.parametrize(
    ("given_cost", "nano_usd"),
    [
        (0.5, 500_000_000),
        ("0.5", 500_000_000),
        (0, 0),
        (1e-9, 1),
        (None, None),
        *((value, None) for value in NONSENSE),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_cost_is_dollars_or_unknown(given_cost: object, nano_usd: int | None):
    """A number as a string is one; what no answer can cost isn't, and never makes a budget larger."""
    usage = read_usage({**COUNTS, "cost": given_cost})
    assert usage
    assert usage.cost_nano_usd == nano_usd
    assert (usage.prompt_tokens, usage.completion_tokens) == (9, 3)


@pytest.mark.parametrize("count", NONSENSE, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("key", COUNTS)
def test_absurd_counts_are_no_report(key: str, count: object):
    """No price can be told from them; with a cost beside them they only leave the counts out."""
    assert read_usage({**COUNTS, key: count}) is None
    assert read_usage({**COUNTS, key: count}, COUNTED) == COUNTED
    usage = read_usage({**COUNTS, key: count, "cost": 0.25})
    assert usage
    assert (usage.cost_nano_usd, getattr(usage, key)) == (250_000_000, 0)


@pytest.mark.parametrize("details", [None, 7, [], "x", {"cached_tokens": -1}, {"cached_tokens": 1e30}])
def test_absurd_details_are_left_out(details: object):
    """What is said beside the counts costs nothing when it's wrong."""
    assert (
        read_usage({**COUNTS, "prompt_tokens_details": details, "completion_tokens_details": details}) == COUNTED
    )


@pytest.mark.parametrize(
    ("usage", "nano_usd"),
    [
        ({"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}, 210_000_000),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": "0.2"}}, 200_000_000),
        ({"cost": None, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}, 200_000_000),
        ({"cost": 0.2, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}}, 200_000_000),
        ({"cost": 0.2, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, 200_000_000),
        ({"cost": 0.2, "is_byok": True, "cost_details": 7}, 200_000_000),
        ({"cost": 0.2, "is_byok": True, "cost_details": {"upstream_inference_cost": -1}}, 200_000_000),
    ],
)
def test_the_owners_own_provider_key_costs_too(usage: dict[str, object], nano_usd: int):
    """With BYOK the provider behind OpenRouter bills the owner besides; without, it only explains."""
    read = read_usage({**COUNTS, **usage})
    assert read
    assert read.cost_nano_usd == nano_usd


def test_the_last_of_several_reports_counts():
    """Reports are running totals: what a later one leaves out stays, nothing is added up."""
    first = read_usage({**COUNTS, "cost": 0.1, "prompt_tokens_details": {"cached_tokens": 4}})
    last = read_usage({"prompt_tokens": 9, "completion_tokens": 5, "cost": 0.3}, first)
    assert last == Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, cost_nano_usd=300_000_000)
    assert read_usage({"prompt_tokens": 9, "completion_tokens": 5}, last) == last
    assert read_usage({"completion_tokens": 7}, first) == Usage(
        prompt_tokens=9, completion_tokens=7, cached_tokens=4, cost_nano_usd=100_000_000
    )


def test_a_report_of_nothing_is_none():
    """An answer that has reported nothing is measured by its text."""
    assert read_usage({}) is None
    assert read_usage({"prompt_tokens": 0, "completion_tokens": None, "cost": "?"}) is None
    assert read_usage({"cost": 0}) == Usage(cost_nano_usd=0)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["prompt_tokens", "completion_tokens", "cost", "is_byok", "prompt_tokens_details"])


@given(st.dictionaries(KEYS, ANYTHING))
def test_figures_always_fit_the_ledger(report: dict[str, object]):
    """Whatever comes, counts and money are whole numbers from 0 up that fit into 63 bits."""
    usage = read_usage(report)
    if usage:
        assert 0 <= usage.prompt_tokens <= MOST_TOKENS
        assert 0 <= usage.completion_tokens <= MOST_TOKENS
        assert 0 <= (usage.cost_nano_usd or 0) < 2**63
        assert all(type(figure) is int for figure in (usage.prompt_tokens, usage.completion_tokens))
