"""Events on their way into discord.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bot.events import EventGuard
from bot.ui.incoming.arrivals import Recent


class Parsers:
    """discord.py's table of parsers, of which one meets something it doesn't know."""

    def __init__(self) -> None:
        self.parsed: list[Any] = []
        names = ("READY", "MESSAGE_CREATE", "INTERACTION_CREATE")
        self.parsers = dict.fromkeys(names, self.parse)
        EventGuard(SimpleNamespace(_connection=self))  # type: ignore[arg-type] # a stand-in

    def parse(self, data: dict[str, Any]) -> None:
        self.parsed.append(data["id"])


def test_an_event_that_cannot_be_read_is_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each kind, without its content; the events after it are read."""
    events = Parsers()
    for _ in range(3):
        events.parsers["MESSAGE_CREATE"]({"content": "private"})
    events.parsers["MESSAGE_CREATE"]({"id": "1"})
    assert events.parsed == ["1"]
    assert len(caplog.records) == 1
    assert "MESSAGE_CREATE" in caplog.text
    assert "private" not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_session_that_does_not_begin_is_an_error_of_the_connection() -> None:
    """Without its first event there is nothing to go on with."""
    with pytest.raises(KeyError):
        Parsers().parsers["READY"]({})


def test_an_interaction_that_comes_twice_counts_once() -> None:
    """Discord repeats events after a resume; messages are told apart where they're asked."""
    events = Parsers()
    for name in ("INTERACTION_CREATE", "MESSAGE_CREATE"):
        for number in ("1", "2", "1"):
            events.parsers[name]({"id": number})
    assert events.parsed == ["1", "2", "1", "2", "1"]


def test_the_oldest_ids_make_room() -> None:
    """What is remembered is bounded."""
    recent: Recent[None] = Recent(most=2)
    assert [recent.repeats(number) for number in (1, 2, 1, 3, 2, 1)] == [False, False, True, False, False, False]
