"""Reading the event stream, byte by byte where need be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.core.clock import SystemClock
from bot.core.events import FinishReason, Usage
from bot.llm.stream.deltas import Kind
from bot.llm.stream.wire import MOST_CHARS, Answer


def chunk(content: str | None = None, *, finish: str | None = None, **more: object) -> bytes:
    delta = {} if content is None else {"content": content}
    document = {"id": "gen-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def event(choice: object) -> bytes:
    return b"data: " + json.dumps({"id": "gen-1", "choices": [choice]}).encode() + b"\n\n"


def says(text: str) -> dict[str, object]:
    return {"delta": {"content": text}}


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


@pytest.mark.parametrize(
    ("choices", "thoughts", "text"),
    [
        ([{"delta": {"content": "Hi"}}, {"delta": {}, "message": {"content": "Hi"}}], "", "Hi"),
        ([{"delta": {"content": "Hi"}}, {"message": {"content": "Hi", "reasoning": "hm"}}], "", "Hi"),
        ([{"delta": {"reasoning": "hm"}}, {"message": {"content": "Hi", "reasoning": "hm"}}], "hm", "Hi"),
        ([{"delta": {"content": ""}}, {"message": {"content": "Hi", "reasoning_content": "hm"}}], "hm", "Hi"),
        (
            [{"message": {"content": "H"}}, {"message": {"content": "Hi"}}, {"message": {"content": "Hi"}}],
            "",
            "Hi",
        ),
        ([{"message": {"content": "H"}}, {"message": {"content": "i"}}], "", "Hi"),
        ([{"delta": {"content": "<think>hm</think>Hi"}}, {"message": {"content": "Hi"}}], "hm", "Hi"),
        ([{"message": {"content": "<think>hm</think>\n\nHi"}}], "hm", "Hi"),
        ([{"delta": {"reasoning": "hm", "reasoning_details": [{"text": "hm"}]}}, says("Hi")], "hm", "Hi"),
        (
            [{"delta": {"reasoning_details": [{"text": "h"}, {"summary": "m"}, {"data": "x"}]}}, says("Hi")],
            "hm",
            "Hi",
        ),
        ([{"delta": {"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}, "Hi"]}}], "hm", "Hi"),
        ([{"delta": {"content": [{"type": "thinking", "thinking": "hm"}, {"text": "Hi"}]}}], "hm", "Hi"),
        ([{"delta": {"content": None, "audio": {"transcript": "Hi", "data": "AAAA"}}}], "", "Hi"),
        ([{"delta": {"content": 7, "reasoning": {"a": 1}, "refusal": True}}, says("Hi")], "", "Hi"),
        ([{"delta": [1]}, {"delta": "x", "message": 3}, says("Hi")], "", "Hi"),
    ],
)
def test_words_come_once_whatever_says_them(choices: list[object], thoughts: str, text: str):
    """Deltas, messages that repeat them, parts, details, transcripts, and values of the wrong type."""
    answer = Answer("m", SystemClock())
    words = [word for choice in choices for word in answer.feed(event(choice))] + answer.end()
    assert "".join(text for kind, text in words if kind is Kind.REASONING) == thoughts
    assert "".join(text for kind, text in words if kind is Kind.TEXT) == text


TOOL = {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": "{}"}}]}
PICTURE = {"images": [{"type": "image_url", "image_url": {"url": "https://pictures.example/1.png"}}]}
THOUGHT = {"reasoning": "hm"}


@pytest.mark.parametrize(
    ("delta", "finish", "native", "kind"),
    [
        ({}, "stop", None, errors.EmptyAnswerError),
        (THOUGHT, "stop", None, errors.EmptyAnswerError),
        ({}, "stop", "OTHER", errors.EmptyAnswerError),
        *(({}, "stop", name, errors.FilteredAnswerError) for name in ("SAFETY", "PROHIBITED_CONTENT", "refusal")),
        *(({}, "stop", name, errors.FilteredAnswerError) for name in ("BLOCKLIST", "RECITATION", "SPII")),
        *(({}, name, None, errors.FilteredAnswerError) for name in ("SAFETY", "refusal", "sensitive")),
        (THOUGHT, "content_filter", None, errors.FilteredAnswerError),
        (TOOL, "stop", "STOP", errors.UnofferedToolError),
        (TOOL, "tool_calls", None, errors.UnofferedToolError),
        ({"function_call": {"name": "f"}}, "stop", None, errors.UnofferedToolError),
        ({}, "stop", "MALFORMED_FUNCTION_CALL", errors.UnofferedToolError),
        ({"content": " ", **TOOL}, "stop", None, errors.UnofferedToolError),
        (PICTURE, "stop", None, errors.PictureOnlyError),
        (PICTURE, None, None, errors.PictureOnlyError),
        (
            {"content": [{"type": "image_url", "image_url": {"url": "data:"}}]},
            "stop",
            None,
            errors.PictureOnlyError,
        ),
        (PICTURE, "stop", "IMAGE_SAFETY", errors.FilteredAnswerError),
        (THOUGHT, "length", None, errors.OutOfTokensError),
        ({}, "stop", "MAX_TOKENS", errors.OutOfTokensError),
        ({}, None, "max_tokens", errors.OutOfTokensError),
        ({"content": "<think>It is"}, "length", None, errors.OutOfTokensError),
        ({}, "network_error", None, errors.ProviderUnavailableError),
        ({}, "insufficient_system_resource", None, errors.ProviderUnavailableError),
        ({"content": "Hi"}, "network_error", None, errors.StreamBrokenError),
    ],
)
def test_an_end_without_words_has_its_own_error(delta: object, finish: str | None, native: str | None, kind: type):
    """By what the provider says, by what came in place of words; and only what may pass is worth a retry."""
    answer, _ = read(event({"delta": delta}))
    answer.feed(event({"delta": {"content": ""}, "finish_reason": finish, "native_finish_reason": native}))
    answer.end()
    assert type(answer.failure) is kind
    deterministic = not issubclass(kind, errors.EmptyAnswerError | errors.ProviderUnavailableError)
    assert answer.failure.retryable is not deterministic or kind is errors.StreamBrokenError


@pytest.mark.parametrize("native", ["SAFETY", "refusal", "guardrail_intervened"])
def test_a_stop_in_mid_answer_is_told(native: str):
    """A safety stop behind `stop` is a filtered answer, not a whole one."""
    answer, text = read(chunk("Half"), event({"finish_reason": "stop", "native_finish_reason": native}))
    answer.end()
    assert (text, answer.reason, answer.failure) == ("Half", FinishReason.CONTENT_FILTER, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": {"code": 402, "message": "x"}}', errors.PaymentError),
        (b'{\n "error": {\n  "code": 429\n }\n}\n', errors.RateLimitedError),
        (b'[{"error": {"code": 503}}]', errors.ProviderUnavailableError),
        (b'{"object": "error", "code": 404, "message": "x"}', errors.ModelNotFoundError),
        (b'{"type": "error", "message": "x"}', errors.ProviderUnavailableError),
        (b'{"detail": "Not Found"}', errors.ProviderUnavailableError),
        (b"event: error\ndata: it failed\n\n", errors.ProviderUnavailableError),
        (b'event: error\ndata: {"code": 403}\n\n', errors.PermissionDeniedError),
        (b'data: {"error": true}\n\n', errors.ProviderUnavailableError),
        (b'data: {"error": {"code": 1' + b"0" * 5000 + b"}}\n\n", errors.ProviderUnavailableError),
        (b"<!DOCTYPE html><html></html>", errors.WrongAddressError),
        (b" \r\n<?xml version='1.0'?>", errors.WrongAddressError),
        (b"upstream connect error", errors.EmptyAnswerError),
        (b'{"error": null, "choices": []}', errors.EmptyAnswerError),
        (b'{"choices": [{"mess', errors.EmptyAnswerError),
        (b"", errors.EmptyAnswerError),
    ],
)
def test_what_is_no_stream_ends_in_its_error(body: bytes, kind: type):
    """Errors in any form, pages of a proxy, and nothing at all; in one piece or byte by byte."""
    for pieces in ([body], [body[n : n + 1] for n in range(len(body))]):
        answer, text = read(*pieces)
        answer.end()
        assert text == ""
        assert type(answer.failure) is kind


def test_a_whole_document_is_an_answer():
    """A server that doesn't stream says it all at once, printed as it likes."""
    choice = {"message": {"role": "assistant", "content": "All\nat once."}, "finish_reason": "stop"}
    answer, _ = read(json.dumps({"id": "a", "choices": [choice], "usage": {"cost": 0.1}}, indent=2).encode())
    assert answer.end() == [(Kind.TEXT, "All\nat once.")]
    assert answer.failure is None
    assert answer.usage
    assert answer.usage.cost_nano_usd == 100_000_000


@pytest.mark.parametrize(
    "figures",
    [
        '"usage": {"cost": NaN, "prompt_tokens": 1e400}',
        f'"usage": {{"prompt_tokens": 1{"0" * 5000}}}',
        '"usage": [1]',
        '"created": -Infinity, "usage": {"cost": "NaN"}',
        '"usage": {"cost": true, "prompt_tokens": {}}',
    ],
)
def test_words_never_depend_on_figures(figures: str):
    """Whatever stands beside them."""
    choice = json.dumps({"delta": {"content": "Hi"}, "finish_reason": "stop"})
    answer, text = read(f'data: {{"id": "g", {figures}, "choices": [{choice}]}}\n\n'.encode())
    answer.end()
    assert (text, answer.failure, answer.usage) == ("Hi", None, None)


@pytest.mark.parametrize("part", [b"[", b'{"a":', b'{"choices":[{"delta":', b'{"error":[', b"[0,0,[],{}],"])
def test_deep_nesting_and_many_values_harm_one_event_alone(part: bytes):
    """The answer goes on, and says that something may be missing."""
    answer, text = read(chunk("a"), b'data: {"a": [' + part * 200_000 + b"\n\n", chunk("b", finish="stop"))
    answer.end()
    assert text == "ab"
    assert type(answer.failure) is errors.GarbledAnswerError


@pytest.mark.parametrize(
    "data",
    [
        b"data: " + b"x" * 2**25 + b"\n\n",
        b"data: {" + b"\ndata: " * 2**22 + b"}\n\n",
        b"".join(chunk("x" * 2**20) for _ in range(5)),
    ],
    ids=["a long line", "many lines", "more words than any answer"],
)
def test_an_answer_beyond_all_bounds_is_ended(data: bytes):
    """Memory and time are bounded; what came before stays."""
    answer, text = read(chunk("a"), *(data[n : n + 2**16] for n in range(0, len(data), 2**16)))
    assert text.startswith("a")
    assert len(text) <= MOST_CHARS
    assert answer.over
    assert type(answer.failure) is errors.StreamBrokenError
    assert "too large" in answer.failure.detail


def test_a_large_picture_is_passed_by():
    """A line of ten million bytes is one value, which costs little; the words around it arrive."""
    picture = event(
        {"delta": {"content": "", "images": [{"image_url": {"url": "data:image/png;base64," + "A" * 10**7}}]}}
    )
    answer, text = read(chunk("a"), picture, chunk("b", finish="stop"))
    answer.end()
    assert (text, answer.failure) == ("ab", None)


@pytest.mark.parametrize("name", [7, None, True, "", "a\nb", "\ud800", {"a": 1}, "\x00"])
def test_names_from_outside_are_names(name: object):
    """Ids, models, providers and reasons go into logs and the database: plain words, or nothing."""
    answer, text = read(
        b"data: "
        + json.dumps({"id": name, "model": name, "provider": name, "choices": [says("Hi")]}).encode()
        + b"\n\n",
        event({"finish_reason": name or "stop", "native_finish_reason": name}),
    )
    answer.end()
    names = (answer.answered_by, answer.provider, answer.native_finish)
    assert (text, answer.failure, answer.finish, names) == ("Hi", None, "stop", (None, None, None))


def test_long_names_are_cut():
    """A name has its bounds, too."""
    answer, _ = read(b"data: " + json.dumps({"id": "x" * 10**6, "choices": []}).encode() + b"\n\n")
    assert answer.generation_id == "x" * 200


def test_several_documents_in_one_event_are_all_read():
    """Some servers forget what ends an event."""
    answer, text = read(b"data: " + chunk("a")[6:].strip() + chunk("b", finish="stop")[6:])
    answer.end()
    assert (text, answer.failure) == ("ab", None)


def test_the_last_report_of_usage_counts():
    """Several events report running totals; some servers put theirs into the choice."""
    answer, _ = read(chunk("a", usage={"prompt_tokens": 2, "completion_tokens": 1, "cost": 0.1}), chunk("b"))
    answer.feed(chunk("", finish="stop", usage={"prompt_tokens": 2, "completion_tokens": 2, "cost": 0.2}))
    answer.feed(event({"finish_reason": "stop", "usage": {"prompt_tokens": 2, "completion_tokens": 3}}))
    assert answer.usage == Usage(prompt_tokens=2, completion_tokens=3, cost_nano_usd=200_000_000)


@pytest.mark.parametrize("ping", ["[PING]", "[", "[]", "[1, 2]", "ping", "null", "{}", '{"type": "ping"}', ""])
def test_a_ping_is_nothing(ping: str):
    """Servers show life in many ways, and none of them is a damaged event."""
    answer, text = read(chunk("a"), f"data: {ping}\n\n".encode(), chunk("b", finish="stop"))
    answer.end()
    assert (text, answer.failure) == ("ab", None)


def test_an_event_that_came_whole_is_read_when_the_connection_breaks():
    """Only its end was missing; so the words count, and a finish makes the answer whole."""
    for last, kind in ((chunk("b"), errors.StreamBrokenError), (chunk("b", finish="stop"), type(None))):
        answer, text = read(chunk("a"), last.rstrip())
        answer.stop(errors.ProviderUnavailableError())
        assert (text, answer.end()) == ("a", [(Kind.TEXT, "b")])
        assert type(answer.failure) is kind


def test_an_error_with_status_200_asks_back_by_its_headers():
    """How long to wait stands where it stands with any other status."""
    answer = Answer("m", SystemClock())
    answer.headers = {"retry-after": "7"}
    answer.feed(b'{"error": {"code": 429}}\n\n')
    answer.end()
    assert type(answer.failure) is errors.RateLimitedError
    assert answer.failure.retry_after == 7


VALUES = st.sampled_from(
    [None, True, 0, -1, 10**30, 1e300, "", "a", "<think>", "\ud83d", "stop", "SAFETY", "error"]
)
NAMES = [
    "content",
    "reasoning",
    "reasoning_details",
    "refusal",
    "tool_calls",
    "images",
    "audio",
    "transcript",
    "text",
    "type",
    "thinking",
]
FIGURES = [
    "cost",
    "prompt_tokens",
    "completion_tokens",
    "is_byok",
    "cost_details",
    "upstream_inference_cost",
    "code",
    "metadata",
]


def anything(names: list[str]) -> st.SearchStrategy[object]:
    keys = st.sampled_from(names)
    return st.recursive(VALUES, lambda each: st.lists(each, max_size=3) | st.dictionaries(keys, each, max_size=4))


WORDED, FIGURED = anything(NAMES), anything(FIGURES)
CHOICE = {
    "delta": WORDED,
    "message": WORDED,
    "finish_reason": WORDED,
    "native_finish_reason": VALUES,
    "usage": FIGURED,
}
DOCUMENT = {
    "choices": st.lists(st.fixed_dictionaries({}, optional=CHOICE) | VALUES, max_size=2) | VALUES,
    **dict.fromkeys(("usage", "error", "detail"), FIGURED),
    **dict.fromkeys(("id", "model", "provider", "object"), VALUES),
}


@given(st.lists(st.fixed_dictionaries({}, optional=DOCUMENT), max_size=4), st.binary(max_size=30))
def test_no_document_breaks_the_reading(documents: list[object], noise: bytes):
    """Whatever stands where: words are text that can be stored, and every answer ends somehow."""
    answer = Answer("m", SystemClock())
    stream = b"".join(b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents)
    words = answer.feed(stream) + answer.feed(noise) + answer.end()
    assert all(text.encode() for _, text in words)
    assert answer.over
    assert answer.failure is not None or answer.finish
    if answer.failure:
        assert answer.failure.sentence
