"""Showing and switching models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.errors import ModelNotFoundError, StorageError
from bot.core.events import Usage
from bot.core.records import ModelInfo
from bot.ui.texts import models as model_texts
from bot.ui.texts import replies as texts
from tests.cogs.conftest import World


async def test_an_admin_switches_the_channel_and_it_answers(world: World):
    """The choice is announced and used from the next question on."""
    result = await world.admin.slash(world.channel, "model set", model="openrouter/anthropic/claude-haiku")
    assert not result.ephemeral
    assert "`anthropic/claude-haiku`" in result.response.content
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[0].model == "anthropic/claude-haiku"


async def test_a_member_is_refused_privately(world: World):
    """Somebody without Manage Server changes nothing, and nobody else sees the attempt."""
    for command in ("model set", "model reset"):
        options = {"model": "anthropic/claude-haiku"} if command == "model set" else {}
        result = await world.member.slash(world.channel, command, **options)
        assert result.ephemeral
        assert result.response.content == texts.NOT_ADMIN
    world.refusals(2)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[0].model == "openai/gpt-4o-mini"


async def test_an_unknown_model_is_refused_with_the_nearest(world: World):
    """A slip of the pen is met with a suggestion."""
    result = await world.admin.slash(world.channel, "model set", model="openai/gpt-4o-mimi")
    assert result.ephemeral
    assert result.response.content.startswith(
        "There's no model `openai/gpt-4o-mimi`. Did you mean `openai/gpt-4o-mini`"
    )


@pytest.mark.parametrize("typed", ["haiku", "Claude Haiku", "openrouter/anthropic/", "ANTHROPIC"])
async def test_a_word_that_one_model_matches_chooses_it(world: World, typed: str):
    """As the list's search finds it; the announcement has the whole id."""
    result = await world.admin.slash(world.channel, "model set", model=typed)
    assert "admin chose `anthropic/claude-haiku` for this channel" in result.response.content


async def test_a_word_that_several_models_match_names_the_best(world: World):
    """At most three, of those that can be chosen here; nothing is tried."""
    gemini = [ModelInfo(id=f"google/gemini-{n}", name=f"Gemini {n}", context_length=1000) for n in range(6)]
    offer(world, *world.bot.services.model.catalog.models(), *gemini)
    result = await world.admin.slash(world.channel, "model set", model="gemini")
    assert result.ephemeral
    assert result.response.content == (
        "Several models match `gemini`. Choose one by its id: `google/gemini-0`, `google/gemini-1`, "
        "`google/gemini-2`. `/model list` shows all 6."
    )
    await change(world, "allowed_models", "*/gemini-4, */gemini-5")
    result = await world.admin.slash(world.channel, "model set", model="gemini")
    assert result.response.content.endswith("by its id: `google/gemini-4`, `google/gemini-5`.")
    await change(world, "allowed_models", "*/gemini-5")
    result = await world.admin.slash(world.channel, "model set", model="gemini")
    assert "chose `google/gemini-5`" in result.response.content
    assert len(world.llm.requests) == 1


async def test_a_word_that_only_refused_models_match_says_so(world: World):
    """There is such a model, so nobody is told that there's none."""
    await change(world, "allowed_models", "openai/*")
    result = await world.admin.slash(world.channel, "model set", model="haiku")
    assert result.response.content == model_texts.none_allowed("haiku")
    blank = await world.admin.slash(world.channel, "model set", model="  ")
    assert blank.response.content.startswith("A model id is one word")


@pytest.mark.parametrize("scope", ["channel", "server"])
async def test_a_reset_where_no_model_was_chosen_says_so(world: World, scope: str):
    """To the admin alone; the channel is told only what changed."""
    result = await world.admin.slash(world.channel, "model reset", scope=scope)
    assert result.ephemeral
    assert result.response.content == (
        f"Nobody chose a model for this {scope}, so there's nothing to reset. "
        "`openai/gpt-4o-mini` answers here (the default)."
    )


async def test_the_channel_wins_over_the_server_and_reset_gives_way(world: World):
    """Resolution goes from the closest scope outwards."""
    await world.admin.slash(world.channel, "model set", model="small/model", scope="server")
    await world.admin.slash(world.channel, "model set", model="anthropic/claude-haiku")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.ephemeral
    assert shown.response.content.startswith("`anthropic/claude-haiku` answers here (chosen for this channel)")
    await world.admin.slash(world.channel, "model reset")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.response.content.startswith("`small/model` answers here (chosen for this server)")
    await world.admin.slash(world.channel, "model reset", scope="server")
    shown = await world.member.slash(world.channel, "model show")
    assert shown.response.content.startswith("`openai/gpt-4o-mini` answers here (the default)")


async def test_autocomplete_names_context_and_offers_the_current_model_first(world: World):
    """The choice's value is the whole id."""
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "")
    assert choices[0]["value"] == "openai/gpt-4o-mini"
    assert choices[0]["name"].startswith("openai/gpt-4o-mini · 128k context · $0.15 in")
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "haiku")
    assert [choice["value"] for choice in choices] == ["anthropic/claude-haiku"]


async def test_autocomplete_is_empty_where_memory_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A menu that can't be filled is no bug: no traceback."""

    async def unreadable(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(world.bot.services.settings.resolver, "effective", unreadable)
    assert await world.admin.autocomplete(world.channel, "model set", "model", "haiku") == []
    assert "Traceback" not in caplog.text


async def test_list_shows_context_and_price(world: World):
    """Prices are dollars per million tokens."""
    result = await world.member.slash(world.channel, "model list", search="gpt")
    assert result.ephemeral
    assert (
        result.response.content == "`openai/gpt-4o-mini` · 128k context · $0.15 in, $0.60 out per million tokens"
    )


async def change(world: World, setting: str, value: str) -> None:
    await world.admin.slash(world.channel, "settings set", setting=setting, value=value)


def offer(world: World, *models: ModelInfo) -> None:
    """The provider's list from now on."""
    world.bot.services.model.catalog._models = models


async def test_a_model_that_fails_its_trial_is_refused_and_the_old_one_kept(world: World):
    """The admin reads why, and nothing is set."""
    world.llm.say(ModelNotFoundError())
    result = await world.admin.slash(world.channel, "model set", model="anthropic/claude-haiku")
    assert result.response.content.startswith(
        "I tried `anthropic/claude-haiku`, but it didn't work. That model is"
    )
    assert "I keep using `openai/gpt-4o-mini` here" in result.response.content
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == "openai/gpt-4o-mini"


async def test_the_trial_is_tiny_and_booked(world: World):
    """Nobody finds money spent that no book knows of."""
    await change(world, "footer", "on")
    world.llm.say("OK", Usage(prompt_tokens=9, completion_tokens=1, cost_nano_usd=1234))
    await world.admin.slash(world.channel, "model set", model="anthropic/claude-haiku")
    assert world.llm.requests[0].max_tokens <= 16
    spent = await world.bot.services.money.budgets._ledger.spent(["all"], at=int(world.bot.services.clock.time()))
    assert set(spent.values()) == {1234}


async def test_show_names_price_context_and_who_set_it(world: World):
    """Everything an admin asks about a model, for the caller alone."""
    await world.admin.slash(world.channel, "model set", model="small/model")
    result = await world.member.slash(world.channel, "model show")
    assert "Small · 1k context · free" in result.response.content
    assert f"Set by <@{world.admin.id}>, <t:" in result.response.content


async def test_a_vanished_model_gives_way_to_the_default_with_one_notice(world: World):
    """The pin is kept, and answers again when the model is back."""
    mini, haiku = world.bot.services.model.catalog.models()[:2]
    await world.admin.slash(world.channel, "model set", model=haiku.id)
    offer(world, mini)
    notice = model_texts.unavailable(haiku.id, model_texts.ModelUnavailable.VANISHED)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == f"Hello.\n-# {notice}"
    assert world.llm.requests[-1].model == mini.id
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.channel.last_message.content == "Hello."
    shown = await world.admin.slash(world.channel, "model show")
    assert notice in shown.response.content
    offer(world, mini, haiku)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == haiku.id


async def test_a_list_that_has_not_come_bars_nothing(world: World):
    """Without a catalogue the pin is trusted."""
    haiku = "anthropic/claude-haiku"
    await world.admin.slash(world.channel, "model set", model=haiku)
    offer(world)
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == haiku
    result = await world.admin.slash(world.channel, "model set", model=haiku)
    assert result.response.content == model_texts.NO_CATALOG


async def test_the_allow_list_and_the_price_ceiling_hold_everywhere(world: World):
    """In what is offered, listed, set, and answered by: a price that rises past the ceiling is one too."""
    mini, haiku, small = world.bot.services.model.catalog.models()
    await change(world, "allowed_models", "openai/*, small/*")
    refused = await world.admin.slash(world.channel, "model set", model=haiku.id)
    assert refused.ephemeral
    assert refused.response.content == model_texts.refused(haiku.id, model_texts.ModelUnavailable.NOT_ALLOWED)
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "")
    assert [choice["value"] for choice in choices] == [mini.id, small.id]
    listed = await world.member.slash(world.channel, "model list")
    assert haiku.id not in listed.response.content
    await world.admin.slash(world.channel, "model set", model=small.id)
    await change(world, "price_ceiling", "0.60")
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == small.id
    offer(world, mini, haiku, replace(small, completion_price=601))
    await world.member.send(world.channel, f"{world.me} hello")
    assert "costs more than this server allows" in world.channel.last_message.content
    assert world.llm.requests[-1].model == mini.id


async def test_a_memory_longer_than_the_new_context_is_announced(world: World):
    """The channel learns that the model sees only a part."""
    world.llm.say("word " * 1000)
    await world.member.send(world.channel, f"{world.me} talk")
    result = await world.admin.slash(world.channel, "model set", model="small/model")
    assert "this model can read only 1,000 at once" in result.response.content


async def test_models_chosen_lately_are_offered_before_others(world: World):
    """After the current one."""
    many = [ModelInfo(id=f"m/{n}", name=f"M{n}", context_length=1000) for n in range(60)]
    offer(world, *world.bot.services.model.catalog.models(), *many)
    await world.admin.slash(world.channel, "model set", model="m/50")
    await world.admin.slash(world.channel, "model set", model="m/40")
    choices = await world.admin.autocomplete(world.channel, "model set", "model", "")
    assert [choice["value"] for choice in choices[:3]] == ["m/40", "m/50", "openai/gpt-4o-mini"]
    assert len(choices) == 25


async def test_a_long_list_has_pages_filters_and_an_order(world: World):
    """Free ones, ones that see, the cheapest first."""
    many = [
        ModelInfo(
            id=f"maker/model-number-{n}",
            name=f"Model {n}",
            context_length=1000 * n,
            prompt_price=n,
            completion_price=100 - n,
            input_modalities=frozenset({"text", "image"} if n % 2 else {"text"}),
        )
        for n in range(100)
    ]
    offer(world, *world.bot.services.model.catalog.models(), *many)
    first = await world.member.slash(world.channel, "model list", order="price")
    lines = first.response.content.splitlines()
    assert lines[0].startswith("`small/model`")
    assert lines[1].startswith("`maker/model-number-99`")
    assert "Page 1 of" in lines[-1]
    second = await world.member.click(first.response, label="Next")
    assert lines[1] not in second.response.content
    free = await world.member.slash(world.channel, "model list", free=True)
    assert free.response.content == model_texts.model_line(world.bot.services.model.catalog.get("small/model"))
    seeing = await world.member.slash(world.channel, "model list", vision=True, order="context")
    assert seeing.response.content.startswith("`maker/model-number-99` · 99k context")
    assert "reads image" in seeing.response.content


async def test_an_admin_picks_from_the_list(world: World):
    """The menu under a page offers what stands on it, and sets like the command does."""
    listed = await world.admin.slash(world.channel, "model list")
    await world.admin.select(listed.response, ["small/model"])
    assert "admin chose `small/model` for this channel" in world.channel.last_message.content
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == "small/model"


async def test_a_member_gets_no_menu_and_a_forged_pick_is_refused(world: World):
    """Who picks is checked when it happens, not when the list was made."""
    listed = await world.member.slash(world.channel, "model list")
    assert not listed.response.components
    shown = await world.admin.slash(world.channel, "model list")
    world.bot.services.access.people.is_admin = _nobody
    refused = await world.admin.select(shown.response, ["small/model"])
    assert refused.ephemeral
    await world.member.send(world.channel, f"{world.me} hello")
    assert world.llm.requests[-1].model == "openai/gpt-4o-mini"


async def _nobody(*_: object) -> bool:
    """Somebody took the role away meanwhile."""
    return False
