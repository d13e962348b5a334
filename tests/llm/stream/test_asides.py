"""What answers bring besides words, wherever they bring it: nothing is lost or invented, and all is bounded."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.core import errors
from bot.core.clock import SystemClock
from bot.core.events import Besides, Source
from bot.llm.stream.asides import MOST_PICTURES, MOST_SOURCES, PICTURE_CHARS, Asides
from bot.llm.stream.wire import Answer
from tests.llm.stream.test_wire import chunk, event, read

PICTURE = "data:image/png;base64,iVBORw0KGgo="
URL = "https://one.example/a?b=1"


def cited(url: object = URL, **more: Any) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": {"url": url, **more}}


def delta(**more: Any) -> dict[str, Any]:
    return {"delta": {"role": "assistant", "content": "", **more}}


PLACES = {
    "a delta of its own": [event(delta(annotations=[cited()])), chunk("Hello."), chunk(finish="stop")],
    "beside text": [event({"delta": {"content": "Hello.", "annotations": [cited()]}}), chunk(finish="stop")],
    "the finish chunk": [chunk("Hello."), event({**delta(annotations=[cited()]), "finish_reason": "stop"})],
    "after the finish": [chunk("Hello."), chunk(finish="stop"), event(delta(annotations=[cited()]))],
    "the message at the end": [
        chunk("Hello."),
        event({**delta(), "message": {"content": "Hello.", "annotations": [cited()]}, "finish_reason": "stop"}),
    ],
    "with pictures": [
        chunk("Hello."),
        event(delta(annotations=[cited()], images=[{"type": "image_url", "image_url": {"url": PICTURE}}])),
        chunk(finish="stop"),
    ],
    "the choice": [chunk("Hello."), event({**delta(), "annotations": [cited()], "finish_reason": "stop"})],
    "the document": [chunk("Hello.", citations=[URL]), chunk(finish="stop")],
    "flat": [
        chunk("Hello."),
        event(delta(annotations=[{"type": "url_citation", "url": URL}])),
        chunk(finish="stop"),
    ],
}


@pytest.mark.parametrize("place", PLACES)
def test_a_source_is_read_wherever_it_stands(place: str):
    """Once, and beside the whole text."""
    answer, text = read(*PLACES[place], b"data: [DONE]\n\n")
    assert text == "Hello."
    assert list(answer.asides.sources) == [URL]
    assert answer.failure is None


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/relative",
        "https://",
        "https://google.com@evil.example/",
        "https://a.example/\n-# injected",
        "https://a.example/ x",
        "https://[::1",
        "https://a.example/" + "x" * 3000,
    ],
)
def test_what_is_no_page_is_no_source(url: object):
    """Neither other schemes, nor addresses that pretend to be another one, nor what breaks a line."""
    asides = Asides()
    asides.read({"annotations": [cited(url)]})
    assert not asides.sources


@pytest.mark.parametrize("annotations", [None, 7, "x", {}, [None, 7, "x", {}, {"url_citation": 3}], [[[]]]])
def test_nonsense_is_no_source(annotations: object):
    """Whatever stands there, the answer is read on."""
    asides = Asides()
    asides.read({"content": "x", "annotations": annotations})
    assert not asides.sources


def test_a_page_reported_again_counts_once_and_may_get_its_title_later():
    """In the order of the first report, with the place of the first citation."""
    asides = Asides()
    asides.read({"annotations": [cited("https://b.example"), cited("https://a.example", start_index=7)]})
    asides.read({"annotations": [cited("https://b.example", title=" B \n b ", start_index=90)]})
    assert list(asides.sources.values()) == [
        Source(url="https://b.example", title="B b"),
        Source(url="https://a.example", start=7),
    ]


def test_a_million_sources_are_a_hundred():
    """Bounded in number, and quickly."""
    asides, begun = Asides(), time.perf_counter()
    asides.read({"annotations": [cited(f"https://a.example/{n}", title="t" * 5000) for n in range(20_000)]})
    assert len(asides.sources) == MOST_SOURCES
    assert all(len(source.title) <= 300 for source in asides.sources.values())
    assert time.perf_counter() - begun < 1.0


FORMS: list[dict[str, Any]] = [
    {"images": [{"type": "image_url", "image_url": {"url": PICTURE}}]},
    {"images": [{"type": "image_url", "image_url": PICTURE}]},
    {"images": [{"b64_json": PICTURE.partition(",")[2]}]},
    {"content": [{"type": "image_url", "image_url": {"url": PICTURE}}]},
    {"content": [{"type": "output_image", "image_url": PICTURE}]},
]


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_is_an_answer(form: dict[str, Any]):
    """In every form it comes in; no text is needed beside it."""
    answer, text = read(event({"delta": form}), chunk(finish="stop"), b"data: [DONE]\n\n")
    assert text == ""
    assert list(answer.asides.pictures) == [PICTURE]
    assert answer.failure is None
    assert answer.spoke


def test_pictures_that_a_message_repeats_come_once():
    """The last event of some providers has everything again."""
    images = [{"type": "image_url", "image_url": {"url": PICTURE}}]
    answer, _ = read(
        event(delta(images=images)),
        event({**delta(), "message": {"content": "", "images": images}, "finish_reason": "stop"}),
    )
    assert len(answer.asides.pictures) == 1


@pytest.mark.parametrize(
    "url", ["https://evil.example/x.png", "http://127.0.0.1/", "data:text/html;base64,eA==", 7]
)
def test_a_picture_that_is_only_an_address_is_never_fetched(url: object):
    """It can't be shown, and that is said."""
    answer, _ = read(event(delta(images=[{"image_url": {"url": url}}])), chunk(finish="stop"), b"data: [DONE]\n\n")
    assert not answer.asides.pictures
    assert isinstance(answer.failure, errors.PictureOnlyError)


def test_pictures_are_bounded_in_number_and_size():
    """What is too much is left out, and said to be."""
    many, large = Asides(), Asides()
    many.read({"images": [{"url": f"{PICTURE}{n}"} for n in range(50)]})
    large.read({"images": [{"url": PICTURE + "x" * (PICTURE_CHARS // 2)} for _ in range(1)]})
    large.read({"images": [{"url": PICTURE + "y" * PICTURE_CHARS}]})
    assert len(many.pictures) == MOST_PICTURES
    assert len(large.pictures) == 1
    assert many.others == large.others == {Besides.PICTURE}


OTHERS = {
    Besides.TOOL_CALL: {"tool_calls": [{"index": 0, "function": {"name": "search", "arguments": "{}"}}]},
    Besides.AUDIO: {"audio": {"id": "a", "data": "UklGRg=="}},
    Besides.SOMETHING_ELSE: {"content": [{"type": "video_url", "video_url": {"url": "https://v.example"}}]},
}
FAILURES = {
    Besides.TOOL_CALL: errors.UnofferedToolError,
    Besides.AUDIO: errors.AudioOnlyError,
    Besides.SOMETHING_ELSE: errors.UnreadableAnswerError,
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_cannot_be_shown_is_named(other: Besides):
    """Alone it's a failure of its own, which no retry would change; beside text it's a remark."""
    alone, _ = read(event({"delta": OTHERS[other]}), chunk(finish="stop"), b"data: [DONE]\n\n")
    assert type(alone.failure) is FAILURES[other]
    assert not alone.failure.retryable
    beside, text = read(
        chunk("Hello."), event({"delta": OTHERS[other]}), chunk(finish="stop"), b"data: [DONE]\n\n"
    )
    assert text == "Hello."
    assert beside.failure is None
    assert beside.asides.others == {other}


@pytest.mark.parametrize("calls", [None, [], [{"function": {"name": "openrouter:web_search"}}]])
def test_what_the_provider_runs_by_itself_is_no_call(calls: object):
    """Many deltas have an empty list; a server's own tool needs no answer."""
    answer, _ = read(event(delta(content="Hello.", tool_calls=calls)), chunk(finish="stop"))
    assert not answer.asides.others


def test_hidden_thoughts_are_not_shown_as_words():
    """Some providers put a word in their place."""
    answer = Answer("m", SystemClock())
    words = answer.feed(event({"delta": {"content": "", "reasoning": "[REDACTED]"}}))
    details = [{"type": "reasoning.text", "text": "[REDACTED]"}]
    words += answer.feed(event({"delta": {"content": "", "reasoning_details": details}}))
    assert words == []


def test_plain_text_costs_as_little_as_before():
    """A delta that has nothing but words is told from others by its keys."""
    asides, plain = Asides(), {"role": "assistant", "content": "word", "reasoning": None}
    begun = time.perf_counter()
    for _ in range(100_000):
        asides.read(plain)
    assert time.perf_counter() - begun < 1.0
