"""Usage, as people ask for it."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import bot.storage.usage
from bot.core.errors import ProviderUnavailableError
from bot.core.events import Usage
from bot.ui.reports.usage_plot import PNG, Plotter
from bot.ui.texts import replies as texts
from bot.ui.texts import usage as usage_texts
from tests.cogs.conftest import World

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

CENT = 10_000_000


async def talk(world: World) -> None:
    """The member spends two cents, the admin one and a failure."""
    for who, cents in ((world.member, 2), (world.admin, 1)):
        world.llm.say("Hi.", Usage(prompt_tokens=1000, completion_tokens=20, cost_nano_usd=cents * CENT))
        await who.send(world.channel, f"{world.me} hello")
    world.llm.say(ProviderUnavailableError())
    await world.admin.send(world.channel, f"{world.me} hello")


async def test_everybody_sees_their_own(world: World):
    """Privately, and nothing of others."""
    await talk(world)
    result = await world.member.slash(world.channel, "usage", period="day")
    assert result.ephemeral
    shown = result.response.content
    assert "1 answer · 1,000 tokens read, 20 written · $0.02" in shown
    assert "`██████████` `openai/gpt-4o-mini` $0.02" in shown
    assert "$0.03" not in shown


async def test_admins_see_the_server_by_person_channel_and_model(world: World):
    """With failures and shares."""
    await talk(world)
    shown = (await world.admin.slash(world.channel, "usage", scope="server")).response.content
    assert "3 answers (1 failed)" in shown
    assert "$0.03" in shown
    assert f"`███████░░░` <@{world.member.id}> $0.02" in shown
    assert f"`███░░░░░░░` <@{world.admin.id}> $0.010 · 2 answers" in shown
    assert f"<#{world.channel.id}> $0.03" in shown


async def test_a_plot_comes_under_the_table(world: World):
    """As a picture, with words for those who do not see it."""
    await talk(world)
    result = await world.member.slash(world.channel, "usage")
    assert result.ephemeral
    (attachment,) = result.response.attachments
    assert attachment.filename == "usage.png"
    assert (await attachment.read()).startswith(PNG)
    assert "openai/gpt-4o-mini · $0.02" in attachment.description


async def test_without_a_plot_the_table_is_there(world: World):
    """When drawing fails, nobody is told but the log."""
    await talk(world)
    world.bot.get_cog("Usage").plotter = Plotter(command=("/does/not/exist",))
    result = await world.member.slash(world.channel, "usage")
    assert "1 answer · 1,000 tokens read" in result.response.content
    assert result.response.attachments == []
    world.refusals(0)


async def test_others_usage_is_not_a_members_business(world: World):
    """Refused privately."""
    for scope in ("channel", "server"):
        result = await world.member.slash(world.channel, "usage", scope=scope, export=True)
        assert result.ephemeral
        assert result.response.content == texts.NOT_ADMIN


async def test_the_export_is_a_file_for_the_caller_alone(world: World):
    """Every entry as CSV."""
    await talk(world)
    result = await world.admin.slash(world.channel, "usage", scope="channel", export=True)
    assert result.ephemeral
    (attachment,) = result.response.attachments
    assert attachment.filename == "usage.csv"


async def test_a_large_export_is_written_beside_the_loop(world: World, monkeypatch: pytest.MonkeyPatch):
    """Fifty thousand entries on the loop's own thread would stop every stream for half a second."""
    await talk(world)
    loop, writers = threading.get_ident(), set()

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            writers.add((function.__name__, threading.get_ident()))
            return function(*args)

        return call

    cog = sys.modules["cogs.usage"]  # as discord.py loaded it
    monkeypatch.setattr(cog, "to_csv", noted(cog.to_csv))
    monkeypatch.setattr(bot.storage.usage, "_record", noted(bot.storage.usage._record))
    await world.admin.slash(world.channel, "usage", scope="channel", export=True)
    assert {name for name, _ in writers} == {"to_csv", "_record"}
    assert loop not in {thread for _, thread in writers}


async def test_nothing_used_says_so(world: World):
    """No table of nothing."""
    result = await world.member.slash(world.channel, "usage", period="week")
    assert usage_texts.NOTHING in result.response.content
