"""Cutting bytes into events: every way that servers write them, in any pieces."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.stream.sse import EVENT_BYTES, EventParser

JSON = st.dictionaries(st.text(max_size=3), st.text(max_size=6) | st.integers(), min_size=1, max_size=3)


def read(*pieces: bytes) -> list[tuple[bytes, bytes]]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close()


def data_of(*pieces: bytes) -> list[object]:
    return [json.loads(data) for _, data in read(*pieces)]


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted(place % (len(stream) + 1) for place in cuts)
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


@given(
    st.lists(JSON, min_size=1, max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["data:", "data: "]),
    st.booleans(),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([[], [": keep-alive"], ["id: 7", "event: message", "retry: 10", "unknown"]]),
    st.lists(st.integers(0, 10_000), max_size=12),
)
def test_every_framing_gives_the_same_events(
    documents: list[dict[str, object]],
    newline: str,
    field: str,
    bom: bool,
    indent: int | None,
    extra: list[str],
    cuts: list[int],
):
    """Line ends, spaces, fields, comments, values over several lines, and cuts anywhere change nothing."""
    stream = "\ufeff" if bom else ""
    for document in documents:
        lines = json.dumps(document, indent=indent, ensure_ascii=False).split("\n")
        stream += "".join(f"{line}{newline}" for line in (*extra, *(field + line for line in lines), ""))
    assert data_of(*cut(stream.encode(), cuts)) == documents


@given(st.binary(max_size=200), st.lists(st.integers(0, 10_000), max_size=12))
def test_cuts_never_matter(stream: bytes, cuts: list[int]):
    """Whatever the bytes are, the pieces they come in make no difference."""
    assert read(*cut(stream, cuts)) == read(stream)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'data: {"a": 1}', [{"a": 1}]),
        (b'data: {"a": 1}\n', [{"a": 1}]),
        (b'data: {"a": 1}\ndata: {"b": 2}\ndata: [3]\n', [{"a": 1}, {"b": 2}, [3]]),
        (b'data: {"a": [{"b": 1},\ndata: {"c": 2}]}\n\n', [{"a": [{"b": 1}, {"c": 2}]}]),
        (b'data: {"a":\n: still here\ndata: 1}\n\n', [{"a": 1}]),
        (b'data: {"a":\n\n', None),
        (b'{"error": {"code": 1}}\n', [{"error": {"code": 1}}]),
        (b'{\n  "error": {\n    "code": 1\n  }\n}\n', [{"error": {"code": 1}}]),
        (b'data: {"a": 1}\n{"error": 2}\n', [{"a": 1}, {"error": 2}]),
        (b'{"error": 2}\ndata: {"a": 1}\n\n', [{"error": 2}, {"a": 1}]),
        (b'\xef\xbb\xbf\xef\xbb\xbfdata: {"a": 1}\n\ndata: {"b": 2}\n\n', [{"b": 2}]),
        (b'data: {"a": 1}\n\n\xef\xbb\xbfdata: {"b": 2}\n\n', [{"a": 1}]),
        (b"data\n\ndata:\n\nevent: x\n\n:\n\n", None),
        (b'data:  {"a": 1} \r\n\r\n', [{"a": 1}]),
    ],
)
def test_what_is_an_event(stream: bytes, events: list[object] | None):
    """The standard's rules, and what servers make of them; None: nothing that is JSON."""
    if events is None:
        assert not [data for _, data in read(stream) if data.endswith(b"}")]
    else:
        assert data_of(stream) == events


def test_an_event_has_its_name():
    """Servers name their errors; the name ends with its event."""
    assert read(b"event: error\ndata: x\n\nevent: gone\n\ndata: y\n\n") == [(b"error", b"x"), (b"", b"y")]


def test_comments_are_no_events_and_markup_is_noticed():
    """One keeps the connection alive, the other shows that the server is the wrong one."""
    parser = EventParser()
    assert parser.feed(b": a\n\n:\r\n\r\n  <!doctype html>\n<html>\n") == []
    assert parser.markup


@pytest.mark.parametrize(
    "piece", [b"x" * 4096, b"data: " + b"x" * 4090, b"data:x\n", b"data:\n", b"{\n", b"\x00"], ids=repr
)
def test_no_event_grows_without_bound(piece: bytes):
    """Neither a long line nor many short ones; an event that's too large isn't given."""
    parser, fed = EventParser(), 0
    piece *= 2**16 // len(piece)
    while not parser.oversized:
        assert parser.feed(piece) == []
        fed += len(piece)
        assert fed <= EVENT_BYTES + 2**17
    assert parser.close() == []


def test_the_cost_grows_with_the_bytes_alone():
    """A line of ten million bytes in small pieces takes no longer than ten million bytes of short lines, or so."""

    def seconds(line: bytes) -> float:
        parser, stream = EventParser(), line * (10**7 // len(line)) + b"\n\n"
        begun = time.process_time()
        for start in range(0, len(stream), 2**14):
            parser.feed(stream[start : start + 2**14])
        return time.process_time() - begun

    assert seconds(b"data: " + b"x" * 10**7) < 2 * seconds(b"data: " + b"x" * 200 + b"\n\n") + 0.2
