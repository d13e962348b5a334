"""What the model is told, and who decides it."""

from __future__ import annotations

import pytest

from bot.ui.errors import NoServerError
from bot.ui.texts import replies as texts
from bot.ui.texts import settings as prompt_texts
from tests.cogs.conftest import World


async def told(world: World) -> str:
    """Ask something; what the system prompt said then."""
    await world.member.send(world.channel, f"{world.me} hello")
    return world.llm.requests[-1].messages[0].content


async def test_an_admin_sets_the_prompt_of_a_channel_and_of_the_server(world: World):
    """The channel's goes before the server's, that before the owner's; taking one back leaves the next."""
    assert await told(world) == "Be kind."
    await world.admin.slash(world.channel, "prompt set", text="Be brief.", scope="server")
    assert await told(world) == "Be brief."
    result = await world.admin.slash(world.channel, "prompt set", text="Rhyme.")
    assert result.ephemeral
    assert result.response.content == prompt_texts.prompt_saved("channel")
    assert await told(world) == "Rhyme."
    await world.admin.slash(world.channel, "prompt reset")
    assert await told(world) == "Be brief."
    await world.admin.slash(world.channel, "prompt reset", scope="server")
    assert await told(world) == "Be kind."


async def test_a_long_prompt_is_written_in_a_form(world: World):
    """It begins with the prompt there is."""
    await world.admin.slash(world.channel, "prompt set", text="Be brief.")
    form = await world.admin.slash(world.channel, "prompt set")
    await world.admin.submit_modal(form, {"prompt": "Be brief.\nAnd rhyme."})
    assert await told(world) == "Be brief.\nAnd rhyme."


async def test_a_prompt_of_white_space_is_none(world: World):
    """Nothing is set, and the sentence says how to reset the prompt."""
    form = await world.admin.slash(world.channel, "prompt set")
    refused = await world.admin.submit_modal(form, {"prompt": " \n "})
    assert refused.response.content == prompt_texts.NO_PROMPT
    assert await told(world) == "Be kind."


async def test_placeholders_say_where_the_model_is(world: World):
    """Channel, server and bot by the names they have."""
    await world.admin.slash(world.channel, "prompt set", text="You are {bot} in {channel} of {server}.")
    assert await told(world) == f"You are {world.bot.user.display_name} in #general of {world.guild.name}."


async def test_in_direct_messages_the_prompt_is_ones_own(world: World):
    """There is no server to set one for, and none to name."""
    user = world.env.create_user("friend")
    await user.send_dm("hello")
    refused = await user.slash("prompt set", text="Be brief.", scope="server")
    assert refused.response.content == NoServerError.text
    world.env.errors.clear()
    await user.slash("prompt set", text="In {channel}, on {server}.")
    await user.send_dm("hello")
    assert world.llm.requests[-1].messages[0].content == "In a direct message, on none."


async def test_everybody_may_see_the_prompt_and_only_admins_change_it(world: World):
    """Who set it and when stands above it."""
    shown = await world.member.slash(world.channel, "prompt show")
    assert shown.response.content == prompt_texts.OWNERS_PROMPT
    for command, options in (("prompt set", {"text": "Be rude."}), ("prompt reset", {})):
        refused = await world.member.slash(world.channel, command, **options)
        assert refused.ephemeral
        assert refused.response.content == texts.NOT_ADMIN
    world.refusals(2)
    await world.admin.slash(world.channel, "prompt set", text="Be *very* kind.")
    shown = await world.member.slash(world.channel, "prompt show")
    assert shown.ephemeral
    assert f"set for this channel by <@{world.admin.id}>" in shown.response.content
    assert r"Be \*very\* kind." in shown.response.content
    assert await told(world) == "Be *very* kind."


async def test_admins_see_the_owners_prompt(world: World):
    """Members don't: the owner wrote it for the model."""
    shown = await world.admin.slash(world.channel, "prompt show")
    assert shown.ephemeral
    assert shown.response.content == f"{prompt_texts.DEFAULT_PROMPT_HEAD}\nBe kind."
    friend = world.env.create_user("friend")
    assert (await friend.slash("prompt show")).response.content == prompt_texts.OWNERS_PROMPT


async def test_unknown_placeholders_are_named_and_stay_as_they_are(world: World):
    """A slip of the pen is seen at once; code in braces is none."""
    text = 'In {chanel} of {server}, as {User}, {chanel}. {"a": 1} {0} {}'
    result = await world.admin.slash(world.channel, "prompt set", text=text)
    assert (
        "Not placeholders, so the model reads them as they are: `{chanel}`, `{User}`." in result.response.content
    )
    assert await told(world) == text.replace("{server}", world.guild.name)
    result = await world.admin.slash(world.channel, "prompt set", text="{date} {time}")
    assert result.response.content == prompt_texts.prompt_saved("channel")


@pytest.mark.parametrize("scope", ["channel", "server"])
async def test_a_reset_where_no_prompt_was_set_says_so(world: World, scope: str):
    """Also the second time."""
    await world.admin.slash(world.channel, "prompt set", text="Rhyme.", scope=scope)
    replies = [await world.admin.slash(world.channel, "prompt reset", scope=scope) for _ in range(2)]
    assert [reply.response.content for reply in replies] == [
        prompt_texts.prompt_reset(scope),
        prompt_texts.prompt_not_set(scope),
    ]
