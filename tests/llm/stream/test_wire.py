"""Reading the event stream, byte by byte where need be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.core.clock import SystemClock
from bot.core.events import FinishReason, Usage
from bot.llm.stream.usage import read_usage
from bot.llm.stream.wire import Answer
from bot.llm.stream.words import Kind


def chunk(content: str | None = None, *, finish: str | None = None, **more: object) -> bytes:
    delta = {} if content is None else {"content": content}
    document = {"id": "gen-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def event(choice: object) -> bytes:
    return b"data: " + json.dumps({"id": "gen-1", "choices": [choice]}).encode() + b"\n\n"


def read(*pieces: bytes) -> tuple[Answer, str]:
    answer = Answer("m", SystemClock())
    text = "".join(text for piece in pieces for kind, text in answer.feed(piece) if kind is Kind.TEXT)
    return answer, text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=8), st.data())
def test_it_does_not_matter_how_the_bytes_arrive(words: list[str], data: st.DataObject):
    """Events, lines and characters may be cut anywhere, as networks do."""
    stream = b": OPENROUTER PROCESSING\n\n" + b"".join(chunk(word) for word in words) + chunk(finish="stop")
    stream += b"data: [DONE]\n\n"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    answer, text = read(*pieces)
    assert text == "".join(words)
    assert answer.over
    assert answer.comments == 1
    assert answer.finish == "stop"


def test_a_character_cut_in_two_is_put_together():
    """JSON may escape an emoji as two halves, and a provider may send them in two deltas."""
    halves = [json.dumps({"choices": [{"delta": {"content": half}}]}).encode() for half in ("\ud83d", "\ude00!")]
    answer, text = read(*(b"data: " + half + b"\n\n" for half in halves))
    assert text == "\U0001f600!"
    assert answer.spoke


def test_half_a_character_alone_becomes_a_replacement():
    """Text that cannot be written as UTF-8 would break the database and Discord."""
    _, text = read(b'data: {"choices": [{"delta": {"content": "a\\ude00b"}}]}\n\n')
    assert text == "a\ufffdb"


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((b'data: {"error": {"code": 502, "message": "x"}}\n',), errors.ProviderUnavailableError),
        ((b'{"error": {"code": "429", "message": "x"}}\n',), errors.RateLimitedError),
        ((b'data: {"error": "all wrong"}\n',), errors.ProviderUnavailableError),
        ((b'event: error\ndata: {"error": {"code": "server_error"}}\n',), errors.ProviderUnavailableError),
        (
            (b'data: {"error": {"metadata": {"error_type": "context_length_exceeded"}}}\n',),
            errors.ContextTooLongError,
        ),
        ((chunk("a"), b'data: {"error": {"code": 429}}\n'), errors.StreamBrokenError),
        ((chunk("a", finish="stop"), b'data: {"error": {"code": 500}}\n'), type(None)),
        ((chunk("a"), chunk(finish="error")), errors.StreamBrokenError),
        ((chunk("a"), b"data: [DONE]\n"), errors.StreamBrokenError),
        ((b"data: [DONE]\n",), errors.EmptyAnswerError),
        ((b"<html>\n",), errors.WrongAddressError),
        ((chunk(" \n"), chunk(finish="stop")), errors.EmptyAnswerError),
        ((chunk("a"), b"data: {oh no\n", chunk("b", finish="stop")), errors.GarbledAnswerError),
        ((chunk("a"), b"data: ping\n", chunk("b", finish="stop")), type(None)),
        ((b'data: {"choices": [7, 8]}\ndata: {"choices": 3}\n', chunk("b", finish="stop")), type(None)),
        ((chunk(finish="content_filter"),), errors.FilteredAnswerError),
    ],
)
def test_every_end_is_told_for_what_it_was(events: tuple[bytes, ...], kind: type):
    """Whatever shape an error has, and whatever is missing."""
    answer, _ = read(*events)
    answer.end()
    assert type(answer.failure) is kind


def test_nothing_after_the_end_counts():
    """What follows [DONE] belongs to nobody."""
    answer, text = read(chunk("a", finish="stop") + b"data: [DONE]\n\n" + chunk("b"))
    assert text == "a"
    assert answer.failure is None


def test_refusals_and_parts_are_text():
    """OpenAI's refusals, Mistral's lists of parts, and plain strings among them."""
    documents = [{"delta": {"refusal": "No."}}, {"delta": {"content": [{"type": "text", "text": " Sorry"}, "!"]}}]
    answer, text = read(*map(event, documents), event({"delta": {}, "finish_reason": "max_tokens"}))
    assert text == "No. Sorry!"
    assert answer.reason is FinishReason.LENGTH


def test_usage_survives_odd_reports():
    """Missing counts are zero, and a cost that is no number is unknown."""
    assert read_usage(
        {"prompt_tokens": 3, "completion_tokens": None, "cost": "?", "prompt_tokens_details": None}
    ) == (Usage(prompt_tokens=3))
    assert read_usage({"cost": 0}).cost_nano_usd == 0
