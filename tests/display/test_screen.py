"""The screen: the next write that brings the messages up to date."""

from __future__ import annotations

import pytest

from bot.display.errors import WriteFailedError
from bot.display.screen import Part, Screen
from bot.display.target import Controls, WriteKind
from tests.fakes import FakeTarget
from tests.virtual import run

STOP = Controls(reply_id=1, stop=True)


async def show(screen: Screen, parts: list[Part]) -> list[WriteKind]:
    """Write until the screen shows the parts; returns the kinds of writes it took."""
    kinds = []
    while step := screen.next(parts):
        await screen.perform(step)
        kinds.append(step.kind)
    return kinds


def test_messages_are_written_in_order_and_only_where_they_differ():
    """What is on show already is not written again."""

    async def main() -> None:
        target = FakeTarget()
        screen = Screen(target, nonce=0)
        assert await show(screen, [Part("one", STOP, 3)]) == [WriteKind.CREATE]
        assert await show(screen, [Part("one!", covers=4), Part("two", STOP, 7)]) == [
            WriteKind.EDIT,
            WriteKind.CREATE,
        ]
        assert screen.next([Part("one!", covers=4), Part("two", STOP, 7)]) is None
        assert target.contents == ["one!", "two"]
        assert screen.covered == 7

    run(main())


def test_text_that_shows_nothing_costs_no_write():
    """White space at a message's end counts as shown without an edit."""

    async def main() -> None:
        screen = Screen(FakeTarget(), nonce=0)
        await show(screen, [Part("one", covers=3)])
        assert screen.next([Part("one", covers=5)]) is None
        assert screen.covered == 5

    run(main())


def test_messages_too_many_are_deleted_from_the_end():
    """A reply that became shorter leaves no message of its longer self."""

    async def main() -> None:
        target = FakeTarget()
        screen = Screen(target, nonce=0)
        await show(screen, [Part("a", covers=1), Part("b", covers=2), Part("c", covers=3)])
        assert await show(screen, [Part("new", covers=3)]) == [
            WriteKind.EDIT,
            WriteKind.DELETE,
            WriteKind.DELETE,
        ]
        assert target.contents == ["new"]

    run(main())


def test_a_message_too_many_that_is_gone_already_is_deleted_all_the_same():
    """Which is what was wanted; the next one goes as well."""

    async def main() -> None:
        target = FakeTarget()
        screen = Screen(target, nonce=0)
        await show(screen, [Part("a", covers=1), Part("b", covers=2), Part("c", covers=3)])
        target.remove(screen.message_ids[-1])
        await show(screen, [Part("new", covers=3)])
        assert target.contents == ["new"]
        assert screen.message_ids == tuple(target.messages)

    run(main())


def test_buttons_are_sent_only_when_they_change():
    """An edit of the text alone leaves the buttons as they are."""

    async def main() -> None:
        target = FakeTarget()
        screen = Screen(target, nonce=0)
        await show(screen, [Part("a", STOP, 1)])
        await show(screen, [Part("ab", STOP, 2)])
        await show(screen, [Part("ab", Controls(reply_id=1), 2)])
        assert [write.controls for write in target.writes] == [STOP, None, Controls(reply_id=1)]

    run(main())


def test_a_create_whose_answer_was_lost_is_repeated_under_its_nonce_and_then_checked():
    """Discord gives the first attempt's message back, which may show older text: an edit follows."""

    async def main() -> None:
        target = FakeTarget()
        screen = Screen(target, nonce=7 << 16)
        target.fail_next(WriteFailedError(), applied=True)
        step = screen.next([Part("old", covers=3)])
        assert step
        with pytest.raises(WriteFailedError):
            await screen.perform(step)
        assert await show(screen, [Part("old and new", covers=11)]) == [WriteKind.CREATE, WriteKind.EDIT]
        assert target.contents == ["old and new"]

    run(main())
