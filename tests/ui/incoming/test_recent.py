"""The latest messages of channels: bounded, without holes, gone when events were missed."""

from __future__ import annotations

import pytest

from bot.conversation.ports import Heard
from bot.ui.incoming.reading import recent
from bot.ui.incoming.reading.recent import RecentMessages


def heard(number: int, text: str = "hi") -> Heard:
    return Heard(message_id=number, author_id=1, author_name="Ann", at=0, text=text)


def numbers(found: list[Heard] | None) -> list[int] | None:
    return None if found is None else [each.message_id for each in found]


def test_what_came_before_the_bot_has_to_be_read_once():
    """Events alone don't tell whether there was something before them."""
    messages = RecentMessages()
    messages.add(1, heard(5))
    assert messages.before(1, 6, limit=3) is None
    messages.fill(1, 5, [heard(3), heard(4)])
    messages.add(1, heard(6))
    assert numbers(messages.before(1, None, limit=3)) == [4, 5, 6]
    assert numbers(messages.before(1, 5, limit=3)) == [3, 4]


def test_enough_messages_need_no_reading():
    """The newest are all that's wanted."""
    messages = RecentMessages()
    for number in range(1, 6):
        messages.add(1, heard(number))
    assert numbers(messages.before(1, 5, limit=3)) == [2, 3, 4]
    assert messages.before(1, 5, limit=5) is None


def test_a_channel_that_begins_empty_needs_no_reading():
    """Discord says so when the session begins."""
    messages = RecentMessages()
    messages.begins(1)
    messages.add(1, heard(1))
    assert numbers(messages.before(1, 1, limit=20)) == []
    assert numbers(messages.before(1, None, limit=20)) == [1]


def test_a_page_that_leaves_a_hole_is_not_kept():
    """An old question's page may end long before what events have brought."""
    messages = RecentMessages()
    messages.add(1, heard(100))
    messages.fill(1, 50, [heard(48), heard(49)])
    assert messages.before(1, 100, limit=2) is None


def test_a_question_older_than_what_is_kept_is_not_answered_from_it():
    """Only the newest messages of a channel are kept."""
    messages = RecentMessages()
    messages.begins(1)
    for number in range(1, recent.MOST_MESSAGES + 11):
        messages.add(1, heard(number))
    newest = recent.MOST_MESSAGES + 10
    assert numbers(messages.before(1, None, limit=1)) == [newest]
    assert len(messages.before(1, None, limit=recent.MOST_MESSAGES) or []) == recent.MOST_MESSAGES
    assert messages.before(1, 10, limit=5) is None


def test_it_is_bounded_over_all_channels(monkeypatch: pytest.MonkeyPatch):
    """The channels that were quiet longest make room."""
    monkeypatch.setattr(recent, "MOST_IN_ALL", 20)
    monkeypatch.setattr(recent, "MOST_CHANNELS", 8)
    messages = RecentMessages()
    for channel in range(100):
        messages.begins(channel)
        for number in range(5):
            messages.add(channel, heard(1000 * channel + number))
    known = [channel for channel in range(100) if messages.before(channel, None, limit=5)]
    assert known == [96, 97, 98, 99]


def test_deleted_and_edited_messages_are_as_the_channel_shows_them():
    """And a gap in events empties everything."""
    messages = RecentMessages()
    messages.begins(1)
    messages.add(1, heard(1))
    messages.add(1, heard(2))
    messages.replace(1, heard(1, "better"))
    messages.replace(1, heard(7, "of another time"))
    messages.remove(1, [2, 9])
    assert [each.text for each in messages.before(1, None, limit=5) or []] == ["better"]
    messages.clear()
    assert messages.before(1, None, limit=5) is None
