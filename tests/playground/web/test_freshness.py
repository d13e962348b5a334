"""How the panel measures the age of text."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from playground.discord import Discord, Message, Version
from playground.openrouter import Call, Fault, Script
from playground.openrouter.controls import ModelControls
from playground.web.freshness import Freshness


@pytest.fixture
def message() -> Message:
    d = Discord()
    channel = d.add_channel(d.add_guild("g"), "c")
    message = d.world.create(channel, d.bot, {"content": "ab▌"})
    message.history = [Version(10.5, "ab▌", ("Stop",))]
    return message


def report(message: Message, *news: tuple[float, str]) -> dict[str, Any]:
    return {"id": "one", "place": str(message.channel.id), "began": 10.0, "news": list(news)}


def test_the_age_is_that_of_the_oldest_token_not_on_show(message: Message):
    """What a message does not show yet has been waiting since it was sent."""
    freshness = Freshness()
    freshness.report(report(message, (10.1, "ab"), (10.6, "cd"), (10.8, "ef")))
    freshness.tick(11.0, [message])
    view = freshness.view(11.0)
    assert (view["sent"], view["shown"], view["live"]) == (3, 1, True)
    assert view["age"] == pytest.approx(0.4)
    assert view["mean"] == pytest.approx(0.4)


def test_a_reply_that_is_whole_on_show_is_fresh_and_over(message: Message):
    """At its end nothing waits, and nothing is measured any more."""
    freshness = Freshness()
    freshness.report(report(message, (10.1, "ab")))
    freshness.report({"id": "one", "whole": True})
    freshness.tick(11.0, [message])
    assert freshness.view(11.0)["age"] == 0.0
    assert not freshness.streams


def test_a_stopped_reply_is_not_late(message: Message):
    """Text that the model sent after Stop is not waited for."""
    freshness = Freshness()
    freshness.report(report(message, (10.1, "ab"), (10.6, "never shown")))
    freshness.report({"id": "one", "whole": False})
    assert freshness.view(99.0)["age"] == 0.0


def test_a_continued_message_counts_what_was_added(message: Message):
    """Text from before the model started again is not its own; a message that started over counts in full."""
    freshness = Freshness()
    message.history.insert(0, Version(5.0, "old", ()))
    message.history[1] = Version(10.5, "old+ab", ())
    message.content = "old+ab"
    freshness.report(report(message, (10.1, "+ab"), (10.2, "xyz")))
    freshness.tick(11.0, [message])
    assert freshness.view(11.0)["shown"] == 1
    message.history[1], message.content = Version(10.5, "+", ()), "+ab"
    freshness.tick(11.0, [message])
    assert freshness.view(11.0)["shown"] == 1


def call() -> Call:
    return Call(id="gen-1", headers={}, body={}, arrived_at=time.monotonic())


def test_a_fault_strikes_once():
    """The next answer meets it, the one after is as it would have been."""
    plain = Script(text="12345678", tokens_per_second=10)
    controls = ModelControls(lambda _: plain)
    for fault, status in (("refused", 400), ("overloaded", 503), ("limited", 429)):
        controls.set({"fault": fault})
        assert controls(call()).status == status
        assert controls(call()) == plain
    controls.set({"fault": "breaks"})
    assert controls(call()) == replace(plain, fault=Fault.ERROR, fault_at=1)


def test_a_pace_that_was_set_lasts_until_it_is_set_back():
    """None leaves the model its own figures."""
    controls = ModelControls(lambda _: Script(tokens_per_second=10, first_token_after=1.0))
    controls.set({"tokens_per_second": 400, "first_token_after": 0})
    paced = controls(call())
    assert (paced.tokens_per_second, paced.first_token_after) == (400, 0)
    controls.set({"tokens_per_second": None, "first_token_after": None})
    assert controls(call()) == Script(tokens_per_second=10, first_token_after=1.0)
