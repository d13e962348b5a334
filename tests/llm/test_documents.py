"""JSON from outside: whatever it is, reading it neither fails nor lets nonsense through."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.documents import cost_nano_usd, document, number


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[1]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"a":' * 200_000,
        b"[" * 200_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_is_no_object_or_too_deep_is_empty(body: bytes):
    """Neither a page of a proxy nor 200,000 brackets raise."""
    assert document(body) == {}


def test_one_absurd_number_costs_nothing_else():
    """Python refuses integers of some thousand digits; the rest of the document is still read."""
    read = document(b'\xef\xbb\xbf{"n": 1' + b"0" * 5000 + b', "words": "fine"}')
    assert read == {"n": math.inf, "words": "fine"}
    assert number(read["n"]) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.5", 0.5),
        (3, 3.0),
        (True, None),
        ("nan", None),
        (math.inf, None),
        (10**400, None),
        ([1], None),
        ("", None),
    ],
)
def test_a_number_is_finite_and_a_number(value: object, expected: float | None):
    """Strings of numbers count, truth values and infinities don't."""
    assert number(value) == expected


@pytest.mark.parametrize(
    ("charged", "upstream", "is_byok", "nano_usd"),
    [
        (0.5, None, None, 500_000_000),
        ("0.5", None, None, 500_000_000),
        (0.0005, 0.01, True, 10_500_000),
        (0.0005, 0.01, None, 10_500_000),
        (0.01, 0.01, False, 10_000_000),
        (None, 0.01, True, 10_000_000),
        (0, 0, True, 0),
        (None, None, None, None),
        (-1, None, None, None),
        (1e12, None, None, None),
        (math.nan, None, None, None),
        ({}, [], "yes", None),
    ],
)
def test_what_a_generation_cost(charged: object, upstream: object, is_byok: object, nano_usd: int | None):
    """With the owner's own provider key both bills count; absurd figures count as unknown."""
    assert cost_nano_usd(charged, upstream, is_byok=is_byok) == nano_usd


@given(st.binary())
def test_no_bytes_raise(body: bytes):
    """Whatever a server sends."""
    assert isinstance(document(body), dict)
