"""The many ways to write the same events."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.openrouter import Script
from playground.openrouter.framing import Framing, media_type
from tests.playground.openrouter.conftest import Client

NEWLINE = re.compile("\r\n|\n|\r")


def read(data: bytes) -> list[str]:
    """The data of each event, as the standard for server-sent events has it read."""
    events, lines = [], list[str]()
    for line in NEWLINE.split(data.decode().removeprefix("\ufeff")):
        if not line:
            events += ["\n".join(lines)] if lines else []
            lines = []
        elif line.startswith("data:"):
            lines.append(line.removeprefix("data:").removeprefix(" "))
    return events


framings = st.builds(
    Framing,
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    bom=st.booleans(),
    space=st.booleans(),
    split=st.booleans(),
    fields=st.booleans(),
    comments=st.booleans(),
    cut_bytes=st.integers(0, 5),
)
documents = st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.text(st.characters(codec="utf-8"))))


@given(framing=framings, document=documents)
def test_every_framing_says_the_same(framing: Framing, document: dict[str, list[str]]):
    """Whatever stands around it, a reader by the standard gets the document, however it was cut."""
    data = framing.comment() + framing.event(document)
    assert b"".join(framing.pieces(data)) == data
    assert [json.loads(text) for text in read(data)] == [document]


def test_a_framing_is_what_it_says():
    """Each field changes the bytes in its own way."""
    document = {"a": ["é"]}
    assert Framing().event(document) == b'data: {"a": ["\\u00e9"]}\n\n'
    assert Framing(space=False).event({}) == b"data:{}\n\n"
    assert Framing(newline="\r").event({}) == b"data: {}\r\r"
    assert Framing(split=True).event(document).count(b"data: ") > 3
    assert {b"event: message", b"id: 1", b"retry: 3000"} <= set(Framing(fields=True).event({}).split(b"\n"))
    assert Framing(comments=True).event({}).startswith(b": a comment\ndata: {}")
    assert b"\xc3" in Framing(cut_bytes=1).pieces(Framing(cut_bytes=1).event(document))


@pytest.mark.parametrize(
    "framing",
    [Framing(bom=True, newline="\r\n"), Framing(split=True, comments=True, fields=True), Framing(cut_bytes=3)],
)
async def test_a_stream_is_written_in_its_framing(client: Client, framing: Framing):
    """From the first byte to `[DONE]`."""
    _, data = await client.ask(Script(text="Héllo, 世界.", tokens_per_second=0, framing=framing))
    *events, last = read(data)
    assert last == "[DONE]"
    assert "".join(json.loads(e)["choices"][0]["delta"]["content"] for e in events) == "Héllo, 世界."
    assert data.startswith("\ufeff".encode()) is framing.bom


def test_a_body_is_named_by_how_it_begins():
    """As a server would name it."""
    bodies = ('{"a": 1}', " [1]", "<html>", "", "no")
    kinds = ["application/json", "application/json", "text/html", "text/plain", "text/plain"]
    assert [media_type(body) for body in bodies] == kinds
