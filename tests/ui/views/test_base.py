"""Every view and form there is: whose it is, and what happens when it fails."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from typing import Any

import discord
import pytest

import bot.ui
from bot.conversation.upkeep.erasure import Retention
from bot.core.errors import StorageError
from bot.core.records import Place, Role, Turn
from bot.ui.targets.buttons import ReplyButton
from bot.ui.texts import replies as texts
from bot.ui.texts.privacy import Facts
from bot.ui.views.base import BaseModal, BaseView
from bot.ui.views.confirm import Confirm
from bot.ui.views.forms import AskForm, PromptForm
from bot.ui.views.history import HistoryPages
from bot.ui.views.pages import Pages, Picker
from bot.ui.views.privacy import PrivacyNotice
from bot.ui.views.repairs import Repair, Repairs
from tests.fakes.interaction import FakeInteraction, refused
from tests.virtual import VirtualClock

OWNER, STRANGER = 1, 2
PLACE = Place(channel_id=1, guild_id=1)
FAILURES = {
    "a bug": (KeyError("x"), texts.UNEXPECTED),
    "storage": (StorageError("the disk is full"), StorageError("the disk is full").sentence),
    "a missing permission": (refused(403, 50013), texts.MISSING_PERMISSION),
    "Discord": (refused(500, 0), texts.DISCORD_FAILED),
    "a broken connection": (ConnectionResetError(), texts.DISCORD_FAILED),
}
OVER = {"unknown": 10062, "answered": 40060, "webhook gone": 10015, "token over": 50027}


class Store:
    """Two pages of turns."""

    async def window(self, _place: Place, *, before: int | None, limit: int) -> list[Turn]:
        newest = 20 if before is None else before - 1
        return [
            Turn(id=id_, role=Role.USER, text="hi", author_id=1, author_name="x", created_at=0)
            for id_ in range(newest, 0, -1)
        ][:limit]


class Erasure:
    async def remembers(self, _user_id: int) -> bool:
        return True

    async def opt_out(self, _user_id: int, *, now: int) -> None: ...


async def pick(interaction: FakeInteraction, _value: str) -> None:
    await interaction.defer()


async def erase() -> str:
    return "Done."


async def allowed(_interaction: object) -> bool:
    return True


FACTS = Facts(retention=Retention(days=None), provider="ollama", data_collection="deny")
VIEWS = {
    Confirm: lambda **extra: Confirm(erase, label="Erase", owner_id=OWNER, **extra),
    HistoryPages: lambda: HistoryPages(Store(), PLACE, owner_id=OWNER),
    Pages: lambda: Pages(["one", "two"], owner_id=OWNER, picker=Picker("Pick", pick), picks=[["a"], ["b"]]),
    PrivacyNotice: lambda: PrivacyNotice(Erasure(), FACTS, VirtualClock(), owner_id=OWNER),
    Repairs: lambda: Repairs([Repair("Again", erase), Repair("Anew", erase)], owner_id=OWNER, check=allowed),
}
FORMS = {
    PromptForm: lambda on_text, **extra: PromptForm(on_text, current="", owner_id=OWNER, **extra),
    AskForm: lambda on_text, **extra: AskForm(on_text, owner_id=OWNER, **extra),
}


def subclasses(root: type) -> set[type]:
    """The bot's own classes below one of discord.py's."""
    for module in pkgutil.walk_packages(bot.ui.__path__, "bot.ui."):
        importlib.import_module(module.name)
    below = set(root.__subclasses__())
    found = below.union(*(subclasses(each) for each in below))
    return {each for each in found if each.__module__.startswith(("bot.", "cogs."))}


async def opened(kind: type[BaseView], *, by: FakeInteraction | None = None, **extra: Any) -> BaseView:
    view, question = VIEWS[kind](**extra), ("Sure?",) if kind is Confirm else ()
    await view.begin(by or FakeInteraction(), *question)
    return view


async def press(view: BaseView, item: discord.ui.Item[Any], interaction: FakeInteraction) -> None:
    """As discord.py's dispatch does it."""
    if isinstance(item, Picker):
        item._values = [option.value for option in item.options]
        item._refresh_state = lambda *_: None
    await view._scheduled_task(item, interaction)


def test_every_view_and_form_has_the_base_and_is_tried_here():
    """A new one cannot do without the checks, the time-out and the error handling."""
    assert subclasses(discord.ui.View) == {BaseView, *VIEWS}
    assert subclasses(discord.ui.Modal) == {BaseModal, *FORMS}
    assert subclasses(discord.ui.DynamicItem) == {ReplyButton}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", VIEWS)
async def test_a_press_whose_handler_raises_is_answered(kind: type[BaseView], failure: str):
    """Whatever it raises, the person who pressed reads a sentence."""
    error, sentence = FAILURES[failure]
    for number in range(len((await opened(kind)).children)):
        view = await opened(kind)
        interaction = FakeInteraction(OWNER, fails=error)
        await press(view, view.children[number], interaction)
        assert interaction.told == [sentence]


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("kind", VIEWS)
async def test_a_press_that_is_over_is_one_line_of_log(
    kind: type[BaseView], over: str, caplog: pytest.LogCaptureFixture
):
    """Nobody can be told any more, and it's no bug."""
    view = await opened(kind)
    interaction = FakeInteraction(OWNER, fails=refused(404, OVER[over]))
    await press(view, view.children[0], interaction)
    assert interaction.told == []
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    assert f"404, code {OVER[over]}" in record.message


@pytest.mark.parametrize("kind", VIEWS)
async def test_a_press_of_somebody_else_changes_nothing(kind: type[BaseView]):
    """Controls are for the person who used the command, also when a client forges the press."""
    view = await opened(kind)
    for item in view.children:
        interaction = FakeInteraction(STRANGER)
        await press(view, item, interaction)
        assert interaction.told == [texts.NOT_FOR_YOU]
        assert interaction.changed == []


@pytest.mark.parametrize("kind", VIEWS)
async def test_controls_that_nobody_presses_go_away(kind: type[BaseView]):
    """A press on them could only fail."""
    begun = FakeInteraction()
    view = await opened(kind, by=begun)
    await view.on_timeout()
    assert begun.changed[-1] == {"view": None}


@pytest.mark.parametrize("kind", [HistoryPages, Pages, PrivacyNotice])
async def test_controls_go_by_the_newest_interaction_that_changed_their_message(kind: type[BaseView]):
    """Its token is still good; what was answered by a message of its own, such as a refusal, can't edit them."""
    begun, pressed, refused_ = FakeInteraction(), FakeInteraction(OWNER), FakeInteraction(STRANGER)
    view = await opened(kind, by=begun)
    await press(view, view.children[0], pressed)
    await press(view, view.children[0], refused_)
    picked = FakeInteraction(OWNER)
    if kind is Pages:
        await press(view, next(item for item in view.children if isinstance(item, Picker)), picked)
    await view.on_timeout()
    assert pressed.changed[-1] == {"view": None}
    assert begun.changed == refused_.changed == picked.changed == []


async def test_a_confirmation_is_checked_when_it_is_pressed():
    """Somebody who lost their rights since the question was asked erases nothing."""

    async def no_longer(_: object) -> bool:
        return False

    view = await opened(Confirm, check=no_longer)
    interaction = FakeInteraction(OWNER)
    await press(view, view.confirm, interaction)
    assert interaction.told == [texts.NO_LONGER_ALLOWED]
    assert interaction.changed == []


async def test_history_turns_no_page_for_somebody_who_may_no_longer_read():
    """The channel's permissions count as they are at the press."""
    view = await opened(HistoryPages)
    interaction = FakeInteraction(OWNER)
    interaction.permissions = discord.Permissions(view_channel=True)
    await press(view, view.older, interaction)
    assert interaction.told == [texts.NO_LONGER_ALLOWED]
    assert interaction.changed == []


async def test_a_value_that_was_not_offered_is_not_taken():
    """A client can send anything as a menu's value."""
    view = await opened(Pages)
    picker = next(item for item in view.children if isinstance(item, Picker))
    interaction = FakeInteraction(OWNER)
    picker._values = ["b"]  # on the second page
    picker._refresh_state = lambda *_: None
    await view._scheduled_task(picker, interaction)
    assert interaction.told == [texts.NOT_OFFERED]


async def submit(form: BaseModal, interaction: FakeInteraction) -> None:
    form._refresh = lambda *_: None
    await form._scheduled_task(interaction, [], {})


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("kind", FORMS)
async def test_a_form_that_fails_is_answered(kind: type[BaseModal], failure: str):
    """As a press is."""
    error, sentence = FAILURES[failure]

    async def on_text(interaction: FakeInteraction, _text: str) -> None:
        await interaction.defer()

    interaction = FakeInteraction(OWNER, fails=error)
    await submit(FORMS[kind](on_text), interaction)
    assert interaction.told == [sentence]


@pytest.mark.parametrize("kind", FORMS)
async def test_a_form_is_checked_when_it_is_sent(kind: type[BaseModal]):
    """Not when it was opened: by then somebody else may send it, or its owner may have lost their rights."""
    taken: list[str] = []

    async def on_text(_: object, text: str) -> None:
        taken.append(text)

    async def no_longer(_: object) -> bool:
        return False

    for interaction, extra, sentence in (
        (FakeInteraction(STRANGER), {}, texts.NOT_FOR_YOU),
        (FakeInteraction(OWNER), {"check": no_longer}, texts.NO_LONGER_ALLOWED),
    ):
        await submit(FORMS[kind](on_text, **extra), interaction)
        assert interaction.told == [sentence]
    assert taken == []
    await submit(FORMS[kind](on_text), FakeInteraction(OWNER))
    assert len(taken) == 1
